#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "layers/visit.h"
#include "models/config.h"

namespace heddle {

/// Adds to each step of a sequence what tells its place: sin and cos of the place
/// (sinusoidal_positions), or a learned vector per place (normal with deviation 0.02, as in
/// Dosovitskiy et al., arXiv 2010.11929), or nothing.
struct StepPositions {
  /// `max_steps` is for learned ones.
  StepPositions(PositionKind kind, std::int64_t max_steps, std::int64_t width,
                const Generator& generator, DType dtype);

  /// x [steps, B, width]. Errors (InputError): more steps than there are learned positions.
  Variable operator()(const Variable& x);
  void visit(Visitor& visitor);

  PositionKind kind;
  Variable learned;  // [max_steps, width], or undefined

 private:
  Tensor sinusoids(const Variable& x);

  /// Made once per reach, and kept: a recorded step (core/graph.h) goes on reading them.
  std::vector<Tensor> tables_;
};

}  // namespace heddle
