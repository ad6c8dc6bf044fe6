#pragma once

#include <cstdint>
#include <string>

namespace heddle::sim {

/// In which order the executor lets threads, warps and blocks go on. A kernel that is right gives
/// the same bits in each; a missing barrier often shows in one of them only.
enum class Order : std::uint8_t { forward, reverse, shuffled };

struct Schedule {
  Order order = Order::forward;
  std::uint64_t seed = 1;  // of `shuffled`

  bool operator==(const Schedule&) const = default;
};

std::string to_string(const Schedule& schedule);  // "forward", "reverse", "shuffled:7"

/// Of this thread's launches. At first what HEDDLE_SIM_SCHEDULE says ("reverse", "shuffled:7"),
/// else forward.
Schedule current_schedule();

/// While it lives, this thread's launches run in that order.
class ScheduleScope {
 public:
  explicit ScheduleScope(Schedule schedule);
  ~ScheduleScope();
  ScheduleScope(const ScheduleScope&) = delete;
  ScheduleScope& operator=(const ScheduleScope&) = delete;

 private:
  Schedule before_;
};

}  // namespace heddle::sim
