// Agreement with librosa: audio_features/make_audio_features.py wrote what it computes.

#include "data/mel_spectrogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "data/mfcc.h"
#include "data/npy.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

Tensor fixture(const std::string& name) {
  return read_npy(std::filesystem::path(HEDDLE_SOURCE_DIR) / "tests" / "data" / "audio_features" /
                  (name + ".npy"));
}

struct AudioCase {
  std::string name;
  MelSpectrogramOptions options;
};

std::vector<AudioCase> cases() {
  return {{"slaney",
           {.sample_rate = 8000,
            .n_fft = 256,
            .win_length = 200,
            .hop_length = 100,
            .n_mels = 20,
            .mel_scale = MelScale::slaney,
            .norm = MelNorm::slaney,
            .pad_mode = PadMode::constant}},
          {"htk", {.sample_rate = 8000, .n_mels = 24}},
          {"inside",
           {.sample_rate = 8000,
            .n_fft = 250,
            .hop_length = 80,
            .n_mels = 12,
            .f_min = 60,
            .f_max = 3500,
            .norm = MelNorm::slaney,
            .power = 1.0,
            .center = false}},
          {"odd",
           {.sample_rate = 8000,
            .n_fft = 189,
            .win_length = 150,
            .hop_length = 77,
            .n_mels = 10,
            .f_min = 100,
            .f_max = 3000,
            .mel_scale = MelScale::slaney}}};
}

/// Largest difference, relative to the largest expected value.
double difference(const std::vector<double>& found, const Tensor& expected) {
  const std::vector<double> wanted = expected.to_vector<double>();
  EXPECT_EQ(found.size(), wanted.size());
  double worst = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < std::min(found.size(), wanted.size()); ++i) {
    worst = std::max(worst, std::abs(found[i] - wanted[i]));
    largest = std::max(largest, std::abs(wanted[i]));
  }
  return worst / largest;
}

TEST(MelSpectrogram, AgreesWithLibrosa) {
  const std::vector<float> waveform = fixture("waveform").to_vector<float>();
  for (const AudioCase& audio : cases()) {
    const MelSpectrogram spectrogram(audio.options);
    std::vector<double> mel = spectrogram(waveform);
    const Tensor expected = fixture(audio.name + "_mel");
    EXPECT_EQ(spectrogram.frames(2000), expected.size(0)) << audio.name;
    EXPECT_LT(difference(mel, expected), 1e-13) << audio.name;
    take_log(mel, {.kind = LogKind::decibel});
    EXPECT_LT(difference(mel, fixture(audio.name + "_decibel")), 1e-11) << audio.name;
  }
}

TEST(Mfcc, AgreesWithLibrosa) {
  const std::vector<float> waveform = fixture("waveform").to_vector<float>();
  for (const AudioCase& audio : cases()) {
    const Mfcc decibel({.n_mfcc = 9, .mel = audio.options});
    EXPECT_LT(difference(decibel(waveform), fixture(audio.name + "_mfcc")), 1e-11) << audio.name;
    const Mfcc natural({.n_mfcc = 9,
                        .norm = DctNorm::none,
                        .mel = audio.options,
                        .log = {.kind = LogKind::natural, .log_offset = 1e-6}});
    EXPECT_LT(difference(natural(waveform), fixture(audio.name + "_mfcc_natural")), 1e-11)
        << audio.name;
    EXPECT_EQ(decibel.frames(2000), fixture(audio.name + "_mfcc").size(0));
  }
}

TEST(MelSpectrogram, MelScalesGoBothWays) {
  for (const MelScale scale : {MelScale::htk, MelScale::slaney}) {
    for (const double hertz : {0.0, 440.0, 999.0, 1000.0, 1001.0, 7000.0}) {
      EXPECT_NEAR(hertz_of(mel_of(hertz, scale), scale), hertz, 1e-9);
    }
  }
  EXPECT_NEAR(mel_of(1000.0, MelScale::htk), 1000.0, 0.02);
  EXPECT_DOUBLE_EQ(mel_of(1000.0, MelScale::slaney), 15.0);
  EXPECT_DOUBLE_EQ(mel_of(6400.0, MelScale::slaney), 42.0);
}

TEST(MelSpectrogram, DecibelsEndAtTheLimit) {
  std::vector<double> energies = {1.0, 1e-3, 1e-12, 0.0};
  take_log(energies, {.kind = LogKind::decibel, .top_db = 50.0});
  EXPECT_EQ(energies, (std::vector<double>{0.0, -30.0, -50.0, -50.0}));
  energies = {1.0, 0.0};
  take_log(energies, {.kind = LogKind::decibel, .top_db = 0.0});
  EXPECT_EQ(energies, (std::vector<double>{0.0, -100.0}));
}

TEST(MelSpectrogram, ShortWaveforms) {
  const MelSpectrogramOptions options{.sample_rate = 8000, .n_fft = 64, .n_mels = 4};
  MelSpectrogramOptions zeros = options;
  zeros.pad_mode = PadMode::constant;
  EXPECT_EQ(MelSpectrogram(zeros)(std::vector<float>(3, 0.5F)).size(), 4U);
  EXPECT_TRUE(MelSpectrogram(zeros)(std::vector<float>()).empty());
  MelSpectrogramOptions inside = options;
  inside.center = false;
  EXPECT_TRUE(MelSpectrogram(inside)(std::vector<float>(63)).empty());
  EXPECT_EQ(MelSpectrogram(inside)(std::vector<float>(64)).size(), 4U);
  const MelSpectrogram reflecting(options);
  EXPECT_NE(message_of([&] {
              static_cast<void>(reflecting(std::vector<float>(32)));
            }).find("32 samples; expected more than 32"),
            std::string::npos);
}

TEST(MelSpectrogram, RefusesOptionsThatMakeNoSense) {
  const auto message = [](const MelSpectrogramOptions& options) {
    return message_of([&] { MelSpectrogram{options}; });
  };
  EXPECT_NE(message({.n_fft = 1}).find("n_fft"), std::string::npos);
  EXPECT_NE(message({.win_length = 401}).find("win_length 401"), std::string::npos);
  EXPECT_NE(message({.hop_length = -1}).find("hop_length"), std::string::npos);
  EXPECT_NE(message({.f_min = 9000}).find("f_min < f_max"), std::string::npos);
  EXPECT_NE(message({.n_mels = 128}).find("has no bin"), std::string::npos);
  EXPECT_NE(message({.power = 0.0}).find("power"), std::string::npos);
  EXPECT_NE(message_of([] {
              Mfcc({.n_mfcc = 65, .mel = {}});
            }).find("n_mfcc 65; expected 1 … n_mels (64)"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
