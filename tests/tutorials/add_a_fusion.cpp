#include <cstdio>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "data/batch.h"
#include "data/builtin/generator.h"
#include "layers/linear_tanh.h"
#include "models/classifier.h"
#include "models/fusion/fusion_input.h"
#include "models/modality_encoder.h"
#include "train/model_batch.h"
#include "train/optimizer.h"

using namespace heddle;

// y = max_m tanh(W_m x_m + b_m), element by element, over the modalities a sample has.
struct MaximumFusion {
  MaximumFusion(const FusionSpec& spec, const Generator& generator) {
    for (const std::string& name : spec.names) {
      parts.emplace_back(spec.width, spec.width, generator.named(name));
    }
  }
  Fused operator()(const FusionInputs& inputs) const {
    Variable most;
    for (std::size_t m = 0; m < parts.size(); ++m) {
      // tanh is above −1: what is absent never wins, and gets no gradient.
      const Variable part = where_present(parts[m](inputs[m].vector), inputs[m].present, -1.0);
      most = most.defined() ? maximum(most, part) : part;
    }
    return {most, {}};
  }
  void visit(Visitor& visitor) {
    for (std::size_t m = 0; m < parts.size(); ++m) visitor.layer(std::to_string(m), parts[m]);
  }
  std::vector<LinearTanh> parts;
};

// Any modalities in, one vector each, the fusion, classes out.
class MaximumModel : public Model {
 public:
  MaximumModel(const std::vector<InputSpec>& specs, std::int64_t classes, const Generator& random)
      : inputs_(specs),
        fusion_({.names = {"text", "image", "audio"}, .width = 24}, random.named("fusion")),
        classifier_(24, classes, false, random.named("classifier"), DType::f32) {
    ModelConfig config;
    config.hidden = 24;
    for (const InputSpec& spec : specs) {
      encoders_.emplace_back(spec, config, pool_of(spec, config), random.named(spec.name));
    }
  }
  ModelOutput forward(const CleanBatch& batch) override {
    FusionInputs encoded;
    for (std::size_t m = 0; m < encoders_.size(); ++m) {
      encoded.push_back({.vector = encoders_[m](batch.inputs[m]),
                         .steps = {},
                         .lengths = {},
                         .present = batch.inputs[m].present});
    }
    return classifier_(fusion_(encoded).values);
  }
  void visit(Visitor& visitor) override {
    for (std::size_t m = 0; m < encoders_.size(); ++m) {
      visitor.layer(inputs_[m].name, encoders_[m]);
    }
    visitor.layer("fusion", fusion_);
    visitor.layer("classifier", classifier_);
  }
  const std::vector<InputSpec>& inputs() const override { return inputs_; }

 private:
  std::vector<InputSpec> inputs_;
  std::vector<ModalityEncoder> encoders_;
  MaximumFusion fusion_;
  Classifier classifier_;
};

int main() {
  const Dataset data = make_builtin({.train = 640, .valid = 0, .test = 0}).dataset;
  MaximumModel model(input_specs(data), data.classes(), Generator(1));
  Optimizer adam({.learning_rate = 0.01}, parameters_of(model));
  for (std::int64_t step = 0; step <= 120; ++step) {
    std::vector<std::int64_t> samples;
    for (std::int64_t i = 0; i < 32; ++i) samples.push_back((step * 32 + i) % 640);
    const SampleBatch batch = collate(data, samples);
    Tape tape;
    const Variable loss = cross_entropy(model(model_batch(batch, {})).logits, batch.labels);
    tape.backward(loss);
    adam.step(loss.value());
    adam.clear_gradients();
    if (step % 40 == 0)
      std::printf("step %3d  loss %.3f\n", static_cast<int>(step), loss.item<double>());
  }
}
