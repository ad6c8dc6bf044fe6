#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <random>
#include <vector>

#include "kernels/gpu/sim/executor.h"
#include "kernels/gpu/sim/fiber.h"
#include "kernels/gpu/sim/place.h"
#include "kernels/gpu/sim/recorder.h"
#include "kernels/gpu/sim/schedule.h"

namespace heddle::sim {

constexpr unsigned warp_size = 32;
constexpr unsigned most_warps = most_threads / warp_size;

class AsyncProxy;
class Cluster;

enum class Waiting : std::uint8_t {
  nowhere,
  block_barrier,
  warp_word,
  cluster_barrier,
  grid_barrier,
  flag,
  event,
  ended
};

/// The lanes that met in a word of the warp, with what each brought: a structure of the word's own
/// on the lane's stack.
struct WarpMeeting {
  std::uint32_t mask;
  void* of_lane[warp_size];
};
/// Does the word for all lanes at once.
using WarpWord = void (*)(const WarpMeeting&);

/// A copy to shared memory that was begun and is not waited for yet.
struct AsyncCopy {
  void* to;
  const void* from;
  std::size_t bytes;
  int group;
};

struct KernelThread {
  uint3 index{};
  unsigned linear = 0;
  unsigned warp = 0;
  unsigned lane = 0;
  Fiber* fiber = nullptr;  // null before it begins and after it ended
  bool begun = false;
  Waiting waiting = Waiting::nowhere;
  const char* word = "";
  Place place;
  std::uint32_t mask = 0;       // of the warp's word it waits in
  void* request = nullptr;      // what it brought
  const void* event = nullptr;  // what it waits for
  WarpWord complete = nullptr;
  int copy_group = 0;
  std::vector<AsyncCopy> copies;
};

/// Stacks that are free, of one OS thread.
class FiberPool {
 public:
  Fiber* take(void (*entry)());
  void give_back(Fiber* fiber) { free_.push_back(fiber); }
  /// Ends one that was taken and will not be given back; it must not be running.
  void drop(const Fiber* fiber);

 private:
  std::vector<std::unique_ptr<Fiber>> all_;
  std::vector<Fiber*> free_;
};

/// One block while it runs: its threads as fibers of one OS thread, who waits where, and its shared
/// memory.
class Block {
 public:
  enum class State : std::uint8_t { done, at_cluster_barrier, at_grid_barrier, at_flag };

  Block(const LaunchShape& shape, Schedule schedule, unsigned worker, FiberPool& fibers,
        Fiber& main, void (*body)(void*), void* context);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void begin(unsigned linear_index);
  /// Lets threads go on until none can. Errors: as `run_grid`.
  State run();
  /// Lets those go on that wait there: at the barrier of the cluster or of the grid.
  void release(Waiting barrier);
  /// Grows with all that a thread gets done between its waits (to tell that flags never come).
  std::uint64_t progress() const { return progress_; }
  bool done() const { return live_ == 0; }
  /// Whether all that have not ended wait at the barrier of the cluster.
  bool is_at_cluster_barrier() const { return live_ > 0 && at_cluster_ == live_; }
  /// Called by the cluster.
  void join(Cluster& cluster, unsigned rank);

  // Words, called by the thread that runs.
  void sync_threads(const char* word, Place place);
  void sync_grid(Place place);
  void sync_cluster(Place place);
  void meet(std::uint32_t mask, const char* word, WarpWord complete, void* request, Place place);
  /// Waits until something else happened; the caller looks again then.
  void wait_for_flag(Place place);
  void passed_flag();
  /// Waits until another thread of the block calls `release_event` with the same event.
  void wait_for_event(const void* event, const char* word, Place place);
  void release_event(const void* event);
  bool is_awaited(const void* event) const;
  /// Its transaction barriers, copies and products on their way (async_proxy.h).
  AsyncProxy& async_proxy();

