#include "kernels/gpu/sim/schedule.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "core/error.h"

namespace heddle::sim {
namespace {

Schedule from_environment() {
  const char* const given = std::getenv("HEDDLE_SIM_SCHEDULE");
  const std::string_view text = given != nullptr ? given : "forward";
  if (text == "forward") {
    return {};
  }
  if (text == "reverse") {
    return {.order = Order::reverse};
  }
  constexpr std::string_view shuffled = "shuffled";
  Schedule schedule{.order = Order::shuffled};
  if (text == shuffled) {
    return schedule;
  }
  if (text.starts_with(shuffled) && text.size() > shuffled.size() + 1 &&
      text[shuffled.size()] == ':') {
    const char* const first = text.data() + shuffled.size() + 1;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(first, last, schedule.seed);
    if (error == std::errc() && end == last) {
      return schedule;
    }
  }
  fail<UsageError>("HEDDLE_SIM_SCHEDULE is \"", text,
                   "\"; expected forward, reverse, shuffled or shuffled:SEED");
}

Schedule& of_this_thread() {
  thread_local Schedule schedule = from_environment();
  return schedule;
}

}  // namespace

std::string to_string(const Schedule& schedule) {
  switch (schedule.order) {
    case Order::forward:
      return "forward";
    case Order::reverse:
      return "reverse";
    case Order::shuffled:
      break;
  }
  return concat("shuffled:", schedule.seed);
}

Schedule current_schedule() { return of_this_thread(); }

ScheduleScope::ScheduleScope(Schedule schedule) : before_(of_this_thread()) {
  of_this_thread() = schedule;
}

ScheduleScope::~ScheduleScope() { of_this_thread() = before_; }

}  // namespace heddle::sim
