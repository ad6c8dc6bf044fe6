#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>

#include "core/cuda/event.h"

namespace heddle::cuda {

/// Page-locked host memory through which bytes travel to and from a card: only from such memory can
/// the card copy on its own. Two pieces of 4 MiB in turn, so that the host fills (or empties) one
/// while the card copies the other. Taken at first use.
class Staging {
 public:
  static constexpr std::size_t piece_bytes = std::size_t{4} << 20;

  explicit Staging(Device device) : device_(device) {}
  /// The card must have finished its copies.
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  /// Returns when `source` may be changed; the card may still be copying.
  void upload(const Stream& stream, void* destination, const void* source, std::size_t bytes);
  /// Returns when all bytes are there.
  void download(const Stream& stream, void* destination, const void* source, std::size_t bytes);

 private:
  struct Piece {
    std::byte* memory = nullptr;
    std::optional<Event> copied;  // marks the end of the last copy from or to it
  };

  void prepare();
  void start(const Stream& stream, Piece& piece, void* destination, const void* source,
             std::size_t bytes, cudaMemcpyKind kind);
  void settle(const Stream& stream) noexcept;

  std::mutex mutex_;
  Device device_;
  std::byte* memory_ = nullptr;
  std::array<Piece, 2> pieces_;
};

}  // namespace heddle::cuda
