#include "models/joint_embedding.h"

#include <cmath>
#include <optional>
#include <utility>

#include "autograd/ops.h"
#include "core/error.h"

namespace heddle {
namespace {

/// Keeps the length of a vector of zeros above 0.
constexpr double least_square = 1e-12;
/// As in CLIP (Radford et al., 2021, §2.5): similarities are scaled by at most 100.
constexpr double largest_scale = 100.0;

Variable unit_length(const Variable& z) {
  return z / sqrt(sum(square(z), {-1}, true) + least_square);
}

/// exp(min(x, log largest_scale)).
Variable bounded_exp(const Variable& x) {
  const double most = std::log(largest_scale);
  return exp(most - relu(most - x));
}

}  // namespace

JointEmbedding::JointEmbedding(const ModelConfig& config, std::vector<InputSpec> inputs,
                               const Generator& generator)
    : inputs_(std::move(inputs)), dtype_(config.dtype) {
  check<InputError>(inputs_.size() >= 2, "joint_embedding: the model has ", inputs_.size(),
                    " input; expected at least two to bring together");
  for (const InputSpec& spec : inputs_) {
    const Generator stream = generator.named(spec.name);
    ModalityEncoder encoder(spec, config, pool_of(spec, config), stream);
    const std::int64_t width = encoder.width();
    towers_.push_back({std::move(encoder),
                       Dropout(config.joint.dropout, stream.named("joint_dropout")), std::nullopt});
    if (config.joint.projection) {
      width_ = config.joint.width;
      towers_.back().projection.emplace(width, width_, stream.named("projection"),
                                        LinearOptions{.dtype = config.dtype});
      continue;
    }
    check<InputError>(width_ == 0 || width_ == width, "joint_embedding: the vector of \"",
                      spec.name, "\" has ", width, " numbers, that of \"", inputs_.front().name,
                      "\" ", width_,
                      "; expected the same without projections (model.joint.projection)");
    width_ = width;
  }
  if (config.joint.learned_temperature) {
    log_scale_ =
        Variable(Tensor::full({1}, -std::log(*config.joint.learned_temperature), dtype_), true);
  }
}

ModelOutput JointEmbedding::forward(const CleanBatch& batch) {
  ModelOutput output;
  for (std::size_t i = 0; i < towers_.size(); ++i) {
    Tower& tower = towers_[i];
    const Variable encoded = tower.dropout(tower.encoder(batch.inputs[i]));
    output.embeddings.push_back(
        unit_length(cast(tower.projection ? (*tower.projection)(encoded) : encoded, dtype_)));
  }
  if (log_scale_.defined()) {
    output.similarity_scale = bounded_exp(log_scale_);
  }
  return output;
}

void JointEmbedding::Tower::visit(Visitor& visitor) {
  encoder.visit(visitor);
  visitor.layer("joint_dropout", dropout);
  if (projection) {
    visitor.layer("projection", *projection);
  }
}

void JointEmbedding::visit(Visitor& visitor) {
  for (std::size_t i = 0; i < towers_.size(); ++i) {
    visitor.layer(inputs_[i].name, towers_[i]);
  }
  visitor.parameter("log_scale", log_scale_);
}

}  // namespace heddle
