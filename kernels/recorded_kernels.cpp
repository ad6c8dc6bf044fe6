#include "kernels/recorded_kernels.h"

#include <span>
#include <tuple>
#include <type_traits>
#include <vector>

#include "core/recording.h"

namespace heddle {
namespace {

/// A parameter as it is kept until a replay: by value.
template <typename Parameter>
struct KeptAs {
  using type = std::remove_cvref_t<Parameter>;
};
template <typename Element>
struct KeptAs<std::span<const Element>> {
  using type = std::vector<Element>;
};

template <typename Kept, typename Parameter>
Kept kept(const Parameter& parameter) {
  if constexpr (std::is_same_v<Kept, std::remove_cvref_t<Parameter>>) {
    return parameter;
  } else {
    return Kept(parameter.begin(), parameter.end());
  }
}

template <auto family, auto kernel, typename... Parameters>
void call_or_record(Stream& stream, Parameters... parameters) {
  const auto function = kernels_for(Device{}).*family.*kernel;
  Recording* const recording = active_recording();
  if (recording == nullptr) {
    function(stream, parameters...);
    return;
  }
  using Call = std::tuple<typename KeptAs<Parameters>::type...>;
  recording->emplace_back(
      [function, on = stream,
       call = Call(kept<typename KeptAs<Parameters>::type>(parameters)...)]() mutable {
        std::apply([&](const auto&... given) { function(on, given...); }, call);
      });
}

template <auto family, auto kernel, typename Table, typename... Parameters>
auto recorded(void (*Table::* /*kernel*/)(Stream&, Parameters...)) {
  return &call_or_record<family, kernel, Parameters...>;
}

template <auto family, auto kernel>
void put(Kernels& table) {
  table.*family.*kernel = recorded<family, kernel>(kernel);
}

}  // namespace

void put_recorded_cpu_kernels(Kernels& table) {
  put<&Kernels::reduce, &ReduceKernels::reduce>(table);
  put<&Kernels::reduce, &ReduceKernels::arg_extreme>(table);
  put<&Kernels::linear_tanh, &LinearTanhKernels::forward>(table);
  put<&Kernels::linear_tanh, &LinearTanhKernels::backward>(table);
  put<&Kernels::attention_pool, &AttentionPoolKernels::forward>(table);
  put<&Kernels::attention_pool, &AttentionPoolKernels::backward>(table);
  put<&Kernels::attention, &AttentionKernels::forward>(table);
  put<&Kernels::attention, &AttentionKernels::backward>(table);
  put<&Kernels::lstm, &LstmKernels::forward>(table);
  put<&Kernels::lstm, &LstmKernels::backward>(table);
  put<&Kernels::conv, &ConvKernels::forward>(table);
  put<&Kernels::conv, &ConvKernels::backward>(table);
  put<&Kernels::layer_norm, &LayerNormKernels::forward>(table);
  put<&Kernels::layer_norm, &LayerNormKernels::backward>(table);
  put<&Kernels::dropout, &DropoutKernels::apply>(table);
  put<&Kernels::cross_entropy, &CrossEntropyKernels::forward>(table);
  put<&Kernels::cross_entropy, &CrossEntropyKernels::backward>(table);
  put<&Kernels::optimizer, &OptimizerKernels::adam>(table);
  put<&Kernels::optimizer, &OptimizerKernels::sgd>(table);
  put<&Kernels::optimizer, &OptimizerKernels::squared_norm>(table);
  put<&Kernels::optimizer, &OptimizerKernels::clip>(table);
}

}  // namespace heddle
