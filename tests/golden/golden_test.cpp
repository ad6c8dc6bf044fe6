// Agreement with PyTorch: make_golden.py wrote, for each model, weights, a batch, and what PyTorch
// computes from them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "core/stream.h"
#include "data/safetensors.h"
#include "kernels/kernels.h"
#include "models/build.h"

namespace heddle {
namespace {

constexpr int adam_steps = 50;
constexpr double learning_rate = 3e-3;

struct GoldenCase {
  std::string file;
  ModelConfig config;
  std::vector<InputSpec> inputs;
  std::int64_t classes = 2;
  bool with_score = false;
};

void PrintTo(const GoldenCase& golden, std::ostream* out) { *out << golden.file; }

InputSpec features(const std::string& name, std::int64_t count) {
  return {.name = name, .kind = InputSpec::Kind::features, .shape = {count}};
}

InputSpec words(std::int64_t vocabulary) {
  return {.name = "text", .kind = InputSpec::Kind::tokens, .shape = {}, .vocabulary = vocabulary};
}

InputSpec frames(std::int64_t count) {
  return {.name = "audio", .kind = InputSpec::Kind::sequence, .shape = {count}};
}

GoldenCase document_case() {
  GoldenCase golden{
      .file = "sentiment_attention", .config = {}, .inputs = {words(23), features("image", 7)}};
  golden.config.hidden = 5;
  golden.config.tokens.embedding = 6;
  return golden;
}

GoldenCase final_case() {
  GoldenCase golden{.file = "sentiment_final",
                    .config = {},
                    .inputs = {words(23), features("image", 7), frames(3)},
                    .classes = 3,
                    .with_score = true};
  golden.config.hidden = 5;
  golden.config.pool = SequencePool::final;
  golden.config.tokens.embedding = 6;
  golden.config.tokens.hidden = 4;
  golden.config.tokens.layers = 2;
  return golden;
}

GoldenCase missing_case() {
  GoldenCase golden{
      .file = "sentiment_missing",
      .config = {},
      .inputs = {words(11),
                 {.name = "image", .kind = InputSpec::Kind::image, .shape = {3, 8, 8}},
                 frames(3)},
      .classes = 2,
      .with_score = true};
  golden.config.hidden = 4;
  golden.config.missing_vectors = true;
  golden.config.tokens.embedding = 3;
  golden.config.image.channels = {3, 5};
  golden.config.sequence.kind = SequenceEncoderKind::conv;
  golden.config.sequence.channels = {4, 6};
  golden.config.sequence.kernel = 3;
  return golden;
}

GoldenCase contextual_case() {
  GoldenCase golden{.file = "contextual",
                    .config = {},
                    .inputs = {features("text", 6), features("audio", 3), features("video", 4)}};
  golden.config.name = "contextual";
  golden.config.hidden = 5;
  golden.config.contextual.projection = 4;
  golden.config.contextual.dense = 4;
  return golden;
}

GoldenCase convolving_case() {
  GoldenCase golden{
      .file = "encoders_convolving",
      .config = {},
      .inputs = {words(13),
                 {.name = "image", .kind = InputSpec::Kind::image, .shape = {3, 8, 8}},
                 frames(3)},
      .classes = 3,
      .with_score = true};
  golden.config.hidden = 5;
  golden.config.pool = SequencePool::final;
  golden.config.tokens.kind = TokenEncoderKind::cnn;
  golden.config.tokens.embedding = 4;
  golden.config.tokens.widths = {2, 3};
  golden.config.tokens.filters = 3;
  golden.config.image.kind = ImageEncoderKind::resnet;
  golden.config.image.channels = {4, 6};
  golden.config.image.blocks = {1, 2};
  golden.config.image.groups = 2;
  golden.config.image.pool = SequencePool::final;
  golden.config.sequence.kind = SequenceEncoderKind::conv_lstm;
  golden.config.sequence.hidden = 4;
  golden.config.sequence.channels = {4, 6};
  golden.config.sequence.kernel = 3;
  golden.config.sequence.pool = SequencePool::final;
  return golden;
}

GoldenCase attending_case() {
  GoldenCase golden{
      .file = "encoders_attending",
      .config = {},
      .inputs = {words(13),
                 {.name = "image", .kind = InputSpec::Kind::image, .shape = {3, 8, 8}},
                 frames(3)},
      .classes = 2,
      .with_score = true};
  golden.config.hidden = 5;
  golden.config.tokens.kind = TokenEncoderKind::transformer;
  golden.config.tokens.embedding = 6;
  golden.config.tokens.layers = 2;
  golden.config.tokens.transformer = {.heads = 2, .feed_forward = 7};
  golden.config.image.kind = ImageEncoderKind::vit;
  golden.config.image.patch = 4;
  golden.config.image.hidden = 6;
  golden.config.image.heads = 3;
  golden.config.image.pool = SequencePool::final;
  golden.config.sequence.kind = SequenceEncoderKind::transformer;
  golden.config.sequence.hidden = 4;
  golden.config.sequence.transformer = {
      .heads = 2, .feed_forward = 5, .positions = PositionKind::learned, .max_steps = 9};
  return golden;
}

GoldenCase fusion_case(FusionKind kind) {
  GoldenCase golden{.file = concat("fusion_", name_of(kind)),
                    .config = {},
                    .inputs = {words(11), features("image", 7), frames(3)},
                    .classes = 2,
                    .with_score = true};
  golden.config.name = "fusion";
  golden.config.hidden = 4;
  golden.config.tokens.embedding = 3;
  golden.config.fusion.kind = kind;
  golden.config.fusion.rank = 3;
  golden.config.fusion.heads = 2;
  golden.config.fusion.layers = 1;
  return golden;
}

/// Largest |found − expected|, relative to the largest |expected| of the tensor; relative to 10⁻³
/// where that is 0 but for rounding.
double relative_error(const Tensor& found, const Tensor& expected) {
  EXPECT_EQ(found.shape(), expected.shape());
  const std::vector<double> a = found.to_vector<double>();
  const std::vector<double> b = expected.to_vector<double>();
  double difference = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference = std::max(difference, std::abs(a[i] - b[i]));
    largest = std::max(largest, std::abs(b[i]));
  }
  constexpr double rounding = 1e-7;
  constexpr double instead = 1e-3;
  return difference == 0.0 ? 0.0 : difference / (largest < rounding ? instead : largest);
}

double largest_magnitude(const Tensor& tensor) {
  double largest = 0.0;
  for (const double value : tensor.to_vector<double>()) {
    largest = std::max(largest, std::abs(value));
  }
  return largest;
}

/// One fixture and the model it is about, in one type.
class Golden {
 public:
  Golden(const GoldenCase& golden, DType dtype)
      : with_score_(golden.with_score),
        dtype_(dtype),
        prefix_(dtype == DType::f32 ? "f32" : "f64") {
    const std::filesystem::path folder =
        std::filesystem::path(HEDDLE_SOURCE_DIR) / "tests" / "golden";
    file_ = read_safetensors(folder / (golden.file + ".safetensors"));
    ModelConfig config = golden.config;
    config.dtype = dtype;
    model_ = build_model(config, golden.inputs, golden.classes, golden.with_score, Generator(1));
    parameters_ = parameters_of(*model_);
    for (NamedParameter& parameter : parameters_) {
      parameter.variable.set_value(file_.tensor("weights." + parameter.name).to(dtype).clone());
    }
    for (const InputSpec& spec : golden.inputs) {
      batch_.inputs.push_back({.values = optional("batch." + spec.name + ".values"),
                               .lengths = optional("batch." + spec.name + ".lengths"),
                               .present = optional("batch." + spec.name + ".present")});
    }
    batch_.group_lengths = optional("batch.group_lengths");
  }

