#include <cmath>

#include "bench/gpu/opponents.h"
#include "bench/gpu/peer_contender.h"
#include "bench/peers/cuda/cudnn_attention.h"
#include "bench/peers/cuda/cudnn_linear_tanh.h"
#include "bench/peers/cuda/cudnn_rnn.h"
#include "bench/peers/cuda/cudnn_softmax.h"
#include "core/error.h"

namespace heddle::bench {
namespace {

bool is_on_card(const Setting& setting) { return setting.device.backend == Backend::cuda; }

}  // namespace

std::vector<Contender> cudnn_lstms(const std::shared_ptr<Operation>& ours, const Tensor& lengths,
                                   const Setting& setting) {
  if (!is_on_card(setting)) {
    return {};
  }
  const std::vector<Expected> expected =
      expected_of(*ours, {"y", "dx", "dweight_input", "dweight_hidden", "dbias"});
  const std::vector<Tensor>& in = ours->inputs();
  CudnnRnnInputs inputs{in[0], in[1], in[2], in[3], dy_for_peers(*ours), {}};
  if (lengths.defined()) {
    inputs.lengths = lengths.to_vector<std::int64_t>();
  }
  std::vector<Contender> all;
  for (const PeerMath math : peer_maths(setting.math)) {
    for (const auto algorithm :
         {CUDNN_RNN_ALGO_STANDARD, CUDNN_RNN_ALGO_PERSIST_STATIC, CUDNN_RNN_ALGO_PERSIST_DYNAMIC,
          CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H}) {
      for (const bool packed : {false, true}) {
        if (packed && !lengths.defined()) {
          continue;
        }
        all.push_back(peer_contender(
            heddle::concat("cuDNN ", name_of(algorithm), ", ", packed ? "packed, " : "",
                           name_of(math)),
            math, ours->backward(), expected, [&] {
              const CudnnRnnOptions options{algorithm, math, packed, ours->backward()};
              return std::make_unique<CudnnRnn>(inputs, options, stream_of(setting.device));
            }));
      }
    }
  }
  return all;
}

std::vector<Contender> cudnn_softmaxes(const std::shared_ptr<Operation>& ours,
                                       const Setting& setting) {
  if (!is_on_card(setting)) {
    return {};
  }
  // Without products there is one class for each type of data.
  const PeerMath math = setting.math == Math::bf16 ? PeerMath::bf16 : PeerMath::f32;
  std::vector<Contender> all;
  for (const auto mode : {CUDNN_SOFTMAX_MODE_INSTANCE, CUDNN_SOFTMAX_MODE_CHANNEL}) {
    all.push_back(peer_contender(
        heddle::concat("cuDNN ", mode == CUDNN_SOFTMAX_MODE_INSTANCE ? "instance" : "channel", ", ",
                       name_of(math)),
        math, ours->backward(), expected_of(*ours, {"y", "dx"}), [&] {
          return std::make_unique<CudnnSoftmax>(ours->inputs()[0], dy_for_peers(*ours), false, mode,
                                                math, stream_of(setting.device));
        }));
  }
  return all;
}

std::vector<Contender> cudnn_attentions(const std::shared_ptr<Operation>& ours, bool causal,
                                        const Setting& setting) {
  if (!is_on_card(setting)) {
    return {};
  }
  const std::vector<Tensor>& in = ours->inputs();
  CudnnAttentionInputs inputs;
  inputs.q = in[0];
  inputs.k = in[1];
  inputs.v = in[2];
  inputs.dout = dy_for_peers(*ours);
  inputs.scale = 1.0 / std::sqrt(static_cast<double>(in[0].size(3)));
  inputs.causal = causal;
  const PeerMath math = peer_maths(setting.math).front();
  return {peer_contender(
      heddle::concat("cuDNN, ", name_of(math)), math, ours->backward(),
      expected_of(*ours, {"out", "dq", "dk", "dv"}),
      [&] { return std::make_unique<CudnnAttention>(inputs, math, stream_of(setting.device)); })};
}

std::vector<Contender> cudnn_linear_tanhs(const std::shared_ptr<Operation>& ours,
                                          const Setting& setting) {
  if (!is_on_card(setting)) {
    return {};
  }
  const std::vector<Tensor>& in = ours->inputs();
  std::vector<Contender> all;
  for (const PeerMath math : peer_maths(setting.math)) {
    all.push_back(peer_contender(
        heddle::concat("cuDNN, fused, ", name_of(math)), math, ours->backward(),
        expected_of(*ours, {"y", "dx", "dweight", "dbias"}), [&] {
          return std::make_unique<CudnnLinearTanh>(in[0], in[1], in[2], dy_for_peers(*ours), math,
                                                   stream_of(setting.device));
        }));
  }
  return all;
}

}  // namespace heddle::bench
