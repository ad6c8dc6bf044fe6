#include <optional>

#include "core/captured_work.h"
#include "core/recording.h"

namespace heddle {
namespace {

class HostCapture : public CapturedWork {
 public:
  explicit HostCapture(Device device) { scope_.emplace(device, &recording_); }

  void end() override { scope_.reset(); }

  void replay(Stream& /*stream*/) override {
    for (const auto& step : recording_) {
      step();
    }
  }

 private:
  Recording recording_;
  std::optional<CaptureScope> scope_;
};

}  // namespace

std::unique_ptr<CapturedWork> capture_on_host(Stream& stream) {
  return std::make_unique<HostCapture>(stream.device);
}

}  // namespace heddle
