#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace heddle {

using Rgb = std::array<std::uint8_t, 3>;

/// A PNG file of 8-bit pixels, row-major, channels interleaved: 1 (grey), 3 (RGB) or 4 (RGBA).
/// Errors: a width or height outside 1 … 16384, another number of channels, the wrong number of
/// pixels.
std::vector<std::uint8_t> encode_png(std::int64_t width, std::int64_t height, std::int64_t channels,
                                     std::span<const std::uint8_t> pixels);

/// A PNG file with a palette of 1 … 256 colours and one index per pixel.
/// Errors: as above; an index that the palette lacks.
std::vector<std::uint8_t> encode_png_indexed(std::int64_t width, std::int64_t height,
                                             std::span<const std::uint8_t> indices,
                                             std::span<const Rgb> palette);

/// `bytes` in base64 (RFC 4648, padded).
std::string base64(std::span<const std::uint8_t> bytes);

/// "data:image/png;base64,…", ready for the `src` of an image.
std::string png_data_uri(std::span<const std::uint8_t> png);

}  // namespace heddle
