#include "train/stop_signals.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>

namespace heddle {

namespace {

constexpr std::array<int, 2> watched = {SIGINT, SIGTERM};
std::atomic<int> noted = 0;
std::array<struct sigaction, watched.size()> before;

static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may use no lock");

extern "C" void note_signal(int number) {
  if (noted.exchange(number) != 0) {
    _exit(128 + number);
  }
}

}  // namespace

StopSignals::StopSignals() {
  noted = 0;
  struct sigaction action = {};
  action.sa_handler = note_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    sigaction(watched[i], &action, &before[i]);
  }
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < watched.size(); ++i) {
    sigaction(watched[i], &before[i], nullptr);
  }
}

int StopSignals::received() { return noted; }

}  // namespace heddle
