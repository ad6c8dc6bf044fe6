#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/variable.h"
#include "core/random.h"

namespace heddle {

/// Walks a layer or model: every layer has `void visit(Visitor&)` that names its parameters and
/// the layers inside it, in a fixed order. Names are joined by dots: "text.lstm.weight_input".
class Visitor {
 public:
  /// Any of these may be empty.
  struct Callbacks {
    std::function<void(const std::string& name, Variable& parameter)> parameter;
    std::function<void(const std::string& name, bool& training)> training;
    std::function<void(const std::string& name, Generator& generator)> generator;
  };

  explicit Visitor(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  void parameter(std::string_view name, Variable& parameter);
  /// Visits a layer inside this one.
  template <typename Layer>
  void layer(std::string_view name, Layer& inner) {
    const std::size_t before = enter(name);
    inner.visit(*this);
    leave(before);
  }
  /// A switch that is on while training (dropout has one).
  void training(bool& flag);
  /// A random stream whose place belongs to the state of a run.
  void generator(std::string_view name, Generator& generator);

 private:
  std::size_t enter(std::string_view name);
  void leave(std::size_t before);
  std::string joined(std::string_view name) const;

  Callbacks callbacks_;
  std::string prefix_;
};

struct NamedParameter {
  std::string name;
  Variable variable;
};

struct NamedGenerator {
  std::string name;
  Generator* generator;
};

/// All parameters, in visiting order. Parameters left out (undefined, such as a bias that is off)
/// are not visited.
template <typename Layer>
std::vector<NamedParameter> parameters_of(Layer& layer) {
  std::vector<NamedParameter> found;
  Visitor visitor({.parameter =
                       [&](const std::string& name, Variable& parameter) {
                         found.push_back({name, parameter});
                       },
                   .training = {},
                   .generator = {}});
  layer.visit(visitor);
  return found;
}

template <typename Layer>
std::vector<NamedGenerator> generators_of(Layer& layer) {
  std::vector<NamedGenerator> found;
  Visitor visitor({.parameter = {},
                   .training = {},
                   .generator = [&](const std::string& name, Generator& generator) {
                     found.push_back({name, &generator});
                   }});
  layer.visit(visitor);
  return found;
}

/// Switches everything inside to training (true) or evaluation (false).
template <typename Layer>
void set_training(Layer& layer, bool training) {
  Visitor visitor({.parameter = {},
                   .training = [&](const std::string&, bool& flag) { flag = training; },
                   .generator = {}});
  layer.visit(visitor);
}

std::int64_t count_elements(const std::vector<NamedParameter>& parameters);

}  // namespace heddle
