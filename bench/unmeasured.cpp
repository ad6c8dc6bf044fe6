#include "bench/unmeasured.h"

#include <cstdio>

#include "core/error.h"

namespace heddle::bench {

std::string Budget::refusal() const {
  const std::chrono::duration<double, std::ratio<60>> used =
      std::chrono::steady_clock::now() - begin_;
  return minutes_ > 0 && used.count() > minutes_
             ? heddle::concat("the ", minutes_, " minutes of --minutes were used up")
             : "";
}

void add_unmeasured(const Case& what, const Setting& setting, const std::string& why,
                    nlohmann::json& rows) {
  const std::string math(name_of(setting.math));
  std::printf("  %s, %s%s, %s: not measured: %s\n", what.name.c_str(), what.direction.c_str(),
              what.cold ? ", cold" : "", math.c_str(), why.c_str());
  std::fflush(stdout);
  nlohmann::json row = {{"family", std::string(family)},
                        {"case", what.name},
                        {"direction", what.direction},
                        {"math", math},
                        {"threads", setting.threads},
                        {"cold", what.cold},
                        {"bytes", what.bytes},
                        {"operations", what.operations},
                        {"others_cores", -1},
                        {"note", "not measured: " + why}};
  for (const char* const field :
       {"ours_ms", "ours_least_ms", "ours_most_ms", "opponent", "opponent_math", "opponent_ms",
        "ratio", "max_error", "percent_of_peak"}) {
    row[field] = nullptr;
  }
  rows.push_back(std::move(row));
}

}  // namespace heddle::bench
