#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace heddle {

/// What a person sees while training. On a terminal one line that is rewritten a few times a second
/// (step, loss, samples/s, time left) with messages above it; elsewhere plain lines every now and
/// then.
class Progress {
 public:
  /// How `out` is to be written to.
  struct Manner {
    bool live = false;    // rewrites its line
    bool colour = false;  // dim and bold
  };
  /// live on a terminal, with colour unless NO_COLOR is set (to anything but nothing) or TERM is
  /// "dumb".
  static Manner manner_for(int descriptor);

  Progress(std::ostream& out, Manner manner);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Training goes from step `first` to step `last`.
  void begin(std::int64_t first, std::int64_t last);
  /// Step number `step` is done; `samples` were in it. The loss may not be known yet.
  void step(std::int64_t step, std::optional<double> loss, std::int64_t samples);
  /// One line that stays.
  void say(std::string_view message);
  /// Removes the live line.
  void end();

 private:
  using Clock = std::chrono::steady_clock;

  std::string line(std::int64_t step, std::optional<double> loss) const;
  void clear_line();

  std::ostream& out_;
  Manner manner_;
  bool line_shown_ = false;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::int64_t samples_ = 0;
  std::optional<double> smoothed_loss_;
  Clock::time_point started_;
  Clock::time_point shown_;
};

/// "41 s", "3 min 5 s", "2 h 10 min".
std::string time_text(double seconds);

}  // namespace heddle
