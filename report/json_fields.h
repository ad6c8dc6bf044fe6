#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace heddle::report {

/// The fields of one JSON object, with errors (InputError) that say where it stands.
class JsonFields {
 public:
  /// `where` is "FILE: rows[3]". Errors: `object` is no object.
  JsonFields(const nlohmann::json& object, std::string where);

  std::string text(const char* name) const;
  /// Empty where it is missing or null.
  std::string text_or_none(const char* name) const;
  /// Finite and not below 0.
  double number(const char* name) const;
  /// None where it is missing or null.
  std::optional<double> number_or_none(const char* name) const;
  bool boolean(const char* name) const;
  bool has(const char* name) const { return object_.contains(name); }
  const std::string& where() const { return where_; }

 private:
  const nlohmann::json* find(const char* name) const;
  [[noreturn]] void refuse(const char* name, const char* expected) const;

  const nlohmann::json& object_;
  std::string where_;
};

}  // namespace heddle::report
