#include "models/modality_input.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/error.h"
#include "layers/mixed_precision.h"

namespace heddle {
namespace {

Tensor bool_tensor(const std::vector<bool>& flags, const Shape& shape) {
  Tensor tensor = Tensor::empty(shape, DType::boolean);
  bool* out = tensor.mutable_data<bool>();
  for (const bool flag : flags) {
    *out++ = flag;
  }
  return tensor;
}

bool all_true(const std::vector<bool>& flags) {
  return std::find(flags.begin(), flags.end(), false) == flags.end();
}

Shape expected_shape(const InputSpec& spec) {
  switch (spec.kind) {
    case InputSpec::Kind::tokens:
      return {};
    case InputSpec::Kind::features:
    case InputSpec::Kind::sequence:
    case InputSpec::Kind::image:
      break;
  }
  return spec.shape;
}

/// The values' last dimensions must be those of one sample (or frame), after `leading` others.
void check_values(const InputSpec& spec, const ModelInput& input, int leading,
                  const char* leading_names) {
  check(input.values.defined(), "input \"", spec.name, "\": has no values");
  const Shape& shape = input.values.shape();
  const Shape wanted = expected_shape(spec);
  bool fits = shape.rank() == leading + wanted.rank();
  for (int dim = 0; fits && dim < wanted.rank(); ++dim) {
    fits = shape[leading + dim] == wanted[dim];
  }
  check(fits, "input \"", spec.name, "\": values are ", shape, "; expected ", leading_names,
        " followed by ", wanted);
  if (spec.kind == InputSpec::Kind::tokens) {
    check(input.values.dtype() == DType::i64, "input \"", spec.name, "\": tokens are ",
          input.values.dtype(), "; expected i64");
  } else {
    check(is_floating(input.values.dtype()), "input \"", spec.name, "\": values are ",
          input.values.dtype(), "; expected f32 or f64");
  }
}

std::vector<bool> present_flags(const InputSpec& spec, const Tensor& present,
                                std::int64_t samples) {
  if (!present.defined()) {
    return std::vector<bool>(static_cast<std::size_t>(samples), true);
  }
  check(present.dtype() == DType::boolean && present.shape() == Shape{samples}, "input \"",
        spec.name, "\": present is ", present.dtype(), " ", present.shape(), "; expected bool [",
        samples, "]");
  return present.to_vector<bool>();
}

std::vector<std::int64_t> checked_lengths(const InputSpec& spec, const Tensor& lengths,
                                          std::int64_t steps, std::int64_t samples) {
  if (!lengths.defined()) {
    return std::vector<std::int64_t>(static_cast<std::size_t>(samples), steps);
  }
  check(lengths.dtype() == DType::i64 && lengths.shape() == Shape{samples}, "input \"", spec.name,
        "\": lengths are ", lengths.dtype(), " ", lengths.shape(), "; expected i64 [", samples,
        "]");
  std::vector<std::int64_t> result = lengths.to_vector<std::int64_t>();
  for (const std::int64_t length : result) {
    check(length >= 0 && length <= steps, "input \"", spec.name, "\": a length is ", length,
          "; expected 0 … ", steps);
  }
  return result;
}

/// mask[t, b]: step t of sample b may be seen.
std::vector<bool> step_mask(const std::vector<std::int64_t>& lengths,
                            const std::vector<bool>& present, std::int64_t steps) {
  std::vector<bool> mask;
  mask.reserve(static_cast<std::size_t>(steps) * lengths.size());
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::size_t b = 0; b < lengths.size(); ++b) {
      mask.push_back(present[b] && t < lengths[b]);
    }
  }
  return mask;
}

/// values where the mask, shaped as their leading dimensions, is true; else 0.
Tensor keep_where(const Tensor& values, const std::vector<bool>& mask, int mask_rank) {
  if (all_true(mask)) {
    return values;
  }
  if (values.dtype() == DType::i64) {
    Tensor kept = values.contiguous().clone();
    std::int64_t* out = kept.mutable_data<std::int64_t>();
    for (std::size_t i = 0; i < mask.size(); ++i) {
      out[i] = mask[i] ? out[i] : 0;
    }
    return kept;
  }
  Shape shape = values.shape();
  for (int dim = mask_rank; dim < shape.rank(); ++dim) {
    shape[dim] = 1;
  }
  const NoGrad no_grad;
  return where(bool_tensor(mask, shape), Variable(values),
               Variable(Tensor::scalar(0.0, values.dtype())))
      .value();
}

