#include "data/wav.h"

#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::int64_t largest_file = std::int64_t{1} << 31;
constexpr int most_channels = 64;

/// Bytes in memory as libsndfile reads them.
struct Source {
  std::string bytes;
  sf_count_t at = 0;

  sf_count_t size() const { return static_cast<sf_count_t>(bytes.size()); }

  static sf_count_t length(void* self) { return static_cast<Source*>(self)->size(); }
  static sf_count_t tell(void* self) { return static_cast<Source*>(self)->at; }
  static sf_count_t seek(sf_count_t offset, int whence, void* self) {
    auto* source = static_cast<Source*>(self);
    const sf_count_t base = whence == SEEK_SET   ? 0
                            : whence == SEEK_CUR ? source->at
                                                 : source->size();
    if (offset < -base || offset > source->size() - base) {
      return -1;
    }
    return source->at = base + offset;
  }
  static sf_count_t read(void* out, sf_count_t count, void* self) {
    auto* source = static_cast<Source*>(self);
    const sf_count_t taken = std::clamp<sf_count_t>(count, 0, source->size() - source->at);
    std::memcpy(out, source->bytes.data() + source->at, static_cast<std::size_t>(taken));
    source->at += taken;
    return taken;
  }
  static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
};

struct Close {
  void operator()(SNDFILE* sound) const { sf_close(sound); }
};

}  // namespace

Recording read_wav(const InputFile& file) {
  const std::string& name = file.name();
  check<InputError>(file.size() <= largest_file, name, ": the file has ", file.size(),
                    " bytes, expected at most ", largest_file);
  Source source{file.read_text(0, file.size())};
  SF_VIRTUAL_IO access = {Source::length, Source::seek, Source::read, Source::write, Source::tell};
  SF_INFO info = {};
  const std::unique_ptr<SNDFILE, Close> sound(sf_open_virtual(&access, SFM_READ, &info, &source));
  check<InputError>(sound != nullptr, name, ": expected a WAV file: ", sf_strerror(nullptr));
  const int format = info.format & SF_FORMAT_TYPEMASK;
  check<InputError>(format == SF_FORMAT_WAV || format == SF_FORMAT_WAVEX, name,
                    ": a sound file of another format, expected WAV");
  check<InputError>(info.channels >= 1 && info.channels <= most_channels && info.samplerate > 0,
                    name, ": ", info.channels, " channels at ", info.samplerate,
                    " Hz, expected 1 … ", most_channels, " channels");
  // Compressed kinds hold at least four bits per sample.
  check<InputError>(info.frames >= 0 && info.frames / 2 <= file.size() / info.channels, name,
                    ": states ", info.frames, " samples, which ", file.size(),
                    " bytes cannot hold");
  Recording result;
  result.sample_rate = info.samplerate;
  result.samples = Tensor::zeros({info.frames});
  float* out = result.samples.mutable_data<float>("read_wav");
  constexpr sf_count_t block = 4096;
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<float> frames(static_cast<std::size_t>(block) * channels);
  for (sf_count_t done = 0; done < info.frames;) {
    const sf_count_t got =
        sf_readf_float(sound.get(), frames.data(), std::min(block, info.frames - done));
    check<InputError>(got > 0, name, ": ends after ", done, " of ", info.frames, " samples");
    for (sf_count_t i = 0; i < got; ++i) {
      float sum = 0.0f;
      for (std::size_t c = 0; c < channels; ++c) {
        sum += frames[static_cast<std::size_t>(i) * channels + c];
      }
      check<InputError>(std::isfinite(sum), name, ": sample ", done + i, " is ", sum,
                        ", expected a finite number");
      *out++ = sum / static_cast<float>(channels);
    }
    done += got;
  }
  return result;
}

}  // namespace heddle
