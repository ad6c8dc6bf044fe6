#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/case.h"
#include "bench/operation.h"
#include "bench/peers/cuda/peer.h"

namespace heddle::bench {

/// What a library's result is held to.
struct Expected {
  std::string name;  // in CudaPeer::results
  Tensor reference;  // f64, on the host
};

/// The result and the gradients of an operation, by the names that opponents give them, in the
/// order of Operation::reference; without those that it does not have.
std::vector<Expected> expected_of(const Operation& ours, const std::vector<std::string>& names);

/// An operation's dy as opponents take it: f32, or undefined where nothing is differentiated.
Tensor dy_for_peers(const Operation& ours);

/// The classes to measure a library in beside ours: exact f32 has TF32 beside it, which is what
/// libraries compute f32 in unless told otherwise.
std::vector<PeerMath> peer_maths(Math ours);

/// The stream that a device's work is put on.
cudaStream_t stream_of(Device device);

/// `make`'s opponent, forward or forward and backward. Where it cannot be made or its first call
/// fails (heddle::Error), the contender is absent, with the reason.
Contender peer_contender(const std::string& name, PeerMath math, bool backward,
                         const std::vector<Expected>& expected,
                         const std::function<std::unique_ptr<CudaPeer>()>& make);

}  // namespace heddle::bench
