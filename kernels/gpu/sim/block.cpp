#include "kernels/gpu/sim/block.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "kernels/gpu/sim/async_proxy.h"
#include "kernels/gpu/sim/sanitizers.h"

namespace heddle::sim {
namespace {

// Fills shared memory before a block begins: NaN as float (quiet) and as double (signalling).
constexpr std::uint32_t unwritten = 0x7FF5A5A5u;
// Where shared memory begins: tiles in a 128-byte swizzle repeat every 1024 bytes.
constexpr std::size_t shared_alignment = 1024;

}  // namespace

Fiber* FiberPool::take(void (*entry)()) {
  if (!free_.empty()) {
    Fiber* const fiber = free_.back();
    free_.pop_back();
    return fiber;
  }
  return all_.emplace_back(std::make_unique<Fiber>(entry)).get();
}

void FiberPool::drop(const Fiber* fiber) {
  all_.erase(std::find_if(all_.begin(), all_.end(),
                          [&](const std::unique_ptr<Fiber>& one) { return one.get() == fiber; }));
}

void Block::Free::operator()(unsigned char* block) const { std::free(block); }

Block::Block(const LaunchShape& shape, Schedule schedule, unsigned worker, FiberPool& fibers,
             Fiber& main, void (*body)(void*), void* context)
    : shape_(shape),
      schedule_(schedule),
      fibers_(fibers),
      main_(main),
      body_(body),
      context_(context),
      random_(static_cast<std::minstd_rand::result_type>(schedule.seed * 2654435761u + worker + 1)),
      count_(shape.block.x * shape.block.y * shape.block.z),
      warps_((count_ + warp_size - 1) / warp_size),
      threads_(count_) {
  for (unsigned i = 0; i < count_; ++i) {
    KernelThread& thread = threads_[i];
    thread.index = {i % shape.block.x, i / shape.block.x % shape.block.y,
                    i / (shape.block.x * shape.block.y)};
    thread.linear = i;
    thread.warp = i / warp_size;
    thread.lane = i % warp_size;
  }
  if (shape.shared_bytes > 0) {
    // Exactly what was asked for under AddressSanitizer, which then sees what lies beyond.
#ifdef HEDDLE_SIM_ASAN
    const std::size_t bytes = shape.shared_bytes;
    void* block = nullptr;
    static_cast<void>(posix_memalign(&block, shared_alignment, bytes));
    shared_.reset(static_cast<unsigned char*>(block));
#else
    const std::size_t bytes =
        (shape.shared_bytes + shared_alignment - 1) / shared_alignment * shared_alignment;
    shared_.reset(static_cast<unsigned char*>(std::aligned_alloc(shared_alignment, bytes)));
#endif
    check<OutOfMemory>(shared_ != nullptr, "sim: no memory for the shared memory of a block");
  }
#if !defined(HEDDLE_SIM_ASAN) && !defined(HEDDLE_SIM_TSAN)
  written_.resize(shape.shared_bytes);
#endif
}

Block::~Block() { abandon(); }

void Block::begin(unsigned linear_index) {
  linear_index_ = linear_index;
  index_ = {linear_index % shape_.grid.x, linear_index / shape_.grid.x % shape_.grid.y,
            linear_index / (shape_.grid.x * shape_.grid.y)};
  live_ = count_;
  at_barrier_ = at_cluster_ = at_grid_ = at_flag_ = 0;
  warps_ready_ = 0;
  barrier_epoch_ = 0;
  grid_epoch_ = 0;
  problem_ = nullptr;
  current_ = nullptr;
  async_proxy_.reset();
  for (unsigned warp = 0; warp < warps_; ++warp) {
    const unsigned lanes = std::min(warp_size, count_ - warp * warp_size);
    alive_[warp] = lanes == warp_size ? ~0u : (1u << lanes) - 1;
    ready_[warp] = in_word_[warp] = 0;
    warp_epoch_[warp] = 0;
    make_ready(warp, alive_[warp]);
  }
  for (KernelThread& thread : threads_) {
    thread.fiber = nullptr;
    thread.begun = false;
    thread.waiting = Waiting::nowhere;
    thread.copy_group = 0;
    thread.copies.clear();
  }
  for (std::size_t i = 0; i + sizeof(unwritten) <= shape_.shared_bytes; i += sizeof(unwritten)) {
    std::memcpy(shared_.get() + i, &unwritten, sizeof(unwritten));
  }
  std::fill(written_.begin(), written_.end(), static_cast<unsigned char>(0));
}

Block::State Block::run() {
  order_release(&begin_identity_);
  hide_begin();
  current_block = this;
  kernels::sim::blockIdx = index_;
  kernels::sim::blockDim = shape_.block;
  kernels::sim::gridDim = shape_.grid;
  if (at_flag_ > 0) {
    at_flag_ = 0;
    for (KernelThread& thread : threads_) {
      if (thread.waiting == Waiting::flag) {
        thread.waiting = Waiting::nowhere;
        make_ready(thread.warp, 1u << thread.lane);
      }
    }
  }
  if (fiber_for_each_thread) {
    // Creating a fiber orders it after its creator, so all are made before any runs. Those that
    // served threads of an earlier block come after these by begin_identity_, as new ones would.
    for (KernelThread& thread : threads_) {
      if (thread.fiber == nullptr && thread.waiting != Waiting::ended) {
        thread.fiber = fibers_.take(fiber_loop);
      }
    }
  }
  KernelThread* const first = pick();
  if (first != nullptr) {
    go_on(first, main_, false);
  }
  hide_end();
  order_acquire(&end_identity_);
  if (problem_) {
    const std::exception_ptr problem = std::exchange(problem_, nullptr);
    abandon();
    std::rethrow_exception(problem);
  }
  if (live_ == 0) {
    if (fiber_for_each_thread) {
      abandon();
    }
    if (async_proxy_ != nullptr) {
      async_proxy_->check_end();
    }
    return State::done;
  }
  if (at_flag_ > 0) {
    check<KernelError>(shape_.cooperative, shape_.kernel, ": ", name(),
                       " waits for a flag, but the launch is not cooperative; expected "
                       "Launch{.cooperative = true} where blocks wait for each other");
    return State::at_flag;
  }
  if (at_cluster_ == live_) {
    return State::at_cluster_barrier;
  }
  if (at_grid_ == live_) {
    return State::at_grid_barrier;
  }
  const std::string report = stuck_report("is stuck");
  abandon();
  fail<KernelError>(report);
}

/// Takes back the stacks of threads that ended or will not go on.
void Block::abandon() {
  for (KernelThread& thread : threads_) {
    if (thread.fiber == nullptr) {
      continue;
    }
    if (thread.waiting == Waiting::ended) {
      fibers_.give_back(thread.fiber);
    } else if (fiber_for_each_thread) {
      fibers_.drop(thread.fiber);  // with what TSan believes of its stack
    } else {
      thread.fiber->reset();
      fibers_.give_back(thread.fiber);
    }
    thread.fiber = nullptr;
  }
  live_ = 0;
}

void Block::make_current(KernelThread& thread) {
  current_ = &thread;
  kernels::sim::threadIdx = thread.index;
}

/// Lets `next` (the main stack where null) go on; returns when `from` is switched to again.
/// `for_good`: the thread on `from` has ended.
void Block::go_on(KernelThread* next, Fiber& from, bool for_good) {
  Fiber* to = &main_;
  if (next != nullptr) {
    make_current(*next);
    to = next->fiber;
    if (!next->begun) {
      next->begun = true;
      if (!fiber_for_each_thread) {
        to = fibers_.take(fiber_loop);
      }
      starting_ = next;
      starting_fiber_ = to;
    }
  }
  if (for_good) {
    hide_end();
  }
  to->run_from(from);
}

/// What each stack does: runs one thread of the kernel after the other.
void Block::fiber_loop() {
  Fiber::begin_on_new_stack();
  hide_begin();
  for (;;) {
    Block& block = *current_block;
    KernelThread& thread = *block.starting_;
    Fiber& self = *block.starting_fiber_;
    thread.fiber = &self;
    block.make_current(thread);
    hide_end();
    order_acquire(&block.begin_identity_);
    std::exception_ptr problem;
    try {
      block.body_(block.context_);
    } catch (const KernelError&) {
      problem = std::current_exception();
    } catch (const std::exception& error) {
      problem = std::make_exception_ptr(KernelError(
          concat(block.where(thread.linear), ": an exception left the kernel: ", error.what())));
    } catch (...) {
      problem = std::make_exception_ptr(
          KernelError(concat(block.where(thread.linear), ": an exception left the kernel")));
    }
    order_release(&block.end_identity_);
    hide_begin();
    if (problem) {
      block.problem_ = std::move(problem);
      block.go_on(nullptr, self, true);  // does not return: the stack is reset
    }
    block.end_thread(thread);
    KernelThread* const next = block.problem_ ? nullptr : block.pick();
    if (!fiber_for_each_thread) {
      if (next != nullptr && !next->begun) {
        next->begun = true;
        block.starting_ = next;
        block.starting_fiber_ = &self;
        continue;
      }
      block.fibers_.give_back(&self);
    }
    block.go_on(next, self, false);  // returns when another thread is to begin here
  }
}

void Block::end_thread(KernelThread& thread) {
  const std::uint32_t bit = 1u << thread.lane;
  thread.waiting = Waiting::ended;
  if (!fiber_for_each_thread) {
    thread.fiber = nullptr;
  }
  alive_[thread.warp] &= ~bit;
  ready_[thread.warp] &= ~bit;
  if (ready_[thread.warp] == 0) {
    warps_ready_ &= ~(1u << thread.warp);
  }
  --live_;
  ++progress_;
  // One that ended is not waited for any more.
  std::uint32_t waiting = in_word_[thread.warp];
  while (waiting != 0) {
    const unsigned lane = static_cast<unsigned>(std::countr_zero(waiting));
    const std::uint32_t mask = threads_[thread.warp * warp_size + lane].mask;
    release_warp_if_met(thread.warp, mask);
    waiting &= ~mask & in_word_[thread.warp];
    if (((mask >> lane) & 1u) == 0) {
      break;
    }
  }
  release_barrier_if_met();
}

void Block::make_ready(unsigned warp, std::uint32_t lanes) {
  ready_[warp] |= lanes;
  if (ready_[warp] != 0) {
    warps_ready_ |= 1u << warp;
  }
}

unsigned Block::pick_bit(std::uint32_t bits) {
  switch (schedule_.order) {
    case Order::forward:
      return static_cast<unsigned>(std::countr_zero(bits));
    case Order::reverse:
      return 31u - static_cast<unsigned>(std::countl_zero(bits));
    case Order::shuffled:
      break;
  }
  for (auto skip = static_cast<unsigned>(random_()) % static_cast<unsigned>(std::popcount(bits));
       skip > 0; --skip) {
    bits &= bits - 1;
  }
  return static_cast<unsigned>(std::countr_zero(bits));
}

/// Stays in a warp while it can go on, so that few stacks are in use at a time.
KernelThread* Block::pick() {
  if (warps_ready_ == 0) {
    return nullptr;
  }
  unsigned warp = current_ != nullptr ? current_->warp : 0;
  if (schedule_.order == Order::shuffled || current_ == nullptr || ready_[warp] == 0) {
    warp = pick_bit(warps_ready_);
  }
  return &threads_[warp * warp_size + pick_bit(ready_[warp])];
}

void Block::wait(Waiting waiting, const char* word, Place place) {
  KernelThread& thread = *current_;
  const std::uint32_t bit = 1u << thread.lane;
  thread.waiting = waiting;
  thread.word = word;
  thread.place = place;
  ready_[thread.warp] &= ~bit;
  if (ready_[thread.warp] == 0) {
    warps_ready_ &= ~(1u << thread.warp);
  }
}

void Block::leave() {
  KernelThread& thread = *current_;
  if (thread.waiting == Waiting::nowhere && schedule_.order != Order::shuffled) {
    return;  // whom it waited for had come already
  }
  KernelThread* const next = problem_ ? nullptr : pick();
  if (next != &thread) {
    go_on(next, *thread.fiber, false);
  }
}

void Block::join(Cluster& cluster, unsigned rank) {
  cluster_ = &cluster;
  rank_ = rank;
}

bool Block::owns_shared(const void* address) const {
  const auto* const byte = static_cast<const unsigned char*>(address);
  return byte >= shared_.get() && byte < shared_.get() + shape_.shared_bytes;
}

}  // namespace heddle::sim
