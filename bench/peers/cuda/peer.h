#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/peers/cuda/device_memory.h"
#include "core/tensor.h"

namespace heddle::bench {

/// In which numbers an opponent computes. f32: f32 data, every product exact to 24 bits, no tensor
/// cores. tf32: f32 data, factors rounded to 11 bits. bf16, f16: data of that type, sums in f32.
enum class PeerMath : std::uint8_t { f32, tf32, bf16, f16 };

std::string_view name_of(PeerMath math);
/// The type of the data.
Element element_of(PeerMath math);

/// A library's way to compute what one of our kernels computes, on GPU 0. Constructors take the
/// inputs, on any device and in f32: what the opponent can read as it is, it shares with the
/// caller, the rest it copies. They throw Unavailable where there is no GPU, or with the library's
/// words where it has no such kernel.
///
/// `forward` and `backward` each put one call on the stream: nothing is allocated, the host waits
/// for nothing, so they may be captured in a graph. backward needs a forward before it.
class CudaPeer {
 public:
  virtual ~CudaPeer() = default;
  CudaPeer(const CudaPeer&) = delete;
  CudaPeer& operator=(const CudaPeer&) = delete;

  virtual void forward() = 0;
  virtual void backward() = 0;

  /// Fills all outputs with NaN, on the stream: what is not one afterwards was computed.
  void poison();
  /// Waits for the stream. Outputs by the names that our kernels' headers give them, f32 on the
  /// host, in our layout.
  virtual std::map<std::string, Tensor> results() const;
  /// What was chosen ("plan 3 of 8, 4096 bytes of workspace"); may be empty.
  const std::string& note() const { return note_; }

 protected:
  /// Errors: Unavailable, where there is no GPU to measure on; says why.
  explicit CudaPeer(cudaStream_t stream);

  /// Memory for an output, or for what the library calls one.
  void* output(const std::string& name, const Shape& shape, Element element);
  /// An output's values, f32 on the host. Waits for the stream.
  Tensor value(const std::string& name) const;
  cudaStream_t stream() const { return stream_; }
  void set_note(std::string note) { note_ = std::move(note); }

 private:
  struct Output {
    Shape shape;
    Element element = Element::f32;
    DeviceMemory memory;
  };
  cudaStream_t stream_;
  std::map<std::string, Output> outputs_;
  std::string note_;
};

}  // namespace heddle::bench
