#include "bench/peers/cuda/cudnn_attention.h"

#include "tests/bench/peers.h"

namespace heddle::bench {
namespace {

constexpr std::int64_t batch = 3, heads = 2, steps = 64, width = 64;

CudnnAttentionInputs sample_inputs(bool causal, bool padded, Device device) {
  CudnnAttentionInputs inputs;
  const Shape shape{batch, heads, steps, width};
  inputs.q = normal(shape, 1).to(device);
  inputs.k = normal(shape, 2).to(device);
  inputs.v = normal(shape, 3).to(device);
  inputs.dout = normal(shape, 4).to(device);
  inputs.scale = 0.125;
  inputs.causal = causal;
  if (padded) {
    inputs.key_lengths = {steps, 1, 17};
  }
  return inputs;
}

std::map<std::string, Tensor> our_results(const CudnnAttentionInputs& in) {
  std::map<std::string, Tensor> out = {
      {"out", Tensor::empty_like(in.q)},
      {"logsumexp", Tensor::empty({batch, heads, steps}, DType::f32, gpu)},
      {"dq", Tensor::empty_like(in.q)},
      {"dk", Tensor::empty_like(in.k)},
      {"dv", Tensor::empty_like(in.v)}};
  const Tensor lengths =
      in.key_lengths.empty() ? Tensor() : Tensor::from<std::int64_t>(in.key_lengths, {batch}, gpu);
  const ConstView lengths_view = lengths.defined() ? lengths.view() : ConstView{};
  const AttentionOptions options{in.scale, in.causal};
  const auto at = [&](const char* name) { return out.at(name).output_view(); };
  const AttentionKernels& ours = kernels_for(gpu).attention;
  ours.forward(current_stream(gpu), options, in.q.view(), in.k.view(), in.v.view(), lengths_view,
               {}, at("out"), at("logsumexp"));
  ours.backward(current_stream(gpu), options, in.q.view(), in.k.view(), in.v.view(), lengths_view,
                {}, at("out"), at("logsumexp"), in.dout.view(), at("dq"), at("dk"), at("dv"));
  return out;
}

TEST(CudnnAttentionPeer, ComputesOurAttention) {
  HEDDLE_NEEDS_GPU();
  for (const bool causal : {false, true}) {
    for (const bool padded : {false, true}) {
      const CudnnAttentionInputs inputs = sample_inputs(causal, padded, gpu);
      const std::map<std::string, Tensor> ours = our_results(inputs);
      for (const PeerMath math : {PeerMath::bf16, PeerMath::f16}) {
        SCOPED_TRACE(concat(name_of(math), causal ? " causal" : "", padded ? " padded" : ""));
        CudnnAttention peer(inputs, math, gpu_stream());
        expect_same(peer, true, math, ours);
      }
    }
  }
}

TEST(CudnnAttentionPeer, RefusesF32) {
  HEDDLE_NEEDS_GPU();
  EXPECT_THROW(CudnnAttention(sample_inputs(false, false, gpu), PeerMath::f32, gpu_stream()),
               Unavailable);
}

TEST(CudnnAttentionPeer, SaysWhyItCannotRun) {
  expect_says_why([] {
    return std::make_unique<CudnnAttention>(sample_inputs(false, false, Device{}), PeerMath::bf16,
                                            nullptr);
  });
}

}  // namespace
}  // namespace heddle::bench
