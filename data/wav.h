#pragma once

#include "core/tensor.h"
#include "data/input_file.h"

namespace heddle {

struct Recording {
  double sample_rate = 0;  // Hz
  Tensor samples;          // f32 [n], −1 … 1; several channels averaged
};

/// Reads a WAV file: integer and floating-point samples, at most 64 channels, 2^31 bytes. Errors
/// (InputError): another format, damaged, fewer samples than it states, a sample that is not
/// finite.
Recording read_wav(const InputFile& file);

}  // namespace heddle
