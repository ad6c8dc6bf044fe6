#include "models/model.h"

#include <cstddef>

#include "core/error.h"
#include "core/stream.h"
#include "layers/mixed_precision.h"
#include "models/modality_input.h"

namespace heddle {
namespace {

std::int64_t samples_of(const InputSpec& spec, const CleanInput& input) {
  const bool has_steps =
      spec.kind == InputSpec::Kind::tokens || spec.kind == InputSpec::Kind::sequence;
  return input.values.size(has_steps ? 1 : 0);
}

void send(Tensor& tensor, Device device) {
  if (tensor.defined()) {
    tensor = tensor.to(device);
  }
}

}  // namespace

CleanBatch Model::clean(const ModelBatch& batch) {
  const std::vector<InputSpec>& specs = inputs();
  check(batch.inputs.size() == specs.size(), "model: the batch has ", batch.inputs.size(),
        " inputs; expected ", specs.size());
  check(takes_groups() || !batch.group_lengths.defined(),
        "model: the batch has groups; expected single samples");
  const Device target = device();
  const MathScope scope(target, math);
  const DType type = activation_type(dtype(), target);
  CleanBatch result;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    result.inputs.push_back(
        takes_groups() ? clean_group_input(specs[i], batch.inputs[i], batch.group_lengths, type)
                       : clean_input(specs[i], batch.inputs[i], type));
    const std::int64_t samples = samples_of(specs[i], result.inputs[i]);
    const std::int64_t expected = samples_of(specs[0], result.inputs[0]);
    check(takes_groups() || samples == expected, "model: input \"", specs[i].name, "\" has ",
          samples, " samples but \"", specs[0].name, "\" has ", expected);
  }
  for (CleanInput& input : result.inputs) {
    send(input.values, target);
    send(input.lengths, target);
    send(input.present, target);
  }
  result.group_lengths = batch.group_lengths;
  send(result.group_lengths, target);
  return result;
}

ModelOutput Model::operator()(const ModelBatch& batch) {
  const MathScope scope(device(), math);
  return forward(clean(batch));
}

DType Model::dtype() { return parameters_of(*this).front().variable.dtype(); }

Device Model::device() { return parameters_of(*this).front().variable.device(); }

}  // namespace heddle
