#include "train/report_pictures.h"

#include <gtest/gtest.h>
#include <png.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/error.h"
#include "train/colour_map.h"
#include "train/png.h"

namespace heddle {
namespace {

struct Decoded {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> rgba;
};

Decoded decode(const std::vector<std::uint8_t>& file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, file.data(), file.size()), 0) << image.message;
  image.format = PNG_FORMAT_RGBA;
  Decoded decoded{image.width, image.height, std::vector<std::uint8_t>(PNG_IMAGE_SIZE(image))};
  EXPECT_NE(png_image_finish_read(&image, nullptr, decoded.rgba.data(), 0, nullptr), 0)
      << image.message;
  return decoded;
}

std::vector<std::uint8_t> unbase64(const std::string& text) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::uint8_t> bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') {
      break;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(alphabet.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::uint8_t>(bits >> count & 255u));
    }
  }
  return bytes;
}

Decoded decode_uri(const std::string& uri) {
  const std::string prefix = "data:image/png;base64,";
  EXPECT_EQ(uri.substr(0, prefix.size()), prefix);
  return decode(unbase64(uri.substr(prefix.size())));
}

TEST(Png, GivesBackEveryPixel) {
  for (const std::int64_t channels : {1, 3, 4}) {
    std::vector<std::uint8_t> pixels;
    for (std::int64_t i = 0; i < 7 * 5 * channels; ++i) {
      pixels.push_back(static_cast<std::uint8_t>(i * 37 % 256));
    }
    const Decoded decoded = decode(encode_png(7, 5, channels, pixels));
    ASSERT_EQ(decoded.width, 7);
    ASSERT_EQ(decoded.height, 5);
    for (std::size_t pixel = 0; pixel < 35; ++pixel) {
      const auto at = [&](std::size_t channel) {
        const auto per_pixel = static_cast<std::size_t>(channels);
        return channels == 1 ? pixels[pixel] : pixels[pixel * per_pixel + channel];
      };
      for (std::size_t channel = 0; channel < 3; ++channel) {
        EXPECT_EQ(decoded.rgba[4 * pixel + channel], at(channel));
      }
      EXPECT_EQ(decoded.rgba[4 * pixel + 3], channels == 4 ? at(3) : 255);
    }
  }
}

TEST(Png, RefusesWhatDoesNotFit) {
  const std::vector<std::uint8_t> pixels(12);
  EXPECT_THROW(encode_png(2, 2, 2, pixels), Error);
  EXPECT_THROW(encode_png(2, 3, 3, pixels), Error);
  EXPECT_THROW(encode_png(0, 0, 3, {}), Error);
  EXPECT_THROW(encode_png(-2, -2, 3, pixels), Error);
  EXPECT_THROW(encode_png(std::int64_t{1} << 62, 4, 3, pixels), Error);
  const std::array<Rgb, 1> palette = {Rgb{1, 2, 3}};
  EXPECT_THROW(encode_png_indexed(1, 1, std::vector<std::uint8_t>{1}, palette), Error);
  EXPECT_THROW(encode_png_indexed(1, 1, std::vector<std::uint8_t>{0}, {}), Error);
}

TEST(Base64, MatchesTheStandard) {
  const auto encoded = [](const std::string& text) {
    return base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(HeatColours, LightnessRisesEvenly) {
  const auto& colours = heat_colours();
  for (std::size_t i = 1; i < colours.size(); ++i) {
    const double step = perceived_lightness(colours[i]) - perceived_lightness(colours[i - 1]);
    EXPECT_NEAR(step, 0.79 / 255.0, 0.004) << i;
  }
  EXPECT_NEAR(perceived_lightness(colours.front()), 0.16, 0.01);
  EXPECT_NEAR(perceived_lightness(colours.back()), 0.95, 0.01);
  EXPECT_NEAR(perceived_lightness({255, 255, 255}), 1.0, 1e-4);
}

double lightness_at(const Decoded& picture, std::int64_t x, std::int64_t y) {
  const auto at = static_cast<std::size_t>(4 * (y * picture.width + x));
  return perceived_lightness({picture.rgba[at], picture.rgba[at + 1], picture.rgba[at + 2]});
}

TEST(Spectrogram, TimeRunsRightAndLowFrequenciesAreBelow) {
  // Two frames of three bins: loud at the lowest bin first, at the highest bin then.
  const Decoded picture =
      decode_uri(report::spectrogram_source({2, 3, {9, 0, 0, 0, 0, 9}, {}, {}, {}}));
  ASSERT_EQ(picture.width, 2);
  ASSERT_EQ(picture.height, 3);
  EXPECT_NEAR(lightness_at(picture, 0, 2), 0.95, 0.02);
  EXPECT_NEAR(lightness_at(picture, 1, 0), 0.95, 0.02);
  EXPECT_NEAR(lightness_at(picture, 0, 0), 0.16, 0.02);
}

TEST(Spectrogram, SurvivesSilenceAndNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(decode_uri(report::spectrogram_source({1, 2, {nan, nan}, {}, {}, {}})).height, 2);
  EXPECT_EQ(decode_uri(report::spectrogram_source({1, 2, {3, 3}, {}, {}, {}})).height, 2);
  EXPECT_THROW(report::spectrogram_source({2, 2, {1, 2, 3}, {}, {}, {}}), Error);
  EXPECT_THROW(report::spectrogram_source({0, 0, {}, {}, {}, {}}), Error);
}

TEST(Attention, EachRowReachesTheBrightestColour) {
  const Decoded picture = decode_uri(report::attention_source({{0.1, 0.3}, {0.9, 0.0}}));
  EXPECT_NEAR(lightness_at(picture, 1, 0), 0.95, 0.02);
  EXPECT_NEAR(lightness_at(picture, 0, 1), 0.95, 0.02);
  EXPECT_NEAR(lightness_at(picture, 1, 1), 0.16, 0.02);
  EXPECT_THROW(report::attention_source({{0.1, 0.3}, {0.9}}), Error);
  EXPECT_THROW(report::attention_source({}), Error);
}

}  // namespace
}  // namespace heddle
