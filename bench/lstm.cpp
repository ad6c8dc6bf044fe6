// One bidirectional LSTM layer over a sequence.

#include "autograd/ops.h"
#include "bench/gpu/opponents.h"
#include "bench/operation.h"
#include "bench/torch.h"

#if defined(HEDDLE_BENCH_ONEDNN)
#include "bench/peers/onednn_lstm.h"
#endif

namespace heddle::bench {
namespace {

struct Layer {
  std::int64_t time, batch, input, hidden;
  bool ragged;  // lengths uniform in 5 … time
};

Tensor ragged_lengths(const Layer& of) {
  Tensor lengths = drawn_ids({of.batch}, of.time - 4, 9);
  auto* const values = lengths.mutable_data<std::int64_t>();
  for (std::int64_t i = 0; i < of.batch; ++i) {
    values[i] += 5;
  }
  return lengths;
}

std::vector<Tensor> inputs_of(const Layer& of) {
  return {drawn({of.time, of.batch, of.input}, 1), drawn({2, 4 * of.hidden, of.input}, 2, 0.1),
          drawn({2, 4 * of.hidden, of.hidden}, 3, 0.1), drawn({2, 4 * of.hidden}, 4, 0.1)};
}

#if defined(HEDDLE_BENCH_ONEDNN)
Contender onednn_contender(const std::shared_ptr<Operation>& ours, bool backward, int threads) {
  const std::vector<Tensor>& in = ours->inputs();
  const auto layer =
      std::make_shared<OneDnnLstm>(in[0], in[1], in[2], in[3], ours->dy(), backward, threads);
  return {.name = OneDnnLstm::name(),
          .math = "f32",
          .run =
              [layer, backward] {
                layer->forward();
                if (backward) {
                  layer->backward();
                }
              },
          .remote = {},
          .error =
              [layer, ours, backward] {
                double worst = 0;
                const std::vector<Tensor> found = layer->results(backward);
                for (std::size_t i = 0; i < found.size(); ++i) {
                  worst = std::max(worst, relative_error(found[i], ours->reference()[i]));
                }
                return worst;
              },
          .poison = [layer] { layer->poison(); },
          .absent = {}};
}
#endif

Case lstm_case(const Layer& of, bool backward) {
  const auto steps = static_cast<double>(of.time * of.batch);
  const auto input = static_cast<double>(of.input);
  const auto hidden = static_cast<double>(of.hidden);
  const double weights = 8 * hidden * (input + hidden);
  nlohmann::json sizes = {
      {"time", of.time}, {"batch", of.batch}, {"input", of.input}, {"hidden", of.hidden}};
  if (of.ragged) {
    sizes["layout"] = "packed";
    sizes["lengths"] = ragged_lengths(of).to_vector<std::int64_t>();
  }
  Case what;
  what.name = heddle::concat("time ", of.time, ", batch ", of.batch, ", input ", of.input,
                             ", hidden ", of.hidden, of.ragged ? ", lengths 5 to time" : "");
  what.direction = backward ? "forward+backward" : "forward";
  // x, weights → y, and saved gates and cells; backward all of them → dx and the weights'
  // gradients.
  const double share =
      of.ragged ? (static_cast<double>(of.time) + 5) / 2 / static_cast<double>(of.time) : 1;
  what.bytes = 4 * (share * steps * (input + 2 * hidden) + weights);
  if (backward) {
    what.bytes += 4 * (share * steps * (2 * input + 24 * hidden) + 2 * weights);
  }
  what.operations = share * 16 * steps * hidden * (input + hidden) * (backward ? 3 : 1);
  what.contenders = [=, direction = what.direction](const Setting& setting) {
    const Tensor lengths = of.ragged ? ragged_lengths(of).to(setting.device) : Tensor();
    const auto function = [lengths](const Variables& in) {
      const Tensor here = lengths.defined() ? lengths.to(in[0].device()) : Tensor();
      return lstm(in[0], in[1], in[2], in[3], here).y;
    };
    const auto ours = std::make_shared<Operation>(function, inputs_of(of), backward, setting);
    std::vector<Contender> all{contender_of(ours, setting)};
    if (of.ragged) {
      // What the same call takes when every row has all steps.
      const auto padded = std::make_shared<Operation>(
          [](const Variables& in) { return lstm(in[0], in[1], in[2], in[3]).y; }, inputs_of(of),
          backward, setting);
      all.push_back(contender_of(padded, setting));
      all.back().name = "heddle, all rows full";
    }
#if defined(HEDDLE_BENCH_ONEDNN)
    if (setting.device.backend == Backend::cpu && !of.ragged) {
      all.push_back(onednn_contender(ours, backward, setting.threads));
    }
#endif
    for (Contender& cudnn : cudnn_lstms(ours, of.ragged ? ragged_lengths(of) : Tensor(), setting)) {
      all.push_back(std::move(cudnn));
    }
    for (Contender& torch : torch_contenders({std::string(family), sizes, direction}, setting)) {
      all.push_back(std::move(torch));
    }
    return all;
  };
  return what;
}

/// The example's layer first, then 50 steps of 300 numbers at every batch and width.
std::vector<Case> cases_on_card() {
  std::vector<Layer> layers = {
      {50, 64, 300, 128, false}, {50, 64, 300, 128, true}, {50, 64, 300, 256, false}};
  for (const std::int64_t hidden : {128, 256, 64, 512}) {
    for (const std::int64_t batch : {64, 32, 128}) {
      if (batch != 64 || (hidden != 128 && hidden != 256)) {
        layers.push_back({50, batch, 300, hidden, false});
      }
    }
  }
  layers.push_back({50, 64, 300, 256, true});
  std::vector<Case> all;
  for (const Layer& layer : layers) {
    all.push_back(lstm_case(layer, true));
    all.push_back(lstm_case(layer, false));
  }
  return all;
}

}  // namespace

const std::string_view family = "lstm";

std::vector<Case> cases(Device device) {
  if (device.backend == Backend::cuda) {
    return cases_on_card();
  }
  std::vector<Case> all;
  for (const bool backward : {false, true}) {
    for (const std::int64_t hidden : {128, 256}) {
      for (const std::int64_t batch : {32, 64}) {
        all.push_back(lstm_case({50, batch, 300, hidden, false}, backward));
      }
    }
    all.push_back(lstm_case({50, 64, 300, 128, true}, backward));
  }
  all.push_back(lstm_case({50, 1, 300, 128, false}, false));
  all.push_back(lstm_case({50, 1, 100, 64, false}, false));
  return all;
}

}  // namespace heddle::bench
