#pragma once

#include <string>
#include <vector>

#include "report/benchmark.h"

namespace heddle {

/// `text` with the first `from` in it replaced; `text` must have it.
std::string with(std::string text, const std::string& from, const std::string& to);

/// A file with one row: ours 2 ms, the opponent 4 ms. `more` are fields, each with a comma after
/// it.
std::string rows_json(const std::string& more = "");

/// Three versions of one case: 4, 1 and 8 ms.
std::string ladder_json();

/// A row with spreads of a tenth to both sides; `theirs` 0: not measured.
BenchmarkRow made_up_row(const std::string& name, const std::string& opponent, double ours,
                         double theirs);

/// Rows of a machine that copies 10 GB/s and multiplies 100 GFLOP/s.
BenchmarkFile made_up_file(const std::vector<BenchmarkRow>& rows);

}  // namespace heddle
