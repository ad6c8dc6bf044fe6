#pragma once

#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// Rows by index: out[i, :] = table[ids[i], :].
///   table [rows, width], ids i64 [count], out [count, width]; contiguous, f32 or f64.
/// Errors: an id outside [0, rows): the message gives its place and value.
struct EmbeddingKernels {
  void (*forward)(Stream&, const ConstView& table, const ConstView& ids, const View& out);
  /// dtable[r, :] = Σ over i with ids[i] = r of dout[i, :], in the order of i (deterministic);
  /// rows that no id names become 0.
  void (*backward)(Stream&, const ConstView& ids, const ConstView& dout, const View& dtable);
};

}  // namespace heddle
