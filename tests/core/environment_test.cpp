#include "core/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/core/throws.h"

namespace heddle {
namespace {

constexpr const char* name = "HEDDLE_TEST_NUMBER";

std::optional<std::int64_t> parsed(const char* text) {
  setenv(name, text, 1);
  return integer_from_environment(name, 1, 64, "threads");
}

TEST(Environment, NumbersAreReadStrictly) {
  unsetenv(name);
  EXPECT_EQ(integer_from_environment(name, 1, 64, "threads"), std::nullopt);
  EXPECT_EQ(parsed(""), std::nullopt);
  EXPECT_EQ(parsed("1"), 1);
  EXPECT_EQ(parsed("64"), 64);
  for (const char* bad :
       {"0", "65", "-1", "two", "2x", " 2", "2 ", "2.0", "99999999999999999999"}) {
    EXPECT_EQ(message_of<InputError>([&] { parsed(bad); }),
              concat(name, ": got \"", bad, "\", expected a whole number of threads from 1 to 64"));
  }
}

}  // namespace
}  // namespace heddle
