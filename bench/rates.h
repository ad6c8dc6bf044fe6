#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/case.h"

namespace heddle::bench {

/// What the machine itself can do, measured in the same run: the measure of everything else.
struct Rates {
  double copy_bytes_per_second = 0;  // read and written, far larger than the caches
  double operations_per_second = 0;  // f32 multiply-add in registers, counted as two
};

/// Takes about half a second.
Rates measure_rates(const Setting& setting);

/// "AMD EPYC 7B13, 2 cores" or the card with its CUDA version.
std::string machine_name(Device device);

/// Of `seconds`, how many per cent the machine would need at least for so many bytes and
/// operations.
double percent_of_peak(const Rates& rates, double bytes, double operations, double seconds);

}  // namespace heddle::bench
