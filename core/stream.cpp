#include "core/stream.h"

#include <deque>

#include "core/memory.h"

namespace heddle {

Stream& current_stream(Device device) {
  if (device == Device{}) {
    thread_local Stream host;
    return host;
  }
  const MemoryFunctions& memory = memory_of(device);
  thread_local std::deque<Stream> streams;  // a deque, so that references stay good
  void* const native =
      memory.native_stream == nullptr ? nullptr : memory.native_stream(device.index);
  for (Stream& stream : streams) {
    if (stream.device == device) {
      stream.native = native;
      return stream;
    }
  }
  return streams.emplace_back(Stream{device, native});
}

MathScope::MathScope(Device device, Math math)
    : stream_(current_stream(device)), before_(stream_.math) {
  stream_.math = math;
}

MathScope::~MathScope() { stream_.math = before_; }

void synchronize(Device device) { memory_of(device).synchronize(device.index); }

}  // namespace heddle
