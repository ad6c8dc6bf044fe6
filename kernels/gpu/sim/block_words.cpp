#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>

#include "kernels/gpu/sim/async_proxy.h"
#include "kernels/gpu/sim/block.h"
#include "kernels/gpu/sim/cluster.h"
#include "kernels/gpu/sim/sanitizers.h"

// The words in which threads wait for each other: what each waits for, and who lets it go on.

namespace heddle::sim {

void Block::tell_recorder(const char* word, Place place) const {
  if (active_recorder != nullptr) [[unlikely]] {
    hide_begin();
    active_recorder->word(who(), word, place);
    hide_end();
  }
}

void Block::release_barrier_if_met() {
  if (at_barrier_ == 0 || at_barrier_ != live_) {
    return;
  }
  const KernelThread* first = nullptr;
  for (const KernelThread& thread : threads_) {
    if (thread.waiting != Waiting::block_barrier) {
      continue;
    }
    if (first == nullptr) {
      first = &thread;
    } else if (!(first->place == thread.place)) {
      problem_ = std::make_exception_ptr(
          KernelError(stuck_report("diverged: its threads wait in different barriers")));
      return;
    }
  }
  at_barrier_ = 0;
  ++barrier_epoch_;
  ++progress_;
  for (KernelThread& thread : threads_) {
    if (thread.waiting == Waiting::block_barrier) {
      thread.waiting = Waiting::nowhere;
      make_ready(thread.warp, 1u << thread.lane);
    }
  }
}

void Block::sync_threads(const char* word, Place place) {
  tell_recorder(word, place);
  char* const identity = &barrier_identity_[barrier_epoch_ & 1u];
  order_release(identity);
  hide_begin();
  wait(Waiting::block_barrier, word, place);
  ++at_barrier_;
  release_barrier_if_met();
  leave();
  hide_end();
  order_acquire(identity);
}

void Block::release_warp_if_met(unsigned warp, std::uint32_t mask) {
  const std::uint32_t wanted = mask & alive_[warp];
  if (wanted == 0 || (in_word_[warp] & wanted) != wanted) {
    return;
  }
  WarpMeeting meeting{.mask = wanted, .of_lane = {}};
  const KernelThread* first = nullptr;
  for (std::uint32_t lanes = wanted; lanes != 0; lanes &= lanes - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
    const KernelThread& thread = threads_[warp * warp_size + lane];
    if (thread.mask != mask) {
      return;  // waits for others; if they never come, the block is stuck
    }
    if (first == nullptr) {
      first = &thread;
    } else if (!(thread.place == first->place) || std::strcmp(thread.word, first->word) != 0) {
      problem_ = std::make_exception_ptr(
          KernelError(stuck_report("diverged: lanes of one warp meet in different words")));
      return;
    }
    meeting.of_lane[lane] = thread.request;
  }
  if (first->complete != nullptr) {
    first->complete(meeting);
  }
  in_word_[warp] &= ~wanted;
  ++warp_epoch_[warp];
  ++progress_;
  for (std::uint32_t lanes = wanted; lanes != 0; lanes &= lanes - 1) {
    threads_[warp * warp_size + static_cast<unsigned>(std::countr_zero(lanes))].waiting =
        Waiting::nowhere;
  }
  make_ready(warp, wanted);
}

void Block::meet(std::uint32_t mask, const char* word, WarpWord complete, void* request,
                 Place place) {
  KernelThread& thread = *current_;
  tell_recorder(word, place);
  if (((mask >> thread.lane) & 1u) == 0) {
    fail_here(place, concat(word, ": the mask 0x", std::hex, mask, std::dec,
                            " does not name the lane that calls it, ", thread.lane));
  }
  char* const identity = &warp_identity_[thread.warp][warp_epoch_[thread.warp] & 1u];
  order_release(identity);
  hide_begin();
  thread.mask = mask;
  thread.request = request;
  thread.complete = complete;
  wait(Waiting::warp_word, word, place);
  in_word_[thread.warp] |= 1u << thread.lane;
  release_warp_if_met(thread.warp, mask);
  leave();
  hide_end();
  order_acquire(identity);
}

void Block::sync_grid(Place place) {
  if (!shape_.cooperative) {
    fail_here(place,
              "sync_grid: the launch is not cooperative; expected "
              "Launch{.cooperative = true}");
  }
  tell_recorder("sync_grid", place);
  static char identity[2] = {};  // of all blocks: cooperative launches run on one OS thread
  char* const mine = &identity[grid_epoch_ & 1u];
  order_release(mine);
  hide_begin();
  wait(Waiting::grid_barrier, "sync_grid", place);
  ++at_grid_;
  leave();
  hide_end();
  order_acquire(mine);
}

Cluster& Block::cluster(const char* word, Place place) const {
  if (cluster_ == nullptr) {
    fail_here(place, concat(word,
                            ": the launch has no clusters; expected Launch{.cluster = 2}, "
                            "or more"));
  }
  return *cluster_;
}

void Block::sync_cluster(Place place) {
  Cluster& mine = cluster("sync_cluster", place);
  tell_recorder("sync_cluster", place);
  char* const identity = mine.barrier_identity();
  order_release(identity);
  hide_begin();
  wait(Waiting::cluster_barrier, "sync_cluster", place);
  ++at_cluster_;
  leave();
  hide_end();
  order_acquire(identity);
}

void Block::release(Waiting barrier) {
  if (barrier == Waiting::grid_barrier) {
    at_grid_ = 0;
    ++grid_epoch_;
  } else {
    at_cluster_ = 0;
  }
  ++progress_;
  for (KernelThread& thread : threads_) {
    if (thread.waiting == barrier) {
      thread.waiting = Waiting::nowhere;
      make_ready(thread.warp, 1u << thread.lane);
    }
  }
}

void Block::wait_for_flag(Place place) {
  hide_begin();
  wait(Waiting::flag, "wait_flag", place);
  ++at_flag_;
  leave();
  hide_end();
}

void Block::passed_flag() {
  const HideScope hidden;
  ++progress_;
}

void Block::wait_for_event(const void* event, const char* word, Place place) {
  current_->event = event;
  wait(Waiting::event, word, place);
  leave();
}

void Block::release_event(const void* event) {
  ++progress_;
  for (KernelThread& thread : threads_) {
    if (thread.waiting == Waiting::event && thread.event == event) {
      thread.waiting = Waiting::nowhere;
      make_ready(thread.warp, 1u << thread.lane);
    }
  }
}

bool Block::is_awaited(const void* event) const {
  return std::any_of(threads_.begin(), threads_.end(), [&](const KernelThread& thread) {
    return thread.waiting == Waiting::event && thread.event == event;
  });
}

AsyncProxy& Block::async_proxy() {
  const HideScope hidden;
  if (async_proxy_ == nullptr) {
    async_proxy_ = std::make_unique<AsyncProxy>(*this);
  }
  return *async_proxy_;
}

}  // namespace heddle::sim
