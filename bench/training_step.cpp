// The example training step (bench/example_model.h): forward, cross-entropy, backward, dense Adam;
// batch 64, 50 words.

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <optional>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "bench/example_model.h"
#include "bench/operation.h"
#include "bench/torch.h"
#include "core/error.h"
#include "core/graph.h"
#include "core/stream.h"
#include "data/safetensors.h"
#include "train/optimizer.h"
#include "train/weights.h"

namespace heddle::bench {
namespace {

struct Variant {
  const char* name;
  bool ragged = false;           // lengths uniform in 5 … 50
  bool lazy_embeddings = false;  // Adam moves only the rows that a batch touches: another algorithm
  ExampleReading reading = ExampleReading::modalities;
};

class Training {
 public:
  Training(const Variant& variant, const Setting& setting)
      : model_(Generator(1), variant.reading),
        parameters_(parameters_of(model_)),
        batch_(example_batch(variant.ragged)),
        setting_(setting) {
    const Device device = setting.device;
    for (NamedParameter& parameter : parameters_) {
      parameter.variable.set_value(parameter.variable.value().to(device));
    }
    batch_.ids = batch_.ids.to(device);
    batch_.image = batch_.image.to(device);
    batch_.targets = batch_.targets.to(device);
    batch_.lengths = batch_.lengths.defined() ? batch_.lengths.to(device) : Tensor();
    optimizer_.emplace(OptimizerConfig{.kind = OptimizerKind::adam,
                                       .learning_rate = 1e-3,
                                       .lazy_embeddings = variant.lazy_embeddings},
                       parameters_);
  }

  void step() {
    const MathScope math(setting_.device, setting_.math);
    Tape tape;
    const Variable loss =
        cross_entropy(model_(batch_.ids, batch_.image, batch_.lengths), batch_.targets);
    tape.backward(loss);
    optimizer_->step(loss.value());
    optimizer_->clear_gradients();
    loss_ = loss.value();
  }
  /// Notes the step in a graph (train/step_graph.h does it so where shapes stay the same). Errors:
  /// it cannot be captured.
  void capture() {
    step();  // what is kept from call to call gets made
    step();
    stream_ = &current_stream(setting_.device);
    graph_.begin_capture(*stream_);
    step();
    graph_.end_capture();
  }
  void replay() { graph_.replay(*stream_); }
  double loss() const { return loss_.to(Device{}).item<float>(); }

  /// Weights and batch as a file that torch_peer.py starts from.
  void write(const std::filesystem::path& path) const {
    std::vector<NamedTensor> tensors = copy_of_weights(parameters_);
    tensors.push_back({"data.tokens", batch_.ids.to(Device{}).transpose(0, 1).contiguous()});
    tensors.push_back({"data.image", batch_.image.to(Device{})});
    tensors.push_back({"data.targets", batch_.targets.to(Device{})});
    if (batch_.lengths.defined()) {
      tensors.push_back({"data.lengths", batch_.lengths.to(Device{})});
    }
    write_safetensors(path, tensors, {});
  }

