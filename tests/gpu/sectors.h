#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>

#include "kernels/gpu/sim/recorder.h"

namespace heddle::testing {

/// Counts what a warp's accesses to global memory cost: requests (an instruction of a warp) and the
/// aligned 32-byte sectors they touch. 128 neighbouring bytes are 4 sectors.
class SectorCounter : public sim::Recorder {
 public:
  void begin_launch(const char*, std::size_t, std::size_t) override {}
  void operations(const sim::ThreadPlace&, int, sim::Place) override {}
  void word(const sim::ThreadPlace&, const char*, sim::Place) override {}
  void access(const sim::ThreadPlace& who, const sim::Access& what) override {
    if (what.space != sim::Space::global) {
      return;
    }
    const Line line{what.reach, what.place.file, what.place.line};
    const int turn = turns_[{who.block, who.thread, line}]++;
    std::set<std::uintptr_t>& touched = requests_[{who.block, who.thread / 32, line, turn}];
    const auto first = reinterpret_cast<std::uintptr_t>(what.address);
    for (std::uintptr_t at = first / 32; at <= (first + what.bytes - 1) / 32; ++at) {
      touched.insert(at);
    }
  }

  double sectors_per_request(sim::Reach reach) const {
    double requests = 0;
    double sectors = 0;
    for (const auto& [request, touched] : requests_) {
      if (std::get<0>(std::get<2>(request)) == reach) {
        requests += 1;
        sectors += static_cast<double>(touched.size());
      }
    }
    return requests > 0 ? sectors / requests : 0;
  }

 private:
  using Line = std::tuple<sim::Reach, const char*, unsigned>;
  std::map<std::tuple<unsigned, unsigned, Line>, int> turns_;  // by block, thread, line
  // By block, warp, line and the how manieth time each thread is there.
  std::map<std::tuple<unsigned, unsigned, Line, int>, std::set<std::uintptr_t>> requests_;
};

}  // namespace heddle::testing
