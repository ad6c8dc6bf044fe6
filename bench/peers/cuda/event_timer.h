#pragma once

#include <cuda_runtime_api.h>

#include <functional>

namespace heddle::bench {

/// For choosing among a library's own ways: the shortest of a few calls, after one to warm up, in
/// milliseconds on the GPU. Waits for the stream.
float best_milliseconds(cudaStream_t stream, const std::function<void()>& call);

}  // namespace heddle::bench
