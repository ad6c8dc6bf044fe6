#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heddle {

/// Base of everything Heddle throws. The message says what was found, what was expected and, where
/// it helps, what to do. Used as it is for misuse of the library (a bad shape, type or argument).
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file, configuration or value from outside that cannot be accepted. Exit code 4.
class InputError : public Error {
 public:
  using Error::Error;
};

/// A command line or option that is not understood. Exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// Memory that could not be had. Exit code 3.
class OutOfMemory : public Error {
 public:
  using Error::Error;
};

/// NaN or infinity where a number is needed. Exit code 5.
class NumericError : public Error {
 public:
  using Error::Error;
};

/// A backend, feature or device this build or this machine lacks.
class Unavailable : public Error {
 public:
  using Error::Error;
};

/// Concatenates anything that has an `operator<<`.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

/// Throws `Kind` with the parts joined as its message.
template <typename Kind = Error, typename... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Kind(concat(parts...));
}

/// Throws `Kind` unless `condition` holds; the message is only put together on failure.
template <typename Kind = Error, typename... Parts>
void check(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]] {
    fail<Kind>(parts...);
  }
}

}  // namespace heddle
