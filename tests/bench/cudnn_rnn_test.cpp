#include "bench/peers/cuda/cudnn_rnn.h"

#include "tests/bench/peers.h"

namespace heddle::bench {
namespace {

constexpr std::int64_t time = 7, batch = 8, input = 32, hidden = 64;

CudnnRnnInputs sample_inputs(std::int64_t directions, bool has_lengths) {
  CudnnRnnInputs inputs;
  inputs.x = normal({time, batch, input}, 1).to(gpu);
  inputs.weight_input = normal({directions, 4 * hidden, input}, 2, 0.1).to(gpu);
  inputs.weight_hidden = normal({directions, 4 * hidden, hidden}, 3, 0.1).to(gpu);
  inputs.bias = normal({directions, 4 * hidden}, 4, 0.1).to(gpu);
  inputs.dy = normal({time, batch, directions * hidden}, 5).to(gpu);
  if (has_lengths) {
    inputs.lengths = {7, 1, 3, 7, 5, 2, 6, 4};
  }
  return inputs;
}

std::map<std::string, Tensor> our_results(const CudnnRnnInputs& in) {
  const std::int64_t directions = in.weight_input.size(0);
  const auto empty = [](const Shape& shape) { return Tensor::empty(shape, DType::f32, gpu); };
  std::map<std::string, Tensor> out = {
      {"y", empty({time, batch, directions * hidden})},
      {"h_n", empty({directions, batch, hidden})},
      {"c_n", empty({directions, batch, hidden})},
      {"dx", empty(in.x.shape())},
      {"dweight_input", empty(in.weight_input.shape())},
      {"dweight_hidden", empty(in.weight_hidden.shape())},
      {"dbias", empty(in.bias.shape())},
  };
  const Tensor gates = empty({directions, time, batch, 4 * hidden});
  const Tensor cells = empty({directions, time, batch, hidden});
  const Tensor lengths =
      in.lengths.empty() ? Tensor() : Tensor::from<std::int64_t>(in.lengths, {batch}, gpu);
  const LstmInputs inputs{in.x.view(),
                          in.weight_input.view(),
                          in.weight_hidden.view(),
                          in.bias.view(),
                          lengths.defined() ? lengths.view() : ConstView{},
                          {},
                          {}};
  const auto at = [&](const char* name) { return out.at(name).output_view(); };
  const LstmKernels& ours = kernels_for(gpu).lstm;
  ours.forward(current_stream(gpu), inputs,
               {at("y"), at("h_n"), at("c_n"), gates.output_view(), cells.output_view()});
  ours.backward(current_stream(gpu), inputs, {at("y"), gates.view(), cells.view()},
                {in.dy.view(), {}, {}},
                {at("dx"), at("dweight_input"), at("dweight_hidden"), at("dbias"), {}, {}});
  return out;
}

constexpr cudnnRNNAlgo_t algorithms[] = {CUDNN_RNN_ALGO_STANDARD, CUDNN_RNN_ALGO_PERSIST_STATIC,
                                         CUDNN_RNN_ALGO_PERSIST_DYNAMIC,
                                         CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H};

void compare(std::int64_t directions, bool has_lengths, bool packed) {
  const CudnnRnnInputs inputs = sample_inputs(directions, has_lengths);
  const std::map<std::string, Tensor> ours = our_results(inputs);
  for (const PeerMath math : all_maths) {
    for (const cudnnRNNAlgo_t algorithm : algorithms) {
      const std::string what = concat(name_of(algorithm), ' ', name_of(math));
      SCOPED_TRACE(what);
      // An algorithm may also refuse at its first call.
      const auto peer = made_or_refused(what, [&] {
        auto made = std::make_unique<CudnnRnn>(
            inputs, CudnnRnnOptions{algorithm, math, packed, true}, gpu_stream());
        made->forward();
        made->backward();
        return made;
      });
      ASSERT_TRUE(peer != nullptr || algorithm != CUDNN_RNN_ALGO_STANDARD);
      if (peer != nullptr) {
        expect_same(*peer, true, math, ours);
      }
    }
  }
}

TEST(CudnnRnnPeer, ComputesOurLstm) {
  HEDDLE_NEEDS_GPU();
  compare(1, false, false);
}
TEST(CudnnRnnPeer, ComputesOurLstmInBothDirections) {
  HEDDLE_NEEDS_GPU();
  compare(2, false, false);
}
TEST(CudnnRnnPeer, ComputesOurLstmOfPaddedRows) {
  HEDDLE_NEEDS_GPU();
  compare(2, true, false);
}
TEST(CudnnRnnPeer, ComputesOurLstmOfPackedRows) {
  HEDDLE_NEEDS_GPU();
  compare(2, true, true);
}

TEST(CudnnRnnPeer, ForwardAloneComputesTheSame) {
  HEDDLE_NEEDS_GPU();
  const CudnnRnnInputs inputs = sample_inputs(2, false);
  std::map<std::string, Tensor> ours = our_results(inputs);
  CudnnRnn peer(inputs, {CUDNN_RNN_ALGO_STANDARD, PeerMath::f32, false, false}, gpu_stream());
  EXPECT_THROW(peer.backward(), Error);
  expect_same(peer, false, PeerMath::f32, {{"y", ours["y"]}, {"c_n", ours["c_n"]}});
}

TEST(CudnnRnnPeer, SaysWhyItCannotRun) {
  CudnnRnnInputs inputs;
  inputs.x = normal({2, 3, 4}, 1);
  inputs.weight_input = normal({1, 8, 4}, 2);
  inputs.weight_hidden = normal({1, 8, 2}, 3);
  inputs.bias = normal({1, 8}, 4);
  expect_says_why([&] { return std::make_unique<CudnnRnn>(inputs, CudnnRnnOptions{}, nullptr); });
}

}  // namespace
}  // namespace heddle::bench
