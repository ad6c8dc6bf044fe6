#pragma once

#include <string>

#include "tests/core/throws.h"

namespace heddle::testing {

/// `body` throws a heddle::Error whose message contains `text`.
template <typename Body>
void expect_error(const Body& body, const std::string& text) {
  const std::string message = message_of(body);
  EXPECT_NE(message.find(text), std::string::npos) << "the message is: " << message;
}

}  // namespace heddle::testing