  const std::vector<NamedParameter>& parameters() const { return parameters_; }
  Tensor expected(const std::string& name) const { return file_.tensor(prefix_ + "." + name); }

  /// How many tensors of the fixture belong to parameters.
  std::size_t stored_weights() const {
    return static_cast<std::size_t>(std::count_if(
        file_.tensors.begin(), file_.tensors.end(),
        [](const NamedTensor& tensor) { return tensor.name.starts_with("weights."); }));
  }

  /// The loss as the script defines it; leaves its gradients in the parameters.
  Tensor loss_and_gradients() {
    for (NamedParameter& parameter : parameters_) {
      parameter.variable.clear_grad();
    }
    Tape tape;
    const ModelOutput output = (*model_)(batch_);
    Variable loss = cross_entropy(output.logits, file_.tensor("batch.labels"), {},
                                  {.label_smoothing = 0.0, .ignore_index = -1});
    if (with_score_) {
      loss = loss + 0.5 * mean_squared_error(output.score, optional("batch.targets").to(dtype_));
    }
    tape.backward(loss);
    return loss.value();
  }

  /// The loss before each of `adam_steps` steps.
  std::vector<double> train() {
    std::vector<Tensor> first;
    std::vector<Tensor> second;
    for (const NamedParameter& parameter : parameters_) {
      first.push_back(Tensor::zeros(parameter.variable.shape(), dtype_));
      second.push_back(Tensor::zeros(parameter.variable.shape(), dtype_));
    }
    const Kernels& kernels = kernels_for(Device{});
    std::vector<double> curve;
    for (int step = 1; step <= adam_steps; ++step) {
      curve.push_back(loss_and_gradients().item<double>());
      std::vector<UpdateSlot> slots;
      for (std::size_t i = 0; i < parameters_.size(); ++i) {
        Variable& variable = parameters_[i].variable;
        slots.push_back({.value = variable.value_in_place().mutable_view("adam"),
                         .gradient = variable.grad().value().view(),
                         .first = first[i].mutable_view("adam"),
                         .second = second[i].mutable_view("adam"),
                         .learning_rate = learning_rate});
      }
      const StepScalars scalars{.step = static_cast<double>(step),
                                .correction1 = 1.0 - std::pow(0.9, step),
                                .correction2 = 1.0 - std::pow(0.999, step)};
      const auto* const numbers = reinterpret_cast<const double*>(&scalars);
      const Tensor on_device =
          Tensor::from(std::span<const double>(numbers, StepScalars::count), {StepScalars::count});
      kernels.optimizer.adam(current_stream(Device{}), {}, on_device.view(), slots);
    }
    return curve;
  }

