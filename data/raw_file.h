#pragma once

#include <filesystem>

#include "core/tensor.h"
#include "data/dataset.h"

namespace heddle {

/// The raw values of one sample from a file of its own, as batch_of_raw takes them: an array (.npy)
/// of anything; a picture (.png, .jpg, .jpeg) for an image modality, brought to its size and number
/// of planes (1 or 3), 0 … 1; a recording (.wav) for a sequence that was made of waveforms, as
/// log-mel frames. Errors (InputError): as the readers; another ending; a kind of file the modality
/// is not made of; a recording of another sample rate.
Tensor read_raw_file(const ModalityInfo& info, const std::filesystem::path& path);

}  // namespace heddle
