#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/measure.h"

namespace heddle::bench {

/// Prints a case's line for each contender, and adds a row for each opponent (one without opponent
/// where there is none) to `rows`:
/// family, case, direction, math, threads, cold, turns, ours_ms, ours_least_ms, ours_most_ms,
/// opponent, opponent_math, opponent_ms (null where it could not run, with the reason as "note"),
/// ratio = opponent_ms / ours_ms, max_error, percent_of_peak, bytes, operations,
/// others_cores (kept busy by other programs meanwhile; −1: not known).
void add_rows(const Case& what, const Setting& setting, const std::vector<Measured>& measured,
              const Rates& rates, nlohmann::json& rows);

/// Per opponent: geometric mean of the ratios and the worst of them, with its case.
void print_summary(const nlohmann::json& rows);

/// Writes {"machine", "commit", "date", "rates", "rows"} to `path`. Where the file is there already
/// and is of this machine and commit, rows of other families stay in it, and of the rates the
/// higher ones: what a machine can do is the most it was seen to do. Errors (InputError): the file
/// cannot be read or written.
void write_rows(const std::string& path, const Setting& setting, const nlohmann::json& rates,
                const nlohmann::json& rows);

}  // namespace heddle::bench
