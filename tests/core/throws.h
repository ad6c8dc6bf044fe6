#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"

namespace heddle {

/// The message of the `Kind` that `body` throws; anything else fails the test.
template <typename Kind = Error, typename Body>
std::string message_of(const Body& body) {
  try {
    body();
  } catch (const Kind& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace heddle
