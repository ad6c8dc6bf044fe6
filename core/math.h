#pragma once

#include <cstdint>
#include <string_view>

namespace heddle {

/// How products of f32 numbers are computed on a GPU. f32: every product and sum rounded to 24
/// bits. tf32: factors rounded to 11 bits, sums in f32, on tensor cores. bf16: activations and
/// weights are stored as bf16, sums in f32.
enum class Math : std::uint8_t { f32, tf32, bf16 };

std::string_view name_of(Math math);     // "f32", "tf32", "bf16"
Math math_named(std::string_view name);  // Errors: unknown name

}  // namespace heddle
