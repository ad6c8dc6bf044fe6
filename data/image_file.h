#pragma once

#include <cstdint>

#include "core/tensor.h"
#include "data/input_file.h"

namespace heddle {

/// Reads a PNG or JPEG picture (told by its first bytes) as f32 [channels, height, width] in 0 … 1:
/// `channels` 3 (red, green, blue) or 1 (grey: luma, as the libraries compute it). Transparency is
/// laid over black. At most 2^26 pixels, checked before anything is allocated for them, and 256 MiB
/// of file. Errors (InputError): another format, damaged, cut short, too large.
Tensor read_image(const InputFile& file, std::int64_t channels);

}  // namespace heddle
