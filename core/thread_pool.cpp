#include "core/thread_pool.h"

#include <immintrin.h>

#include <chrono>

#include "core/flush_subnormals.h"

namespace heddle {
namespace {

constexpr auto awake_for = std::chrono::microseconds(50);

/// Waits awake until `ready()` or the time is over; whether it is ready. It yields in between,
/// since the thread waited for may be queued on this very core.
template <typename Ready>
bool spin_until(const Ready& ready) {
  const auto end = std::chrono::steady_clock::now() + awake_for;
  do {
    for (int i = 0; i < 16; ++i) {
      if (ready()) {
        return true;
      }
      _mm_pause();
    }
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

}  // namespace

void TileJob::run_share(int thread) noexcept {
  const std::int64_t begin = tiles / threads * thread + tiles % threads * thread / threads;
  const int next = thread + 1;
  const std::int64_t end = tiles / threads * next + tiles % threads * next / threads;
  for (std::int64_t tile = begin; tile < end; ++tile) {
    try {
      call(body, tile);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (failure == nullptr || tile < failed_tile) {
        failed_tile = tile;
        failure = std::current_exception();
      }
      return;
    }
  }
}

ThreadPool::ThreadPool(int workers, bool spins) : spins_(spins) {
  for (int i = 0; i < workers; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    Worker& worker = *workers_.back();
    worker.thread = std::thread([this, &worker, i] { work(worker, i + 1); });
  }
}

ThreadPool::~ThreadPool() {
  for (const auto& worker : workers_) {
    worker->stop.store(true);
    wake(*worker);
  }
  for (const auto& worker : workers_) {
    worker->thread.join();
  }
}

void ThreadPool::run(TileJob& job) {
  job.pending.store(job.threads - 1);
  for (int i = 0; i + 1 < job.threads; ++i) {
    Worker& worker = *workers_[static_cast<std::size_t>(i)];
    worker.job.store(&job);
    wake(worker);
  }
  job.run_share(0);
  wait_for_workers(job);
}

// A sleeper says so before it looks for work a last time, and whoever brings work looks for
// sleepers afterwards; both in the one order of sequentially consistent atomics. So one sees the
// other.
void ThreadPool::wake(Worker& worker) const {
  if (worker.asleep.load()) {
    const std::lock_guard lock(worker.mutex);
    worker.wake.notify_one();
  }
}

TileJob* ThreadPool::wait_for_job(Worker& worker) const {
  const auto ready = [&] { return worker.job.load() != nullptr || worker.stop.load(); };
  if (!ready() && !(spins_ && spin_until(ready))) {
    std::unique_lock lock(worker.mutex);
    worker.asleep.store(true);
    worker.wake.wait(lock, ready);
    worker.asleep.store(false);
  }
  return worker.job.exchange(nullptr);
}

void ThreadPool::work(Worker& worker, int thread) {
  const FlushSubnormals flush;
  detail::inside_tiles() = true;
  while (TileJob* const job = wait_for_job(worker)) {
    job->run_share(thread);
    job->pending.fetch_sub(1);  // the job may be gone from here on
    if (caller_asleep_.load()) {
      const std::lock_guard lock(caller_mutex_);
      caller_wake_.notify_one();
    }
  }
}

void ThreadPool::wait_for_workers(const TileJob& job) {
  const auto done = [&] { return job.pending.load() == 0; };
  if (done() || (spins_ && spin_until(done))) {
    return;
  }
  std::unique_lock lock(caller_mutex_);
  caller_asleep_.store(true);
  caller_wake_.wait(lock, done);
  caller_asleep_.store(false);
}

}  // namespace heddle
