#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/case.h"

namespace heddle::bench {

/// How much time is left of what a program was given.
class Budget {
 public:
  /// 0: no limit.
  explicit Budget(double minutes) : minutes_(minutes) {}
  /// Empty while there is time; else why nothing more is begun.
  std::string refusal() const;

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double minutes_;
};

/// Prints that a case is not measured, and adds a row that says so: the fields of bench/rows.h,
/// with null for each time and the reason as "note".
void add_unmeasured(const Case& what, const Setting& setting, const std::string& why,
                    nlohmann::json& rows);

}  // namespace heddle::bench
