#include "layers/visit.h"

#include "core/error.h"

namespace heddle {

void Visitor::parameter(std::string_view name, Variable& parameter) {
  if (callbacks_.parameter && parameter.defined()) {
    callbacks_.parameter(joined(name), parameter);
  }
}

void Visitor::training(bool& flag) {
  if (callbacks_.training) {
    callbacks_.training(prefix_, flag);
  }
}

void Visitor::generator(std::string_view name, Generator& generator) {
  if (callbacks_.generator) {
    callbacks_.generator(joined(name), generator);
  }
}

std::size_t Visitor::enter(std::string_view name) {
  const std::size_t before = prefix_.size();
  prefix_ = joined(name);
  return before;
}

void Visitor::leave(std::size_t before) { prefix_.resize(before); }

std::string Visitor::joined(std::string_view name) const {
  check(!name.empty(), "Visitor: a layer inside \"", prefix_, "\" visits something without a name");
  std::string path = prefix_;
  if (!path.empty()) {
    path += '.';
  }
  path += name;
  return path;
}

std::int64_t count_elements(const std::vector<NamedParameter>& parameters) {
  std::int64_t count = 0;
  for (const NamedParameter& parameter : parameters) {
    count += parameter.variable.value().elements();
  }
  return count;
}

}  // namespace heddle
