#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle::kernels {

/// Kernels that measure the machine itself.
struct Calibration {
  /// One block that does nothing.
  void (*launch)(Stream&);
  /// `steps` barriers of the whole grid, one block per multiprocessor.
  void (*grid_barrier)(Stream&, int steps);
  /// `steps` handoffs from one block to another and back, by flags, i64 [2], which are 0 at first.
  void (*handoff)(Stream&, int steps, const View& flags);
  /// 8 · steps products and sums in f32 by each thread; returns how many operations that are. `out`
  /// is f32 [1].
  double (*products)(Stream&, int steps, const View& out);
};

namespace sim {
Calibration calibration();
}
namespace cuda {
Calibration calibration();
}

}  // namespace heddle::kernels