Tensor on_host(const Tensor& tensor) { return tensor.defined() ? tensor.to(Device{}) : tensor; }

ModelInput on_host(const ModelInput& input) {
  return {on_host(input.values), on_host(input.lengths), on_host(input.present)};
}

void check_tokens(const InputSpec& spec, const Tensor& values) {
  const Tensor tokens = values.contiguous();
  const std::int64_t* token = tokens.data<std::int64_t>();
  for (std::int64_t i = 0; i < tokens.elements(); ++i) {
    check(token[i] >= 0 && token[i] < spec.vocabulary, "input \"", spec.name, "\": token ",
          token[i], " in step ", i / tokens.size(1), " of sample ", i % tokens.size(1),
          "; expected 0 … ", spec.vocabulary - 1);
  }
}

}  // namespace

CleanInput clean_input(const InputSpec& spec, const ModelInput& given, DType dtype) {
  const ModelInput input = on_host(given);
  const bool has_steps =
      spec.kind == InputSpec::Kind::tokens || spec.kind == InputSpec::Kind::sequence;
  check_values(spec, input, has_steps ? 2 : 1, has_steps ? "[time, batch]" : "[batch]");
  const std::int64_t samples = input.values.size(has_steps ? 1 : 0);
  std::vector<bool> present = present_flags(spec, input.present, samples);
  CleanInput clean;
  clean.values = input.values;
  if (has_steps) {
    const std::int64_t steps = input.values.size(0);
    check(steps > 0, "input \"", spec.name,
          "\": there are 0 steps; expected at least 1 (a sample "
          "without any has length 0)");
    std::vector<std::int64_t> lengths = checked_lengths(spec, input.lengths, steps, samples);
    for (std::size_t b = 0; b < lengths.size(); ++b) {
      present[b] = present[b] && lengths[b] > 0;
      lengths[b] = present[b] ? lengths[b] : 1;
    }
    clean.values = keep_where(clean.values, step_mask(lengths, present, steps), 2);
    if (std::any_of(lengths.begin(), lengths.end(),
                    [steps](std::int64_t length) { return length < steps; })) {
      clean.lengths = Tensor::from<std::int64_t>(lengths, {samples});
    }
  } else {
    clean.values = keep_where(clean.values, present, 1);
  }
  if (spec.kind == InputSpec::Kind::tokens) {
    check_tokens(spec, clean.values);
  } else {
    clean.values = clean.values.to(dtype);
  }
  if (!all_true(present)) {
    clean.present = bool_tensor(present, {samples});
  }
  return clean;
}

CleanInput clean_group_input(const InputSpec& spec, const ModelInput& given,
                             const Tensor& group_lengths, DType dtype) {
  const ModelInput input = on_host(given);
  check(spec.kind == InputSpec::Kind::features, "input \"", spec.name,
        "\": samples in groups can have features alone");
  check_values(spec, input, 2, "[group members, groups]");
  const std::int64_t members = input.values.size(0);
  const std::int64_t groups = input.values.size(1);
  const std::vector<std::int64_t> lengths =
      checked_lengths(spec, on_host(group_lengths), members, groups);
  const bool per_member = input.present.defined() && input.present.rank() == 2;
  const Tensor whole = per_member ? input.present.reshape({-1}) : input.present;
  std::vector<bool> present = present_flags(spec, whole, per_member ? members * groups : groups);
  if (!per_member) {
    present = step_mask(std::vector<std::int64_t>(present.size(), members), present, members);
  }
  const std::vector<bool> inside =
      step_mask(lengths, std::vector<bool>(lengths.size(), true), members);
  std::vector<bool> visible = present;
  for (std::size_t i = 0; i < visible.size(); ++i) {
    visible[i] = visible[i] && inside[i];
  }
  CleanInput clean;
  clean.values = keep_where(input.values, visible, 2).to(dtype);
  if (!all_true(present)) {
    clean.present = bool_tensor(present, {members, groups});
  }
  return clean;
}

Variable replace_missing(const Variable& encoded, const Tensor& present, const Variable& missing) {
  if (!present.defined()) {
    return encoded;
  }
  const Variable stand_in = missing.defined()
                                ? cast_like(missing, encoded)
                                : Variable(Tensor::scalar(0.0, encoded.dtype(), encoded.device()));
  return where(present.unsqueeze(-1), encoded, stand_in);
}

}  // namespace heddle
