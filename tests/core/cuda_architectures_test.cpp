#include "core/cuda_architectures.h"

#include <gtest/gtest.h>

namespace heddle {
namespace {

TEST(CudaArchitectures, MachineCodeRunsOnItsMajorVersion) {
  EXPECT_TRUE(runs_on("80-real", 8, 0));
  EXPECT_TRUE(runs_on("80-real", 8, 9));
  EXPECT_FALSE(runs_on("86-real", 8, 0));
  EXPECT_FALSE(runs_on("80-real", 9, 0));
  EXPECT_FALSE(runs_on("", 9, 0));
}

TEST(CudaArchitectures, PtxRunsOnEverythingNewer) {
  EXPECT_TRUE(runs_on("90", 9, 0));
  EXPECT_TRUE(runs_on("90", 12, 0));
  EXPECT_TRUE(runs_on("75-virtual", 10, 3));
  EXPECT_FALSE(runs_on("90-virtual", 8, 9));
}

TEST(CudaArchitectures, SpecificOnesRunThereAlone) {
  EXPECT_TRUE(runs_on("90a", 9, 0));
  EXPECT_FALSE(runs_on("90a", 10, 0));
  EXPECT_TRUE(runs_on("100f-real", 10, 3));
  EXPECT_FALSE(runs_on("100f", 12, 0));
}

TEST(CudaArchitectures, ThePortablePresetRunsOnTuringAndLater) {
  constexpr const char* portable = "75-real 80-real 86-real 89-real 90-real 100-real 120";
  EXPECT_FALSE(runs_on(portable, 7, 0));
  for (const auto& [major, minor] :
       {std::pair{7, 5}, {8, 0}, {8, 6}, {8, 9}, {9, 0}, {10, 0}, {12, 0}, {13, 0}}) {
    EXPECT_TRUE(runs_on(portable, major, minor)) << major << minor;
  }
  EXPECT_TRUE(runs_on("native", 8, 6));
}

TEST(CudaArchitectures, NewerCodeIsFoundInAList) {
  EXPECT_EQ(code_from(90, "75-real 80-real 90-real 120"), "90-real 120");
  EXPECT_EQ(code_from(90, "86"), "");
  EXPECT_EQ(code_from(90, "90a 89-virtual"), "90a");
  EXPECT_EQ(code_from(90, "native"), "native");
  // PTX of sm_86 runs on sm_90, as code of sm_86.
  EXPECT_TRUE(runs_on("86", 9, 0));
  EXPECT_FALSE(runs_on(code_from(90, "86"), 9, 0));
}

}  // namespace
}  // namespace heddle
