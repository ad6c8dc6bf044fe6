#pragma once

namespace heddle::bench {

/// How many cores other programs keep busy while it lives: what is measured meanwhile is to be
/// trusted where that is near 0.
class OtherLoad {
 public:
  OtherLoad();
  /// Cores, on average since the beginning; −1 where the system does not tell.
  double cores() const;

 private:
  double begin_;   // seconds
  double others_;  // seconds of processor time, of all cores, less ours and PyTorch's
};

}  // namespace heddle::bench
