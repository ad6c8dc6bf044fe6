#include "core/recording.h"

#include <optional>

#include "core/error.h"

namespace heddle {
namespace {

struct Capture {
  Device device;
  Recording* recording;
};

thread_local std::optional<Capture> capture;

}  // namespace

Recording* active_recording() { return capture ? capture->recording : nullptr; }

bool is_capturing(Device device) { return capture && capture->device == device; }

void check_not_capturing(Device device, const char* what) {
  check(!is_capturing(device), what, ": a graph is being captured on ", device,
        ", where nothing is computed until its replay; do this before begin_capture or after "
        "replay");
}

CaptureScope::CaptureScope(Device device, Recording* recording) {
  check(!capture,
        "begin_capture: this thread is capturing a graph already; end that capture first");
  capture = Capture{device, recording};
}

CaptureScope::~CaptureScope() { capture.reset(); }

}  // namespace heddle
