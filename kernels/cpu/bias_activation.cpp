#include <algorithm>

#include "core/parallel.h"
#include "kernels/cpu/bias_chains.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/cpu/wide_loop.h"

namespace heddle::cpu {
namespace {

template <typename Chain, typename T>
void forward_planes(const BiasSizes& sizes, const T* x, const T* bias, T* y) {
  const std::int64_t planes = sizes.outer * sizes.channels;
  parallel_ranges(planes, std::max<std::int64_t>(1, bias_tile / sizes.inner),
                  [&](std::int64_t begin, std::int64_t end) {
                    run_widest([&] {
                      for (std::int64_t plane = begin; plane < end; ++plane) {
                        const T offset = bias[plane % sizes.channels];
                        const std::int64_t last = (plane + 1) * sizes.inner;
                        HEDDLE_INDEPENDENT
                        for (std::int64_t i = plane * sizes.inner; i < last; ++i) {
                          y[i] = Chain::value(x[i] + offset);
                        }
                      }
                    });
                  });
}

template <typename Chain, typename T>
void forward_lines(const BiasSizes& sizes, const T* x, const T* bias, T* y) {
  const std::int64_t width = sizes.repeats() * sizes.sample();
  const Scratch<T> line(width);
  repeat_biases(sizes, bias, width, line.data());
  const T* const offset = line.data();
  const std::int64_t lines_of_tile = std::max<std::int64_t>(1, bias_tile / width);
  parallel_ranges(sizes.elements(), lines_of_tile * width,
                  [&](std::int64_t begin, std::int64_t end) {
                    run_widest([&] {
                      for (std::int64_t first = begin; first < end; first += width) {
                        const std::int64_t count = std::min(width, end - first);
                        HEDDLE_INDEPENDENT
                        for (std::int64_t j = 0; j < count; ++j) {
                          y[first + j] = Chain::value(x[first + j] + offset[j]);
                        }
                      }
                    });
                  });
}

void forward(Stream&, Activation activation, const ConstView& x, const ConstView& bias,
             const View& y) {
  constexpr const char* kernel = "bias_activation";
  const BiasSizes sizes = bias_sizes(kernel, {"x", x});
  check_dense(kernel, {"bias", bias}, {sizes.channels}, x.dtype);
  check_dense(kernel, {"y", y}, x.shape, x.dtype);
  if (sizes.elements() == 0) {
    return;
  }
  dispatch_floating(x.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    dispatch_chain(activation, [&]<typename Chain>(Chain) {
      const auto run = sizes.has_planes() ? forward_planes<Chain, T> : forward_lines<Chain, T>;
      run(sizes, x.pointer<T>(), bias.pointer<T>(), y.pointer<T>());
    });
  });
}

}  // namespace

BiasActivationKernels bias_activation_kernels() {
  return {.forward = forward, .backward = bias_activation_backward};
}

}  // namespace heddle::cpu