  KernelThread& thread() { return *current_; }
  unsigned running() const { return current_->linear; }
  const std::vector<KernelThread>& threads() const { return threads_; }
  unsigned cluster_rank() const { return rank_; }
  /// Errors: KernelError where the launch has none.
  Cluster& cluster(const char* word, Place place) const;
  ThreadPlace who() const { return {linear_index_, current_->linear}; }
  const char* kernel() const { return shape_.kernel; }
  unsigned char* shared() const { return shared_.get(); }
  std::size_t shared_bytes() const { return shape_.shared_bytes; }
  /// Bookkeeping of bytes of shared memory that were written; null under sanitizers, which see
  /// more.
  unsigned char* written() { return written_.empty() ? nullptr : written_.data(); }
  bool owns_shared(const void* address) const;

  /// Throws KernelError with kernel, block, thread and place put before the message.
  [[noreturn]] void fail_here(Place place, const std::string& message) const;
  [[noreturn]] void fail_at(unsigned thread, Place place, const std::string& message) const;
  /// "block (3, 0, 0)"
  std::string name() const;
  /// " 7 threads (first 0, last 6) wait at sync_warp (softmax.cu:40); … 0 have ended"
  std::string waits() const;

 private:
  static void fiber_loop();
  void make_current(KernelThread& thread);
  void go_on(KernelThread* next, Fiber& from, bool for_good);
  void leave();  // the running thread waits now: something else goes on
  void end_thread(KernelThread& thread);
  void tell_recorder(const char* word, Place place) const;
  void wait(Waiting waiting, const char* word, Place place);
  void make_ready(unsigned warp, std::uint32_t lanes);
  void release_warp_if_met(unsigned warp, std::uint32_t mask);
  void release_barrier_if_met();
  void abandon();
  KernelThread* pick();
  unsigned pick_bit(std::uint32_t bits);
  std::string stuck_report(const char* what) const;
  std::string where(unsigned linear) const;

  LaunchShape shape_;
  Schedule schedule_;
  FiberPool& fibers_;
  Fiber& main_;
  void (*body_)(void*);
  void* context_;
  std::minstd_rand random_;

  std::unique_ptr<AsyncProxy> async_proxy_;  // once it is asked for
  Cluster* cluster_ = nullptr;
  unsigned rank_ = 0;  // in the cluster
  uint3 index_{};
  unsigned linear_index_ = 0;
  unsigned count_ = 0;  // threads of the block
  unsigned warps_ = 0;
  unsigned live_ = 0;
  unsigned at_barrier_ = 0;
  unsigned at_cluster_ = 0;
  unsigned at_grid_ = 0;
  unsigned at_flag_ = 0;
  std::uint64_t progress_ = 0;
  std::uint32_t warps_ready_ = 0;
  std::array<std::uint32_t, most_warps> ready_{};
  std::array<std::uint32_t, most_warps> alive_{};
  std::array<std::uint32_t, most_warps> in_word_{};
  std::vector<KernelThread> threads_;
  KernelThread* current_ = nullptr;
  KernelThread* starting_ = nullptr;
  Fiber* starting_fiber_ = nullptr;
  std::exception_ptr problem_;

  struct Free {
    void operator()(unsigned char* block) const;
  };
  std::unique_ptr<unsigned char[], Free> shared_;
  std::vector<unsigned char> written_;

  // Identities for ThreadSanitizer: two in turn, so that one that wakes late does not see the next
  // phase.
  char barrier_identity_[2] = {};
  char warp_identity_[most_warps][2] = {};
  char begin_identity_ = 0;
  char end_identity_ = 0;
  unsigned barrier_epoch_ = 0;
  unsigned grid_epoch_ = 0;
  std::array<unsigned, most_warps> warp_epoch_{};
};

/// The block whose thread runs on this OS thread. (The model: see active_recorder.)
[[gnu::tls_model("initial-exec")]] inline thread_local constinit Block* current_block = nullptr;

}  // namespace heddle::sim
