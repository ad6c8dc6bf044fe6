#include "core/storage.h"

#include "core/allocator.h"

namespace heddle {

Storage::Storage(Device device, std::size_t bytes)
    : data_(allocate(device, bytes)), bytes_(bytes), device_(device) {}

Storage::~Storage() { release(device_, data_, bytes_); }

}  // namespace heddle
