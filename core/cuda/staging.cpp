#include "core/cuda/staging.h"

#include <algorithm>
#include <cstring>

#include "core/cuda/calls.h"
#include "core/cuda/card.h"
#include "core/cuda/check.h"

namespace heddle::cuda {

Staging::~Staging() {
  if (memory_ != nullptr) {
    ignore_error(calls().cudaFreeHost(memory_));
  }
}

void Staging::prepare() {
  if (memory_ == nullptr) {
    void* memory = nullptr;
    check_cuda(calls().cudaMallocHost(&memory, pieces_.size() * piece_bytes), "cudaMallocHost",
               device_.index);
    memory_ = static_cast<std::byte*>(memory);
  }
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    pieces_[i].memory = memory_ + i * piece_bytes;
    if (!pieces_[i].copied) {
      pieces_[i].copied.emplace(device_);
    }
  }
}

void Staging::start(const Stream& stream, Piece& piece, void* destination, const void* source,
                    std::size_t bytes, cudaMemcpyKind kind) {
  check_cuda(calls().cudaMemcpyAsync(destination, source, bytes, kind, native(stream)),
             "cudaMemcpyAsync", device_.index);
  piece.copied->record(stream);
}

/// After an error: nothing may be left that still copies from or to the pieces unmarked.
void Staging::settle(const Stream& stream) noexcept {
  ignore_error(calls().cudaStreamSynchronize(native(stream)));
}

void Staging::upload(const Stream& stream, void* destination, const void* source,
                     std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  prepare();
  try {
    std::size_t next = 0;
    for (std::size_t done = 0; done < bytes; ++next) {
      Piece& piece = pieces_[next % pieces_.size()];
      const std::size_t count = std::min(piece_bytes, bytes - done);
      piece.copied->synchronize();
      std::memcpy(piece.memory, static_cast<const std::byte*>(source) + done, count);
      start(stream, piece, static_cast<std::byte*>(destination) + done, piece.memory, count,
            cudaMemcpyHostToDevice);
      done += count;
    }
  } catch (...) {
    settle(stream);
    throw;
  }
}

void Staging::download(const Stream& stream, void* destination, const void* source,
                       std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  prepare();
  try {
    // One piece ahead: piece i + 1 is on its way while piece i is emptied.
    const std::size_t count = (bytes + piece_bytes - 1) / piece_bytes;
    for (std::size_t i = 0; i <= count; ++i) {
      if (i < count) {
        Piece& piece = pieces_[i % pieces_.size()];
        piece.copied->synchronize();
        start(stream, piece, piece.memory, static_cast<const std::byte*>(source) + i * piece_bytes,
              std::min(piece_bytes, bytes - i * piece_bytes), cudaMemcpyDeviceToHost);
      }
      if (i > 0) {
        const std::size_t before = (i - 1) * piece_bytes;
        Piece& piece = pieces_[(i - 1) % pieces_.size()];
        piece.copied->synchronize();
        std::memcpy(static_cast<std::byte*>(destination) + before, piece.memory,
                    std::min(piece_bytes, bytes - before));
      }
    }
  } catch (...) {
    settle(stream);
    throw;
  }
}

}  // namespace heddle::cuda
