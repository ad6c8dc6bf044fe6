#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

#include "layers/visit.h"

namespace heddle {

/// Layers (or functions of one variable, such as `[](const Variable& x) { return relu(x); }`), one
/// after the other. Layers are named "0", "1", … by their place.
template <typename... Layers>
struct Sequential {
  explicit Sequential(Layers... in_order) : layers(std::move(in_order)...) {}

  Variable operator()(Variable x) {
    std::apply([&x](auto&... layer) { ((x = layer(x)), ...); }, layers);
    return x;
  }

  void visit(Visitor& visitor) {
    std::size_t place = 0;
    std::apply([&](auto&... layer) { (visit_one(visitor, place++, layer), ...); }, layers);
  }

  std::tuple<Layers...> layers;

 private:
  template <typename Layer>
  static void visit_one(Visitor& visitor, std::size_t place, Layer& layer) {
    if constexpr (requires { layer.visit(visitor); }) {
      visitor.layer(std::to_string(place), layer);
    }
  }
};

}  // namespace heddle
