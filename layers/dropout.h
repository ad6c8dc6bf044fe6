#pragma once

#include "core/random.h"
#include "layers/visit.h"

namespace heddle {

/// While training, each element is 0 with probability p, else x / (1 − p); x itself otherwise.
/// Srivastava et al., JMLR 2014.
struct Dropout {
  /// Errors: p outside [0, 1).
  Dropout(double p, const Generator& generator);

  Variable operator()(const Variable& x);
  /// Visits its place in the random stream, which is part of the state of a run.
  void visit(Visitor& visitor);

  double p;
  bool training = true;
  Generator stream;
};

}  // namespace heddle
