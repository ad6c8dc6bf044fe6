#pragma once

#include <string>

namespace heddle {

/// The machine a program runs on, for reports.
std::string processor_name();  // "AMD EPYC 7B13", or "unknown processor"
int processor_count();         // cores this process may use
std::string system_name();     // "Linux 6.1.0 x86_64"
std::string time_now();        // "2025-03-14 09:26 UTC"

}  // namespace heddle
