#include "core/shape.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tests/core/throws.h"

namespace heddle {
namespace {

TEST(Dims, HoldsEntriesInPlace) {
  Dims dims{2, 3};
  EXPECT_EQ(dims.rank(), 2);
  EXPECT_EQ(dims.at(-1), 3);
  EXPECT_EQ(dims.back(), 3);
  dims.push_back(4);
  EXPECT_EQ(dims, (Dims{2, 3, 4}));
  EXPECT_EQ(dims.inserted(0, 9), (Dims{9, 2, 3, 4}));
  EXPECT_EQ(dims.inserted(3, 9), (Dims{2, 3, 4, 9}));
  EXPECT_EQ(dims.erased(1), (Dims{2, 4}));
  EXPECT_EQ(dims.replaced(2, 7), (Dims{2, 3, 7}));
  EXPECT_EQ(to_string(dims), "[2, 3, 4]");
  EXPECT_EQ(to_string(Dims{}), "[]");
}

TEST(Dims, ErasingLeavesNothingBehind) {
  EXPECT_EQ((Dims{2, 3, 4}.erased(2)), (Dims{2, 3}));
  EXPECT_FALSE((Dims{2, 3} == Dims{2, 3, 1}));
}

TEST(Dims, NinthDimensionIsAnError) {
  const std::vector<std::int64_t> nine(9, 1);
  EXPECT_EQ(message_of([&] { Dims{std::span<const std::int64_t>(nine)}; }),
            "shape: got 9 dimensions, expected at most 8");
  Dims eight = Dims::filled(8, 1);
  EXPECT_THROW(eight.push_back(1), Error);
  EXPECT_THROW(eight.inserted(0, 1), Error);
}

TEST(Dims, PositionOutOfRangeIsNamed) {
  EXPECT_EQ(message_of([] {
              Dims{2, 3}.at(2);
            }),
            "shape: got dimension 2 of a tensor of rank 2; expected -2 to 1");
  EXPECT_EQ(message_of([] { normalized_dim(0, 0, "squeeze"); }),
            "squeeze: got dimension 0 of a tensor of rank 0; it has no dimensions");
}

TEST(ElementCount, CountsAndLimits) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 3, 4}), 24);
  EXPECT_EQ(element_count({5, 0, 7}), 0);
  EXPECT_EQ(element_count({std::int64_t{1} << 48}), std::int64_t{1} << 48);
  EXPECT_EQ(message_of([] {
              element_count({2, -3});
            }),
            "shape: [2, -3] has a negative size; expected every size ≥ 0");
  EXPECT_THROW(element_count({(std::int64_t{1} << 48) + 1}), Error);
  EXPECT_THROW(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), Error);
  EXPECT_THROW(element_count({0, std::numeric_limits<std::int64_t>::max(), 4}), Error);
}

TEST(Strides, AreRowMajor) {
  EXPECT_EQ(contiguous_strides({2, 3, 4}), (Strides{12, 4, 1}));
  EXPECT_EQ(contiguous_strides({2, 0, 4}), (Strides{4, 4, 1}));
  EXPECT_EQ(contiguous_strides({}), Strides{});
}

TEST(Broadcast, FollowsTheRuleOfNumPy) {
  EXPECT_EQ(broadcast_shapes({4, 1, 3}, {2, 3}, "add"), (Shape{4, 2, 3}));
  EXPECT_EQ(broadcast_shapes({}, {2, 3}, "add"), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes({0, 3}, {1, 1}, "add"), (Shape{0, 3}));
  EXPECT_EQ(broadcast_shapes({1}, {0}, "add"), (Shape{0}));
  EXPECT_EQ(message_of([] {
              broadcast_shapes({2, 3}, {2, 1, 4}, "add");
            }),
            "add: shapes [2, 3] and [2, 1, 4] do not broadcast: counted from the end, dimension 1 "
            "is 3 and 4; expected equal sizes or 1");
}

TEST(Checked, OverflowIsAnError) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(checked_multiply(3, 5, "npy"), 15);
  EXPECT_EQ(checked_add(3, 5, "npy"), 8);
  EXPECT_NE(message_of([] { checked_multiply(most, 2, "npy"); }).find("npy: "), std::string::npos);
  EXPECT_THROW(checked_add(most, 1, "npy"), Error);
}

}  // namespace
}  // namespace heddle
