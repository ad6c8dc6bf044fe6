#include "train/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace heddle {

namespace {

constexpr double live_interval = 0.2;    // seconds between two looks of the live line
constexpr double plain_interval = 10.0;  // seconds between two plain lines

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

Progress::Manner Progress::manner_for(int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  const bool live = isatty(descriptor) == 1 && !dumb;
  return {live, live && (no_colour == nullptr || *no_colour == '\0')};
}

Progress::Progress(std::ostream& out, Manner manner)
    : out_(out), manner_(manner), started_(Clock::now()), shown_(started_) {}

Progress::~Progress() { end(); }

void Progress::begin(std::int64_t first, std::int64_t last) {
  first_ = first;
  last_ = last;
  samples_ = 0;
  smoothed_loss_.reset();
  started_ = shown_ = Clock::now();
}

void Progress::step(std::int64_t step, std::optional<double> loss, std::int64_t samples) {
  samples_ += samples;
  if (loss) {
    smoothed_loss_ = smoothed_loss_ ? 0.95 * *smoothed_loss_ + 0.05 * *loss : *loss;
  }
  const Clock::time_point now = Clock::now();
  if (seconds_between(shown_, now) < (manner_.live ? live_interval : plain_interval)) {
    return;
  }
  shown_ = now;
  if (manner_.live) {
    clear_line();
    out_ << line(step, smoothed_loss_) << std::flush;
    line_shown_ = true;
  } else {
    out_ << line(step, smoothed_loss_) << '\n' << std::flush;
  }
}

std::string Progress::line(std::int64_t step, std::optional<double> loss) const {
  const double elapsed = std::max(1e-9, seconds_between(started_, Clock::now()));
  const auto done = static_cast<double>(step - first_);
  const double left = elapsed / std::max(1.0, done) * static_cast<double>(last_ - step);
  const char* dim = manner_.colour ? "\033[2m" : "";
  const char* bold = manner_.colour ? "\033[1m" : "";
  const char* plain = manner_.colour ? "\033[0m" : "";
  std::ostringstream text;
  text << dim << "step " << plain << step << dim << '/' << last_ << plain << std::fixed;
  if (loss) {
    text << dim << "  loss " << plain << bold << std::setprecision(4) << *loss << plain;
  }
  text << "  " << std::setprecision(0) << static_cast<double>(samples_) / elapsed << dim
       << " samples/s  " << plain << time_text(left) << dim << " left" << plain;
  return text.str();
}

void Progress::say(std::string_view message) {
  clear_line();
  out_ << message << '\n' << std::flush;
}

void Progress::end() { clear_line(); }

void Progress::clear_line() {
  if (line_shown_) {
    out_ << "\r\033[K" << std::flush;
    line_shown_ = false;
  }
}

std::string time_text(double seconds) {
  constexpr double longest = 1e9;
  const auto whole = static_cast<std::int64_t>(std::lround(std::clamp(seconds, 0.0, longest)));
  std::ostringstream text;
  if (whole < 60) {
    text << whole << " s";
  } else if (whole < 3600) {
    text << whole / 60 << " min " << whole % 60 << " s";
  } else {
    text << whole / 3600 << " h " << whole / 60 % 60 << " min";
  }
  return text.str();
}

}  // namespace heddle
