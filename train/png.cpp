#include "train/png.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <utility>

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::int64_t largest_side = 16384;

void check_size(std::int64_t width, std::int64_t height, std::int64_t channels,
                std::size_t pixels) {
  check(width >= 1 && width <= largest_side && height >= 1 && height <= largest_side,
        "png: size is ", width, " × ", height, "; expected 1 … ", largest_side, " each way");
  check(static_cast<std::int64_t>(pixels) == width * height * channels, "png: ", pixels,
        " values for ", width, " × ", height, " × ", channels, "; expected ",
        width * height * channels);
}

struct PngWriter {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::vector<std::uint8_t> bytes;
  std::string problem;

  PngWriter() = default;
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;
  ~PngWriter() { png_destroy_write_struct(&png, &info); }
};

// libpng is C and may call these; nothing may be thrown through its frames, so a failed allocation
// becomes libpng's own error, which ends in the setjmp of `write`.
void append(png_structp png, png_bytep data, png_size_t size) {
  auto* writer = static_cast<PngWriter*>(png_get_io_ptr(png));
  bool stored = true;
  try {
    writer->bytes.insert(writer->bytes.end(), data, data + size);
  } catch (...) {
    stored = false;
  }
  if (!stored) {
    png_error(png, "out of memory");
  }
}

void flush(png_structp) {}

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* writer = static_cast<PngWriter*>(png_get_error_ptr(png));
  try {
    writer->problem = message;
  } catch (...) {
    writer->problem.clear();
  }
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

// Everything between setjmp and a longjmp to it is trivially destructible here.
bool write(PngWriter& writer, png_uint_32 width, png_uint_32 height, int colour_type,
           png_size_t row_bytes, const std::uint8_t* pixels, const png_color* palette,
           int palette_size) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) {
    return false;
  }
  png_set_write_fn(writer.png, &writer, append, flush);
  png_set_compression_level(writer.png, 9);
  png_set_IHDR(writer.png, writer.info, width, height, 8, colour_type, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (palette_size > 0) {
    png_set_PLTE(writer.png, writer.info, palette, palette_size);
  }
  png_write_info(writer.png, writer.info);
  for (png_uint_32 row = 0; row < height; ++row) {
    png_write_row(writer.png, pixels + row * row_bytes);
  }
  png_write_end(writer.png, writer.info);
  return true;
}

std::vector<std::uint8_t> encode(std::int64_t width, std::int64_t height, int colour_type,
                                 std::int64_t channels, std::span<const std::uint8_t> pixels,
                                 std::span<const png_color> palette) {
  PngWriter writer;
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, on_error, on_warning);
  writer.info = writer.png == nullptr ? nullptr : png_create_info_struct(writer.png);
  check<OutOfMemory>(writer.info != nullptr, "png: libpng could not be started");
  const bool written =
      write(writer, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), colour_type,
            static_cast<png_size_t>(width * channels), pixels.data(), palette.data(),
            static_cast<int>(palette.size()));
  check(written, "png: libpng could not encode ", width, " × ", height, ": ", writer.problem);
  return std::move(writer.bytes);
}

}  // namespace

std::vector<std::uint8_t> encode_png(std::int64_t width, std::int64_t height, std::int64_t channels,
                                     std::span<const std::uint8_t> pixels) {
  check(channels == 1 || channels == 3 || channels == 4, "png: ", channels,
        " channels; expected 1 (grey), 3 (RGB) or 4 (RGBA)");
  check_size(width, height, channels, pixels.size());
  const int colour_type = channels == 1   ? PNG_COLOR_TYPE_GRAY
                          : channels == 3 ? PNG_COLOR_TYPE_RGB
                                          : PNG_COLOR_TYPE_RGB_ALPHA;
  return encode(width, height, colour_type, channels, pixels, {});
}

std::vector<std::uint8_t> encode_png_indexed(std::int64_t width, std::int64_t height,
                                             std::span<const std::uint8_t> indices,
                                             std::span<const Rgb> palette) {
  check(!palette.empty() && palette.size() <= 256, "png: a palette of ", palette.size(),
        " colours; expected 1 … 256");
  check_size(width, height, 1, indices.size());
  for (const std::uint8_t index : indices) {
    check(index < palette.size(), "png: index ", int{index}, " in a palette of ", palette.size());
  }
  std::vector<png_color> colours;
  colours.reserve(palette.size());
  for (const Rgb& colour : palette) {
    colours.push_back({colour[0], colour[1], colour[2]});
  }
  return encode(width, height, PNG_COLOR_TYPE_PALETTE, 1, indices, colours);
}

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = std::uint32_t{bytes[at]} << 16;
    group |= count > 1 ? std::uint32_t{bytes[at + 1]} << 8 : 0u;
    group |= count > 2 ? std::uint32_t{bytes[at + 2]} : 0u;
    text += alphabet[group >> 18];
    text += alphabet[group >> 12 & 63u];
    text += count > 1 ? alphabet[group >> 6 & 63u] : '=';
    text += count > 2 ? alphabet[group & 63u] : '=';
  }
  return text;
}

std::string png_data_uri(std::span<const std::uint8_t> png) {
  return "data:image/png;base64," + base64(png);
}

}  // namespace heddle
