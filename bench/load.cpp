#include "bench/load.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

#include "bench/torch.h"

namespace heddle::bench {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

/// Busy seconds of all cores (proc_stat(5)); −1 where they cannot be read.
double busy_seconds() {
  std::ifstream stat("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft = 0, steal = 0;
  if (!(stat >> name >> user >> nice >> system >> idle >> waiting >> interrupts >> soft >> steal)) {
    return -1;
  }
  return (user + nice + system + interrupts + soft + steal) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

double others_seconds() {
  const double busy = busy_seconds();
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  return busy < 0 ? -1
                  : busy - seconds_of(own.ru_utime) - seconds_of(own.ru_stime) - torch_seconds();
}

}  // namespace

OtherLoad::OtherLoad() : begin_(now()), others_(others_seconds()) {}

double OtherLoad::cores() const {
  const double others = others_seconds();
  const double passed = now() - begin_;
  return others < 0 || passed <= 0 ? -1 : std::max(others - others_, 0.0) / passed;
}

}  // namespace heddle::bench
