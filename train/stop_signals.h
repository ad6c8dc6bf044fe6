#pragma once

namespace heddle {

/// While it lives, SIGINT and SIGTERM are noted instead of ending the program, so that training can
/// finish its step and save. A second signal ends the program at once with code 128 + signal.
/// One at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// The signal that came, 0 while there is none.
  static int received();
};

}  // namespace heddle
