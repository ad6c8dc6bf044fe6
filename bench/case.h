#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/device.h"
#include "core/math.h"

// What a benchmark is made of. Each program of this folder measures one family: it defines `family`
// and `cases`; program.cpp is its main.

namespace heddle::bench {

/// Name → size ("rows" → 64), as in kernels/examples.
using Sizes = std::map<std::string, std::int64_t, std::less<>>;

/// "rows 8192, cols 64".
std::string name_of(const Sizes& sizes);

/// What everybody in a comparison runs on.
struct Setting {
  Device device;
  int threads = 1;  // of the host
  Math math = Math::f32;
};

/// One way to do what the case asks for.
struct Contender {
  std::string name;          // "heddle", "oneDNN 2.6.3"
  std::string math = "f32";  // accuracy class
  /// One call. On a GPU it is only sent.
  std::function<void()> run;
  /// Instead of `run`, where another process measures: for about so many seconds, to seconds per
  /// call.
  std::function<double(double seconds)> remote;
  /// Greatest difference of what the last call wrote from the reference in double, divided by the
  /// reference's greatest magnitude (over each result: the worst). Empty: not compared.
  std::function<double()> error;
  /// Fills what `run` writes with NaN, so that nothing old can pass for a result.
  std::function<void()> poison;
  /// Not empty: it cannot run here, and this is why.
  std::string absent;
  /// How many of what is asked for a run does; times are of one.
  double calls = 1;
  /// false: on a GPU, calls are sent one by one and not put in a graph.
  bool in_graph = true;
};

struct Case {
  std::string name;       // "time 50, batch 64, input 300, hidden 128"
  std::string direction;  // "forward", "forward+backward", "step"
  /// What must be done at least, whoever does it: bytes read and written, floating-point operations
  /// (a product and a sum are two; exp, tanh and division one each).
  double bytes = 0;
  double operations = 0;
  /// Greatest error with which a contender of class f32 is still timed.
  double tolerance = 1e-4;
  /// Before each call the caches are filled with something else.
  bool cold = false;
  /// Makes tensors and contenders; the first one is ours. Called once per setting.
  std::function<std::vector<Contender>(const Setting&)> contenders;
};

/// What a program measures (each program defines these two). The most important cases come first:
/// where time is short, the last ones are not measured.
extern const std::string_view family;
std::vector<Case> cases(Device device);

}  // namespace heddle::bench
