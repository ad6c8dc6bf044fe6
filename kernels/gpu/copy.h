#pragma once

#include <cstdint>

#include "core/stream.h"
#include "core/view.h"

namespace heddle::kernels {

/// From naive to best: a thread for each element and 64-bit divisions; joined dimensions and 16
/// bytes at once; transposes through a tile in shared memory besides.
enum class CopyVersion : std::uint8_t { strided, coalesced, tiled };

// destination[i…] = source[i…] and destination[i…] = value on the stream's device: any strides,
// same shape, all conversions of `MemoryFunctions::copy` (core/memory.h) with the same bits. They
// must not overlap, and no element of `destination` may be there twice. Errors: the shapes differ.

namespace cuda {
void strided_copy(Stream&, const View& destination, const ConstView& source,
                  CopyVersion version = CopyVersion::tiled);
void strided_fill(Stream&, const View& destination, double value,
                  CopyVersion version = CopyVersion::tiled);
/// From now on tensors on CUDA devices are copied and filled by these kernels (before: by way of
/// the host). For whoever puts the table of kernels together; CUDA builds only.
void use_copy_kernels();
}  // namespace cuda

namespace sim {
void strided_copy(Stream&, const View& destination, const ConstView& source,
                  CopyVersion version = CopyVersion::tiled);
void strided_fill(Stream&, const View& destination, double value,
                  CopyVersion version = CopyVersion::tiled);
}  // namespace sim

}  // namespace heddle::kernels
