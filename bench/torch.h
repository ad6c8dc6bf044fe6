#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/case.h"

namespace heddle::bench {

/// Names a Python that has PyTorch (a path or a name in PATH). Errors (UsageError): it has none.
void add_torch(const std::string& python);

/// The ways of calling PyTorch that are measured on a GPU, of eager, graph, compile, compile+graph
/// (all of them unless told otherwise; to compile takes seconds a case). Errors (UsageError):
/// another name.
void choose_torch_modes(const std::vector<std::string>& modes);

/// What bench/peers/torch_peer.py is asked to measure (fields as at its top).
struct TorchRequest {
  std::string family;
  nlohmann::json sizes;
  std::string direction;
  bool cold = false;
};

/// A contender for each Python named and, on a GPU, each way of calling PyTorch. The name has the
/// version; cases are dropped there with the contender.
std::vector<Contender> torch_contenders(const TorchRequest& request, const Setting& setting);

/// Processor seconds of all of PyTorch's processes so far.
double torch_seconds();

/// The answer of the first Python named to a request of one's own (losses, memory). Errors
/// (Unavailable): none named, or it answers with an error.
nlohmann::json ask_torch(const nlohmann::json& request, const Setting& setting);

}  // namespace heddle::bench
