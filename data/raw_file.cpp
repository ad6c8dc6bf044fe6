#include "data/raw_file.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/image_file.h"
#include "data/npy.h"
#include "data/resize.h"
#include "data/wav.h"
#include "data/waveforms.h"

namespace heddle {
namespace {

std::string ending_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return ending;
}

Tensor picture(const ModalityInfo& info, const std::filesystem::path& path) {
  check<InputError>(info.kind == ModalityKind::image, path.string(), ": a picture, but \"",
                    info.name, "\" is of kind ", name_of(info.kind), "; expected a .npy file");
  const std::int64_t channels = info.shape[0];
  check<InputError>(channels == 1 || channels == 3, path.string(), ": \"", info.name, "\" has ",
                    channels, " planes, which no picture file has; expected a .npy file");
  const Tensor pixels = read_image(InputFile::open(path), channels).unsqueeze(0);
  return resize_pictures(pixels, info.shape[1], info.shape[2]).select(0, 0).contiguous();
}

Tensor recording(const ModalityInfo& info, const std::filesystem::path& path) {
  check<InputError>(info.log_mel.has_value(), path.string(), ": a recording, but \"", info.name,
                    "\" is not made of waveforms; expected a .npy file");
  const Recording read = read_wav(InputFile::open(path));
  check<InputError>(read.sample_rate == info.log_mel->sample_rate, path.string(), ": recorded at ",
                    read.sample_rate, " Hz, but \"", info.name, "\" was learned at ",
                    info.log_mel->sample_rate, " Hz; convert it, for example with sox or ffmpeg");
  const std::vector<std::int64_t> starts = {0, read.samples.elements()};
  return frames_of_waveforms(read.samples, starts, *info.log_mel, std::nullopt).frames;
}

}  // namespace

Tensor read_raw_file(const ModalityInfo& info, const std::filesystem::path& path) {
  const std::string ending = ending_of(path);
  if (ending == ".png" || ending == ".jpg" || ending == ".jpeg") {
    return picture(info, path);
  }
  if (ending == ".wav") {
    return recording(info, path);
  }
  check<InputError>(ending == ".npy", path.string(), ": the name ends in \"", ending,
                    "\"; expected .npy, .png, .jpg, .jpeg or .wav");
  return read_npy(path, DType::f32);
}

}  // namespace heddle
