#include "report/json_fields.h"

#include <cmath>
#include <utility>

#include "core/error.h"

namespace heddle::report {
namespace {

using nlohmann::json;

constexpr std::size_t shown = 60;  // characters of a value in a message

// Never throws, whatever bytes the text has.
std::string quoted(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > shown) {
    std::size_t end = shown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) {
      --end;
    }
    text = text.substr(0, end) + "…";
  }
  return text;
}

}  // namespace

JsonFields::JsonFields(const json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  check<InputError>(object.is_object(), where_, ": is ", object.type_name(),
                    "; expected an object of named fields");
}

const json* JsonFields::find(const char* name) const {
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void JsonFields::refuse(const char* name, const char* expected) const {
  const json* value = find(name);
  fail<InputError>(where_, ": \"", name, "\" is ", value == nullptr ? "missing" : quoted(*value),
                   "; expected ", expected);
}

std::string JsonFields::text(const char* name) const {
  if (find(name) == nullptr) {
    refuse(name, "text");
  }
  return text_or_none(name);
}

std::string JsonFields::text_or_none(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) {
    return "";
  }
  if (!value->is_string()) {
    refuse(name, "text");
  }
  return value->get<std::string>();
}

double JsonFields::number(const char* name) const {
  const std::optional<double> value = number_or_none(name);
  if (!value) {
    refuse(name, "a number");
  }
  return *value;
}

std::optional<double> JsonFields::number_or_none(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const double number = value->is_number() ? value->get<double>() : -1.0;
  if (!std::isfinite(number) || number < 0.0) {
    refuse(name, "a number from 0");
  }
  return number;
}

bool JsonFields::boolean(const char* name) const {
  const json* value = find(name);
  if (value == nullptr || !value->is_boolean()) {
    refuse(name, "true or false");
  }
  return value->get<bool>();
}

}  // namespace heddle::report
