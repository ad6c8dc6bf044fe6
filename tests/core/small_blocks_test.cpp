#include "core/small_blocks.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace heddle {
namespace {

TEST(SmallBlocks, AreAlignedWritableAndDistinct) {
  std::set<void*> distinct;
  std::vector<std::pair<void*, std::size_t>> held;
  for (const std::size_t bytes : {0u, 1u, 31u, 32u, 33u, 64u, 500u, 512u, 513u, 5000u}) {
    for (int i = 0; i < 20; ++i) {
      void* const block = take_small_block(bytes);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0u) << bytes;
      std::memset(block, i, bytes);
      EXPECT_TRUE(distinct.insert(block).second) << bytes;
      held.emplace_back(block, bytes);
    }
  }
  for (const auto& [block, bytes] : held) {
    give_back_small_block(block, bytes);
  }
}

#if !defined(__SANITIZE_ADDRESS__)
TEST(SmallBlocks, AreTakenAgainByOthersOfTheirSize) {
  void* const first = take_small_block(100);
  give_back_small_block(first, 100);
  void* const larger = take_small_block(129);
  EXPECT_NE(larger, first);
  void* const again = take_small_block(128);
  EXPECT_EQ(again, first);
  give_back_small_block(larger, 129);
  give_back_small_block(again, 128);
}
#endif

TEST(SmallBlocks, MayBeGivenBackByAnotherThread) {
  std::vector<std::shared_ptr<int>> values;
  for (int i = 0; i < 10'000; ++i) {
    values.push_back(std::allocate_shared<int>(SmallBlockAllocator<int>(), i));
  }
  std::thread([from = std::move(values)]() mutable {
    for (std::size_t i = 0; i < from.size(); ++i) {
      EXPECT_EQ(*from[i], static_cast<int>(i));
    }
    from.clear();
    from.push_back(std::allocate_shared<int>(SmallBlockAllocator<int>(), 7));
    EXPECT_EQ(*from.front(), 7);
  }).join();
}

}  // namespace
}  // namespace heddle