 private:
  ExampleModel model_;
  std::vector<NamedParameter> parameters_;
  ExampleBatch batch_;
  std::optional<Optimizer> optimizer_;
  Setting setting_;
  Graph graph_;
  Stream* stream_ = nullptr;
  Tensor loss_;
};

Contender contender_of(const std::string& name, const Setting& setting, std::function<void()> run) {
  Contender one;
  one.name = name;
  one.math = name_of(setting.math);
  one.run = std::move(run);
  one.in_graph = false;
  return one;
}

/// Ours. On a GPU each step as one graph, which is how `heddle train` runs it, and sent kernel by
/// kernel; what cannot be captured is the second of the two, and says why.
std::vector<Contender> our_contenders(const Variant& variant, const Setting& setting) {
  const auto plain = std::make_shared<Training>(variant, setting);
  if (setting.device.backend == Backend::cpu) {
    return {contender_of("heddle", setting, [plain] { plain->step(); })};
  }
  std::vector<Contender> all{
      contender_of("heddle, kernel by kernel", setting, [plain] { plain->step(); })};
  try {
    const auto captured = std::make_shared<Training>(variant, setting);
    captured->capture();
    all.insert(all.begin(), contender_of("heddle, step in a graph", setting,
                                         [captured] { captured->replay(); }));
  } catch (const Error& error) {
    all.push_back(contender_of("heddle, step in a graph", setting, {}));
    all.back().absent = error.what();
  }
  return all;
}

/// A file that is gone with this object.
struct TemporaryFile {
  std::filesystem::path path;
  explicit TemporaryFile(const std::string& name)
      : path(std::filesystem::temp_directory_path() /
             heddle::concat("heddle-bench-", getpid(), "-", name)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

/// Greatest difference of the two loss curves from the same weights, over the first loss; −1 where
/// there is no PyTorch.
double curve_difference(const Variant& variant, const nlohmann::json& request,
                        const Setting& setting) {
  constexpr int steps = 20;
  Training training(variant, setting);
  const TemporaryFile file("start.safetensors");
  training.write(file.path);
  nlohmann::json asked = request;
  asked["inputs"] = file.path.string();
  asked["losses"] = steps;
  const std::vector<double> theirs = ask_torch(asked, setting).at("losses");
  double worst = 0;
  for (int i = 0; i < steps; ++i) {
    training.step();
    worst = std::max(worst, std::abs(training.loss() - theirs[static_cast<std::size_t>(i)]));
  }
  return worst / theirs.front();
}

Case step_case(const Variant& variant) {
  Case what;
  what.name = variant.name;
  what.direction = "training";
  const bool over_time = variant.reading == ExampleReading::time;
  // 2.80 GFLOP forward in the LSTM where all rows are full; the products of the other layers.
  const double steps = 64 * (variant.ragged ? 27.5 : 50.0);
  const double lstm = 16 * steps * 128 * (300 + 128);
  const double fusion =
      over_time ? steps * (256 * 128 + 128 * 2) + 64 * 128 * 128 : 64.0 * (384 * 128 + 256 * 128);
  const double others = 2 * (fusion + 64 * (2048 * 128 + 128 * 2));
  const double parameters = over_time ? 3'752'258 : 3'785'026;
  what.operations = 3 * (lstm + others) + 14 * parameters;
  // Adam's 28 bytes a parameter, and the LSTM's activations.
  what.bytes = 28 * parameters + 4 * steps * (3 * 300 + 26 * 2 * 128);
  what.tolerance = 1e-3;
  what.contenders = [=](const Setting& setting) {
    nlohmann::json sizes = {{"batch", 64}, {"time", 50}};
    if (over_time) {
      sizes["attention"] = "time";
    }
    if (variant.ragged) {
      sizes["layout"] = "packed";
      sizes["lengths"] = example_batch(true).lengths.to_vector<std::int64_t>();
    }
    std::vector<Contender> all = our_contenders(variant, setting);
    const std::vector<Contender> torches = torch_contenders({"train", sizes, "training"}, setting);
    if (!torches.empty() && torches.front().absent.empty() && !variant.lazy_embeddings) {
      all.front().error = [=] {
        return curve_difference(
            variant, {{"family", "train"}, {"sizes", sizes}, {"direction", "training"}}, setting);
      };
    }
    all.insert(all.end(), torches.begin(), torches.end());
    return all;
  };
  return what;
}

}  // namespace

const std::string_view family = "training_step";

std::vector<Case> cases(Device /*device*/) {
  return {
      step_case({.name = "example model"}),
      step_case({.name = "example model, lengths 5 to 50", .ragged = true}),
      step_case({.name = "example model, attention over time", .reading = ExampleReading::time}),
      step_case(
          {.name = "example model, embedding rows only where touched", .lazy_embeddings = true})};
}

}  // namespace heddle::bench
