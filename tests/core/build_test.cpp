#include <gtest/gtest.h>

#include <string>

#include "core/build_info.h"
#include "core/cuda_driver.h"
#include "core/processor.h"

namespace heddle {
namespace {

TEST(Build, SaysHowItWasMade) {
  const BuildInfo& info = build_info();
  EXPECT_NE(std::string(info.version), "");
  EXPECT_NE(std::string(info.compiler), " ");
  EXPECT_NE(std::string(info.flags).find("-ffp-contract=off"), std::string::npos);
}

TEST(Build, ThisProcessorHasWhatTheTestsWereCompiledFor) {
  EXPECT_EQ(missing_instruction_set(), nullptr);
}

TEST(Build, ContractionIsOff) {
  // With contraction, a·a − b·b is computed with one product unrounded, and is not zero for a = b.
  volatile double a = 1.0 + 0x1.0p-30;
  volatile double b = a;
  const double x = a;
  const double y = b;
  EXPECT_EQ(x * x - y * y, 0.0);
}

TEST(CudaDriver, EitherAnswersOrSaysWhyNot) {
  const CudaDriver driver = cuda_driver();
  EXPECT_TRUE(driver.problem.empty() || driver.devices.empty());
  EXPECT_TRUE(!driver.problem.empty() || driver.version > 0);
}

}  // namespace
}  // namespace heddle
