#include <string>

#include "tests/kernels/expect_error.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

TEST(KernelTable, TheCpuIsAlwaysThere) {
  EXPECT_STREQ(why_unavailable(Device{}), "");
  EXPECT_EQ(&kernels_for(Device{}), &kernels_for(Device{}));
}

TEST(KernelTable, ABackendThatIsMissingSaysWhy) {
  for (const Backend backend : {Backend::sim, Backend::cuda}) {
    const Device device{backend, 0};
    if (std::string(why_unavailable(device)).empty()) {
      EXPECT_NO_THROW(kernels_for(device));
      continue;
    }
    const std::string message = message_of<Unavailable>([&] { kernels_for(device); });
    EXPECT_NE(message.find(to_string(device)), std::string::npos) << message;
#if defined(HEDDLE_HAS_CUDA)
    const char* const reason =
        backend == Backend::cuda ? "no GPU can be used" : "not in this build";
#else
    const char* const reason = "not in this build";
#endif
    EXPECT_NE(message.find(reason), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace heddle::testing