 private:
  Tensor optional(const std::string& name) const {
    return file_.has_tensor(name) ? file_.tensor(name) : Tensor();
  }

  bool with_score_;
  DType dtype_;
  std::string prefix_;
  Safetensors file_;
  std::unique_ptr<Model> model_;
  std::vector<NamedParameter> parameters_;
  ModelBatch batch_;
};

class GoldenAgreement : public testing::TestWithParam<GoldenCase> {};

TEST_P(GoldenAgreement, EveryParameterOfTheOtherModelIsOneOfOurs) {
  const Golden golden(GetParam(), DType::f64);
  EXPECT_EQ(golden.stored_weights(), golden.parameters().size());
}

TEST_P(GoldenAgreement, LossAndEveryGradientAgree) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const double tolerance = dtype == DType::f32 ? 1e-5 : 1e-10;
    Golden golden(GetParam(), dtype);
    double worst =
        relative_error(golden.loss_and_gradients().reshape({1}), golden.expected("loss"));
    EXPECT_LT(worst, tolerance) << "loss in " << dtype;
    for (const NamedParameter& parameter : golden.parameters()) {
      ASSERT_TRUE(parameter.variable.grad().defined()) << parameter.name;
      const Tensor& found = parameter.variable.grad().value();
      if (parameter.name.ends_with(".key.bias")) {
        // It adds the same to all of a query's scores, which softmax does not see: rounding alone.
        EXPECT_LT(largest_magnitude(found), tolerance) << parameter.name << " in " << dtype;
        continue;
      }
      const double error = relative_error(found, golden.expected("grad." + parameter.name));
      EXPECT_LT(error, tolerance) << parameter.name << " in " << dtype;
      worst = std::max(worst, error);
    }
    RecordProperty(concat("worst_", dtype), concat(worst));
  }
}

TEST_P(GoldenAgreement, LossCurveOverAdamStepsAgrees) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const double tolerance = dtype == DType::f32 ? 1e-4 : 1e-9;
    Golden golden(GetParam(), dtype);
    const std::vector<double> found = golden.train();
    const std::vector<double> expected = golden.expected("curve").to_vector<double>();
    ASSERT_EQ(found.size(), expected.size());
    double worst = 0.0;
    for (std::size_t step = 0; step < found.size(); ++step) {
      const double error = std::abs(found[step] - expected[step]) / std::abs(expected[step]);
      EXPECT_LT(error, tolerance) << "before step " << step << " in " << dtype;
      worst = std::max(worst, error);
    }
    EXPECT_LT(found.back(), found.front());
    RecordProperty(concat("worst_curve_", dtype), concat(worst));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, GoldenAgreement,
    testing::Values(document_case(), final_case(), missing_case(), contextual_case(),
                    convolving_case(), attending_case(), fusion_case(FusionKind::low_rank),
                    fusion_case(FusionKind::co_attention), fusion_case(FusionKind::cross_modal)),
    [](const testing::TestParamInfo<GoldenCase>& which) { return which.param.file; });

}  // namespace
}  // namespace heddle
