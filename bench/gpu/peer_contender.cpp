#include "bench/gpu/peer_contender.h"

#include <algorithm>
#include <limits>
#include <map>

#include "core/error.h"
#include "core/stream.h"

namespace heddle::bench {
namespace {

double worst_error(const CudaPeer& peer, const std::vector<Expected>& expected) {
  const std::map<std::string, Tensor> found = peer.results();
  double worst = 0;
  for (const Expected& one : expected) {
    const Tensor& result = found.at(one.name);
    check(result.elements() == one.reference.elements(), one.name, ": the opponent gave ",
          result.shape(), ", expected ", one.reference.shape());
    worst = std::max(worst, relative_error(result, one.reference));
  }
  return worst;
}

}  // namespace

std::vector<Expected> expected_of(const Operation& ours, const std::vector<std::string>& names) {
  const std::vector<Tensor>& references = ours.reference();
  std::vector<Expected> all;
  for (std::size_t i = 0; i < std::min(names.size(), references.size()); ++i) {
    if (references[i].defined()) {
      all.push_back({names[i], references[i]});
    }
  }
  return all;
}

Tensor dy_for_peers(const Operation& ours) {
  return ours.backward() ? ours.dy().to(DType::f32) : Tensor();
}

std::vector<PeerMath> peer_maths(Math ours) {
  switch (ours) {
    case Math::f32:
      return {PeerMath::f32, PeerMath::tf32};
    case Math::tf32:
      return {PeerMath::tf32};
    case Math::bf16:
      break;
  }
  return {PeerMath::bf16};
}

cudaStream_t stream_of(Device device) {
  return static_cast<cudaStream_t>(current_stream(device).native);
}

Contender peer_contender(const std::string& name, PeerMath math, bool backward,
                         const std::vector<Expected>& expected,
                         const std::function<std::unique_ptr<CudaPeer>()>& make) {
  Contender contender;
  contender.name = name;
  contender.math = name_of(math);
  try {
    const std::shared_ptr<CudaPeer> peer = make();
    contender.run = [peer, backward] {
      peer->forward();
      if (backward) {
        peer->backward();
      }
    };
    contender.run();  // some refuse only here
    contender.error = [peer, expected] { return worst_error(*peer, expected); };
    contender.poison = [peer] { peer->poison(); };
  } catch (const Error& error) {
    contender.run = {};
    contender.absent = error.what();
  }
  return contender;
}

}  // namespace heddle::bench
