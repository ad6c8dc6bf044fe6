#include "train/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace heddle {
namespace {

TEST(Progress, TimesReadWell) {
  EXPECT_EQ(time_text(0.4), "0 s");
  EXPECT_EQ(time_text(41.2), "41 s");
  EXPECT_EQ(time_text(185), "3 min 5 s");
  EXPECT_EQ(time_text(7810), "2 h 10 min");
}

TEST(Progress, PlainMessagesHaveNoEscapes) {
  std::ostringstream out;
  {
    Progress progress(out, {});
    progress.begin(0, 10);
    progress.step(1, 0.5, 32);
    progress.say("epoch 1");
  }
  EXPECT_EQ(out.str(), "epoch 1\n");
}

TEST(Progress, AFileIsNoTerminal) {
  // Tests run with their output in a pipe or file, or this is run by hand on a terminal.
  const Progress::Manner manner = Progress::manner_for(-1);
  EXPECT_FALSE(manner.live);
  EXPECT_FALSE(manner.colour);
}

}  // namespace
}  // namespace heddle
