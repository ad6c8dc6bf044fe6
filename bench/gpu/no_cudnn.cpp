#include "bench/gpu/opponents.h"

namespace heddle::bench {
namespace {

std::vector<Contender> none(const Setting& setting) {
  if (setting.device.backend != Backend::cuda) {
    return {};
  }
  Contender cudnn;
  cudnn.name = "cuDNN";
  cudnn.math = name_of(setting.math);
  cudnn.absent =
      "this build found no cuDNN 9; name its folder to cmake with -DHEDDLE_CUDNN_ROOT=DIR";
  return {cudnn};
}

}  // namespace

std::vector<Contender> cudnn_lstms(const std::shared_ptr<Operation>& /*ours*/,
                                   const Tensor& /*lengths*/, const Setting& setting) {
  return none(setting);
}

std::vector<Contender> cudnn_softmaxes(const std::shared_ptr<Operation>& /*ours*/,
                                       const Setting& setting) {
  return none(setting);
}

std::vector<Contender> cudnn_attentions(const std::shared_ptr<Operation>& /*ours*/, bool /*causal*/,
                                        const Setting& setting) {
  return none(setting);
}

std::vector<Contender> cudnn_linear_tanhs(const std::shared_ptr<Operation>& /*ours*/,
                                          const Setting& setting) {
  return none(setting);
}

}  // namespace heddle::bench
