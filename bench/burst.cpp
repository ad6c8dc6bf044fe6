#include "bench/burst.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/stream.h"

namespace heddle::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// Reads and writes more than any cache of the host holds.
void empty_caches() {
  static std::vector<std::uint64_t> memory(std::size_t{24} << 20);  // 192 MiB
  for (std::size_t i = 0; i < memory.size(); i += 8) {
    ++memory[i];
  }
}

}  // namespace

Burst::Burst(std::function<void()> body, Device device, double seconds, bool cold, bool in_graph)
    : body_(std::move(body)), device_(device), cold_(cold) {
  body_();  // pages, plans and modules are brought in
  synchronize(device_);
  double once = seconds_of(body_);
  once = std::min(once, seconds_of(body_));
  constexpr std::int64_t most = 100'000;
  calls_ = std::clamp<std::int64_t>(std::llround(seconds / std::max(once, 1e-7)), 1, most);
  if (device_.backend == Backend::cuda && in_graph) {
    capture();
  }
}

void Burst::capture() {
  constexpr std::int64_t most_in_graph = 200;
  calls_ = std::min(calls_, most_in_graph);
  try {
    graph_.begin_capture(current_stream(device_));
    for (std::int64_t i = 0; i < calls_; ++i) {
      body_();
    }
    graph_.end_capture();
    has_graph_ = true;
    measure();
  } catch (const Error& error) {
    note_ = error.what();
    graph_ = Graph();
    has_graph_ = false;
  }
}

double Burst::seconds_of(const std::function<void()>& work) const {
  const auto begin = Clock::now();
  work();
  synchronize(device_);
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double Burst::measure() {
  const auto calls = static_cast<double>(calls_);
  if (has_graph_) {
    return seconds_of([this] { graph_.replay(current_stream(device_)); }) / calls;
  }
  if (cold_) {
    double total = 0;
    for (std::int64_t i = 0; i < calls_; ++i) {
      empty_caches();
      total += seconds_of(body_);
    }
    return total / calls;
  }
  return seconds_of([this] {
           for (std::int64_t i = 0; i < calls_; ++i) {
             body_();
           }
         }) /
         calls;
}

}  // namespace heddle::bench
