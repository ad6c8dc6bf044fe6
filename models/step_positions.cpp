#include "models/step_positions.h"

#include <bit>

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/initialise.h"
#include "layers/mixed_precision.h"
#include "layers/transformer_block.h"

namespace heddle {

StepPositions::StepPositions(PositionKind kind_, std::int64_t max_steps, std::int64_t width,
                             const Generator& generator, DType dtype)
    : kind(kind_) {
  if (kind == PositionKind::learned) {
    Generator stream = generator.named("learned");
    learned = Variable(random_normal({max_steps, width}, 0.0, 0.02, stream, dtype), true);
  }
}

Tensor StepPositions::sinusoids(const Variable& x) {
  const std::int64_t steps = x.size(0);
  for (const Tensor& table : tables_) {
    if (table.size(0) >= steps && table.dtype() == x.dtype() && table.device() == x.device()) {
      return table.slice(0, 0, steps);
    }
  }
  const auto reach = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(steps)));
  tables_.push_back(sinusoidal_positions(reach, x.size(2), x.dtype()).to(x.device()));
  return tables_.back().slice(0, 0, steps);
}

Variable StepPositions::operator()(const Variable& x) {
  if (kind == PositionKind::none) {
    return x;
  }
  const std::int64_t steps = x.size(0);
  Variable places;
  if (kind == PositionKind::learned) {
    check<InputError>(steps <= learned.size(0), "Transformer encoder: a sequence has ", steps,
                      " steps but there are learned positions for ", learned.size(0),
                      "; expected shorter sequences, a larger max_steps, or positions = "
                      "\"sinusoidal\"");
    places = slice(cast_like(learned, x), 0, 0, steps);
  } else {
    places = Variable(sinusoids(x));
  }
  return add(x, reshape(places, {steps, 1, x.size(2)}));
}

void StepPositions::visit(Visitor& visitor) { visitor.parameter("learned", learned); }

}  // namespace heddle
