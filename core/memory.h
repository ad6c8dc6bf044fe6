#pragma once

#include <cstddef>
#include <cstdint>

#include "core/device.h"
#include "core/stream.h"
#include "core/view.h"

namespace heddle {

/// What a backend must do with memory before it can hold tensors: one table per backend, found by
/// `memory_of`. A new backend joins by adding its table there.
struct MemoryFunctions {
  bool on_host;  // code on the host may read and write its blocks

  /// A block aligned to `allocation_alignment`, or null when the device has no more.
  void* (*take)(int index, std::size_t bytes);
  void (*give_back)(int index, void* block, std::size_t bytes) noexcept;

  /// destination[i…] = source[i…], converting the type: f → i64 truncates (NaN gives 0, values out
  /// of range the nearest i64), x → bool is x ≠ 0. Same shape, both in this backend's memory, any
  /// strides; they must not overlap, and no element of `destination` may be there twice.
  void (*copy)(const View& destination, const ConstView& source);
  /// destination[i…] = value, converted as above.
  void (*fill)(const View& destination, double value);

  /// Contiguous bytes from and to the host; both null where the memory is the host's.
  void (*upload)(Device device, void* destination, const void* source, std::size_t bytes);
  void (*download)(Device device, void* destination, const void* source, std::size_t bytes);

  void (*synchronize)(int index);

  // The rest is null where the memory is the host's.
  /// `Stream::native` for this thread now.
  void* (*native_stream)(int index);
  /// Bytes the device has to give and has in all; false where it does not say.
  bool (*space)(int index, std::int64_t& available, std::int64_t& total) noexcept;
};

/// Errors: Unavailable for a backend this build or machine lacks.
const MemoryFunctions& memory_of(Device device);

/// The table shared by cpu and sim.
const MemoryFunctions& host_memory();
/// Errors: Unavailable where the build has no CUDA backend.
const MemoryFunctions& cuda_memory();

}  // namespace heddle
