#include "core/stream.h"

#include <deque>

#include "core/memory.h"

namespace heddle {

Stream& current_stream(Device device) {
  memory_of(device);
  thread_local std::deque<Stream> streams;  // a deque, so that references stay good
  for (Stream& stream : streams) {
    if (stream.device == device) {
      return stream;
    }
  }
  return streams.emplace_back(Stream{device, nullptr});
}

void synchronize(Device device) { memory_of(device).synchronize(device.index); }

}  // namespace heddle
