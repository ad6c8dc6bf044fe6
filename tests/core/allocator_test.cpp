#include "core/allocator.h"

#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "core/tensor.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

constexpr Device cpu{Backend::cpu, 0};
constexpr Device sim{Backend::sim, 0};

TEST(Allocator, BlocksAreAlignedAndWritable) {
  for (const std::size_t bytes : {0u, 1u, 63u, 64u, 65u, 512u, 513u, 4097u, 1u << 20}) {
    void* const block = allocate(cpu, bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % allocation_alignment, 0u);
    std::memset(block, 1, bytes);
    release(cpu, block, bytes);
  }
}

/// Whether the mapping with this address asks for huge pages (flag "hg" of /proc/self/smaps).
bool asks_for_huge_pages(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  bool inside = false;
  while (std::getline(maps, line)) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
      inside = begin <= wanted && wanted < end;
    } else if (inside && line.rfind("VmFlags:", 0) == 0) {
      return line.find(" hg") != std::string::npos;
    }
  }
  return false;
}

TEST(Allocator, LargeBlocksAskForHugePages) {
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled")) {
    GTEST_SKIP() << "the system has no transparent huge pages";
  }
  release_cached_memory(cpu);
  constexpr std::size_t huge_page = std::size_t{2} << 20;
  for (const std::size_t bytes : {huge_page, 2 * huge_page + huge_page / 2, 32 * huge_page}) {
    void* const block = allocate(cpu, bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % huge_page, 0u) << bytes;
    EXPECT_TRUE(asks_for_huge_pages(block)) << bytes;
    std::memset(block, 1, bytes);
    release(cpu, block, bytes);
  }
  release_cached_memory(cpu);
}

TEST(Allocator, FreedBlocksAreGivenOutAgain) {
  release_cached_memory(cpu);
  reset_peak(cpu);
  const MemoryStatistics before = memory_statistics(cpu);
  EXPECT_EQ(before.cached_bytes, 0);
  void* const first = allocate(cpu, 1000);
  const std::int64_t size = memory_statistics(cpu).current_bytes - before.current_bytes;
  EXPECT_GE(size, 1000);
  EXPECT_LE(size, 1250);
  release(cpu, first, 1000);
  EXPECT_EQ(memory_statistics(cpu).cached_bytes, size);
  void* const second = allocate(cpu, 1010);
  EXPECT_EQ(second, first);
  const MemoryStatistics after = memory_statistics(cpu);
  EXPECT_EQ(after.calls, 2);
  EXPECT_EQ(after.reused, 1);
  EXPECT_EQ(after.cached_bytes, 0);
  EXPECT_EQ(after.peak_bytes, before.current_bytes + size);
  release(cpu, second, 1010);
  release_cached_memory(cpu);
  EXPECT_EQ(memory_statistics(cpu).cached_bytes, 0);
  EXPECT_EQ(memory_statistics(cpu).current_bytes, before.current_bytes);
}

TEST(Allocator, TensorsGiveTheirMemoryBack) {
  const std::int64_t before = memory_statistics(cpu).current_bytes;
  {
    const Tensor x = Tensor::zeros({1000});
    const Tensor view = x.slice(0, 10);
    EXPECT_GE(memory_statistics(cpu).current_bytes - before, 4000);
  }
  EXPECT_EQ(memory_statistics(cpu).current_bytes, before);
}

TEST(Allocator, DevicesAreCountedApart) {
  const std::int64_t before = memory_statistics(cpu).current_bytes;
  const Tensor x = Tensor::zeros({1000}, DType::f32, sim);
  EXPECT_EQ(memory_statistics(cpu).current_bytes, before);
  EXPECT_GE(memory_statistics(sim).current_bytes, 4000);
}

TEST(Allocator, LimitIsKeptAndTheCacheMakesRoom) {
  set_memory_limit(sim, memory_statistics(sim).current_bytes + (4 << 20));
  {
    const Tensor first = Tensor::zeros({3 << 18}, DType::f32, sim);  // 3 MiB
    const std::string message =
        message_of<OutOfMemory>([] { Tensor::zeros({1 << 19}, DType::f32, sim); });  // 2 MiB more
    EXPECT_EQ(
        message.find("out of memory on sim: asked for 2 MiB, that is over the limit; in use 3"), 0u)
        << message;
    EXPECT_NE(message.find(", limit 4"), std::string::npos) << message;
  }
  // 3 MiB are cached now; the next block is another size and fits only if they are given back.
  const Tensor second = Tensor::zeros({1 << 19}, DType::f32, sim);
  set_memory_limit(sim, 1);
  EXPECT_THROW(Tensor::zeros({1}, DType::f32, sim), OutOfMemory);
  set_memory_limit(sim, 0);
  EXPECT_THROW(set_memory_limit(sim, -1), Error);
}

TEST(Allocator, ImpossibleSizesAreRefused) {
  EXPECT_THROW(Tensor::empty({std::int64_t{1} << 48}, DType::f64), OutOfMemory);
  EXPECT_THROW(allocate(cpu, static_cast<std::size_t>(-1)), OutOfMemory);
  EXPECT_THROW(allocate(cpu, static_cast<std::size_t>(-1) - 4096), OutOfMemory);
}

TEST(Allocator, SafeFromSeveralThreads) {
  const std::int64_t before = memory_statistics(cpu).current_bytes;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) {
        const std::size_t bytes = static_cast<std::size_t>((i * 37 + t * 11) % 5000 + 1);
        auto* const block = static_cast<unsigned char*>(allocate(cpu, bytes));
        std::memset(block, t, bytes);
        EXPECT_EQ(block[bytes - 1], t);
        release(cpu, block, bytes);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(memory_statistics(cpu).current_bytes, before);
}

}  // namespace
}  // namespace heddle
