#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "layers/visit.h"

namespace heddle {

/// One layer per modality, visited under its name.
template <typename Layer>
struct ByModality {
  const std::vector<std::string>& names;
  std::vector<Layer>& layers;

  void visit(Visitor& visitor) {
    for (std::size_t m = 0; m < layers.size(); ++m) {
      visitor.layer(names[m], layers[m]);
    }
  }
};

/// A layer of a pair of modalities, visited under the second one's name (inside the first one's).
template <typename Layer>
struct OfSecond {
  const std::string& name;
  Layer& layer;

  void visit(Visitor& visitor) { visitor.layer(name, layer); }
};

}  // namespace heddle
