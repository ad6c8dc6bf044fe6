#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/parallel.h"

namespace heddle {

/// One call of parallel_for: thread t of n runs tiles [t·tiles/n, (t+1)·tiles/n) in order.
struct TileJob {
  std::int64_t tiles = 0;
  detail::TileFunction call = nullptr;
  const void* body = nullptr;
  int threads = 1;

  std::atomic<int> pending{0};  // workers that are not done

  std::mutex failure_mutex;
  std::int64_t failed_tile = 0;  // the lowest that threw, where `failure` is set
  std::exception_ptr failure;

  /// Runs the tiles of one thread, up to its first exception.
  void run_share(int thread) noexcept;
};

/// Threads that wait for work: awake for a few microseconds, since training is a chain of short
/// kernels and waking a thread costs more than many of them, then asleep.
class ThreadPool {
 public:
  /// `spins`: whether waiting begins awake; not where there are more threads than cores.
  ThreadPool(int workers, bool spins);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int workers() const { return static_cast<int>(workers_.size()); }

  /// Runs `job` on this thread and job.threads − 1 ≤ workers() others. One call at a time.
  void run(TileJob& job);

 private:
  /// What one worker is told; alone on its cache line.
  struct alignas(64) Worker {
    std::atomic<TileJob*> job{nullptr};
    std::atomic<bool> asleep{false};
    std::atomic<bool> stop{false};
    std::mutex mutex;
    std::condition_variable wake;
    std::thread thread;
  };

  void work(Worker& worker, int thread);
  TileJob* wait_for_job(Worker& worker) const;
  void wake(Worker& worker) const;
  void wait_for_workers(const TileJob& job);

  bool spins_;
  std::vector<std::unique_ptr<Worker>> workers_;

  std::atomic<bool> caller_asleep_{false};
  std::mutex caller_mutex_;
  std::condition_variable caller_wake_;
};

}  // namespace heddle
