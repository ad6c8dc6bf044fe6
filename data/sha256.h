#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/tensor.h"

namespace heddle {

/// SHA-256 (FIPS 180-4) of bytes given in parts.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  /// The elements in row-major order, little-endian (no shape, no type).
  void update(const Tensor& tensor);
  /// 64 lower-case hexadecimal digits. Nothing may be added after.
  std::string finish();

 private:
  struct Release {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Release> context_;
};

std::string sha256_of(std::string_view text);
std::string sha256_of(const Tensor& tensor);

}  // namespace heddle
