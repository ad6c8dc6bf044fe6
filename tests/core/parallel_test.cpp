#include "core/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "core/flush_subnormals.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

/// Sets the number of threads for one test.
class Threads {
 public:
  explicit Threads(int count) : before_(thread_count()) { set_thread_count(count); }
  ~Threads() { set_thread_count(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

TEST(Parallel, EveryTileRunsOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    const Threads scope(threads);
    for (const std::int64_t tiles : {0, 1, 2, 3, 6, 7, 8, 100}) {
      std::vector<int> runs(static_cast<std::size_t>(tiles));
      parallel_for(tiles, [&](std::int64_t tile) { ++runs[static_cast<std::size_t>(tile)]; });
      EXPECT_EQ(runs, std::vector<int>(static_cast<std::size_t>(tiles), 1)) << threads;
    }
  }
}

TEST(Parallel, RangesCoverEverything) {
  const Threads scope(3);
  std::vector<int> hits(1001);
  parallel_ranges(1001, 10, [&](std::int64_t begin, std::int64_t end) {
    EXPECT_LE(end - begin, 10);
    for (std::int64_t i = begin; i < end; ++i) {
      ++hits[static_cast<std::size_t>(i)];
    }
  });
  EXPECT_EQ(hits, std::vector<int>(1001, 1));
}

TEST(Parallel, ThreadsSplitTilesInOrder) {
  const Threads scope(3);
  std::vector<std::thread::id> owner(10);
  parallel_for(10, [&](std::int64_t tile) {
    owner[static_cast<std::size_t>(tile)] = std::this_thread::get_id();
  });
  EXPECT_EQ(owner[0], std::this_thread::get_id());
  int changes = 0;
  for (std::size_t i = 1; i < owner.size(); ++i) {
    changes += owner[i] != owner[i - 1] ? 1 : 0;
  }
  EXPECT_EQ(changes, 2);
}

TEST(Parallel, LowestTilesExceptionIsRethrown) {
  for (const int threads : {1, 2, 4}) {
    const Threads scope(threads);
    for (int round = 0; round < 50; ++round) {
      EXPECT_EQ(message_of([] {
                  parallel_for(16, [](std::int64_t tile) {
                    check(tile != 5 && tile != 9 && tile != 15, "tile ", tile);
                  });
                }),
                "tile 5");
    }
    std::atomic<int> runs = 0;
    parallel_for(8, [&](std::int64_t) { ++runs; });
    EXPECT_EQ(runs, 8);
  }
}

TEST(Parallel, NestedCallsRunInPlace) {
  const Threads scope(2);
  std::vector<int> sums(4);
  parallel_for(4, [&](std::int64_t outer) {
    const std::thread::id here = std::this_thread::get_id();
    parallel_for(10, [&](std::int64_t inner) {
      EXPECT_EQ(std::this_thread::get_id(), here);
      sums[static_cast<std::size_t>(outer)] += static_cast<int>(inner);
    });
  });
  EXPECT_EQ(sums, std::vector<int>(4, 45));
}

TEST(Parallel, SeveralThreadsMayCallAtOnce) {
  const Threads scope(3);
  std::vector<std::int64_t> sums(4);
  std::vector<std::thread> callers;
  for (std::size_t caller = 0; caller < sums.size(); ++caller) {
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 200; ++round) {
        std::vector<std::int64_t> tiles(9);
        parallel_for(9, [&](std::int64_t tile) { tiles[static_cast<std::size_t>(tile)] = tile; });
        for (const std::int64_t tile : tiles) {
          sums[caller] += tile;
        }
      }
    });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(sums, std::vector<std::int64_t>(4, 200 * 36));
}

TEST(Parallel, SleepingThreadsWake) {
  const Threads scope(4);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(round * 20));
    std::atomic<int> runs = 0;
    parallel_for(8, [&](std::int64_t tile) {
      if (tile == 7) {
        std::this_thread::sleep_for(std::chrono::microseconds(round * 10));
      }
      ++runs;
    });
    EXPECT_EQ(runs, 8);
  }
}

TEST(Parallel, ForkedChildHasThreadsOfItsOwn) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer cannot follow the threads of a forked child";
#endif
  const Threads scope(3);
  parallel_for(6, [](std::int64_t) {});
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> runs = 0;
    parallel_for(6, [&](std::int64_t) { ++runs; });
    _exit(runs == 6 ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Parallel, SubnormalsAreFlushedInsideAndKeptOutside) {
  volatile float tiny = 1e-40f;
  for (const int threads : {1, 2}) {
    const Threads scope(threads);
    for (const std::int64_t tiles : {1, 6}) {
      std::vector<float> products(static_cast<std::size_t>(tiles), -1.0f);
      parallel_for(tiles, [&](std::int64_t tile) {
        products[static_cast<std::size_t>(tile)] = tiny * 1e9f;
      });
      EXPECT_EQ(products, std::vector<float>(static_cast<std::size_t>(tiles), 0.0f));
    }
    EXPECT_GT(tiny * 1e9f, 0.0f);
  }
  EXPECT_THROW(parallel_for(1, [](std::int64_t) { fail("inside"); }), Error);
  EXPECT_GT(tiny * 1e9f, 0.0f);
}

TEST(Parallel, ErrorsSayWhatIsWrong) {
  EXPECT_EQ(message_of([] { set_thread_count(0); }), "set_thread_count: got 0, expected 1 to 1024");
  EXPECT_THROW(parallel_for(2, [](std::int64_t) { set_thread_count(2); }), Error);
}

}  // namespace
}  // namespace heddle
