#include "data/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <bit>

#include "core/error.h"

namespace heddle {

static_assert(std::endian::native == std::endian::little,
              "files and digests are little-endian, and tensors are taken as they lie in memory");

namespace {

EVP_MD_CTX* digest(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

void Sha256::Release::operator()(void* context) const { EVP_MD_CTX_free(digest(context)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check<OutOfMemory>(context_ != nullptr, "sha256: libcrypto could not make a context");
  check(EVP_DigestInit_ex(digest(context_.get()), EVP_sha256(), nullptr) == 1,
        "sha256: libcrypto offers no SHA-256");
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(digest(context_.get()), bytes.data(), bytes.size()) == 1,
        "sha256: update failed in libcrypto");
}

void Sha256::update(std::string_view text) {
  update(std::as_bytes(std::span<const char>(text.data(), text.size())));
}

void Sha256::update(const Tensor& tensor) {
  const Tensor packed = tensor.to(Device{}).contiguous();
  const auto bytes = static_cast<std::size_t>(packed.elements()) * size_of(packed.dtype());
  update({static_cast<const std::byte*>(packed.view().data), bytes});
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes = {};
  unsigned int count = 0;
  check(EVP_DigestFinal_ex(digest(context_.get()), bytes.data(), &count) == 1,
        "sha256: finish failed in libcrypto");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < count; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15u];
  }
  return text;
}

std::string sha256_of(std::string_view text) {
  Sha256 sum;
  sum.update(text);
  return sum.finish();
}

std::string sha256_of(const Tensor& tensor) {
  Sha256 sum;
  sum.update(tensor);
  return sum.finish();
}

}  // namespace heddle
