#include "kernels/gpu/sim/cluster.h"

#include "kernels/gpu/sim/block.h"
#include "kernels/gpu/sim/sanitizers.h"

namespace heddle::sim {

Cluster::Cluster(const std::vector<Block*>& blocks) : size_(static_cast<unsigned>(blocks.size())) {
  for (unsigned rank = 0; rank < size_; ++rank) {
    blocks_[rank] = blocks[rank];
    blocks_[rank]->join(*this, rank);
  }
}

void Cluster::begin() {
  epoch_ = 0;
  last_reach_ = {};
}

bool Cluster::release_if_met() {
  bool is_waited_at = false;
  const KernelThread* first = nullptr;
  bool is_same = true;
  for (unsigned rank = 0; rank < size_; ++rank) {
    const Block& block = *blocks_[rank];
    if (block.done()) {
      continue;
    }
    if (!block.is_at_cluster_barrier()) {
      return false;
    }
    is_waited_at = true;
    for (const KernelThread& thread : block.threads()) {
      if (thread.waiting != Waiting::cluster_barrier) {
        continue;
      }
      first = first == nullptr ? &thread : first;
      is_same = is_same && thread.place == first->place;
    }
  }
  if (!is_waited_at) {
    return false;
  }
  if (!is_same) {
    std::string report = concat(blocks_[0]->kernel(), ": the cluster of ", size_,
                                " blocks diverged: its threads wait in different barriers:");
    for (unsigned rank = 0; rank < size_; ++rank) {
      report += concat(rank == 0 ? " " : "; ", blocks_[rank]->name(), ':', blocks_[rank]->waits());
    }
    fail<KernelError>(report);
  }
  ++epoch_;
  for (unsigned rank = 0; rank < size_; ++rank) {
    if (!blocks_[rank]->done()) {
      blocks_[rank]->release(Waiting::cluster_barrier);
    }
  }
  return true;
}

void Cluster::fail_reach(const LastReach& reach, const Block& to) const {
  reach.from->fail_at(reach.thread, reach.place,
                      concat(reach.word, ": reaches the shared memory of ", to.name(),
                             ", which may have ended; expected a sync_cluster between the access "
                             "and the end of that block"));
}

void Cluster::check_end(const Block& block) const {
  const LastReach& last = last_reach_[block.cluster_rank()];
  if (last.is_set && last.epoch == epoch_) {
    fail_reach(last, block);
  }
}

unsigned char* Cluster::reach(const Block& from, int rank, const void* address, std::size_t bytes,
                              const char* word, Place place) {
  const HideScope hidden;
  if (rank < 0 || rank >= static_cast<int>(size_)) {
    from.fail_here(place, concat(word, ": rank ", rank, " is outside; expected 0 … ", size_ - 1));
  }
  const auto* const first = static_cast<const unsigned char*>(address);
  if (!from.owns_shared(first) || !from.owns_shared(first + bytes - 1)) {
    from.fail_here(place, concat(word,
                                 ": the address is outside of this block's shared memory; "
                                 "expected the place in it that is meant in the peer's"));
  }
  const auto peer = static_cast<unsigned>(rank);
  if (blocks_[peer] != &from) {
    const LastReach now{true, epoch_, &from, from.running(), word, place};
    if (epoch_ == 0) {
      from.fail_here(place, concat(word, ": reaches the shared memory of ", blocks_[peer]->name(),
                                   ", which may not have begun; expected a sync_cluster before "
                                   "the first access to a peer"));
    }
    if (blocks_[peer]->done()) {
      fail_reach(now, *blocks_[peer]);
    }
    last_reach_[peer] = now;
  }
  return blocks_[peer]->shared() + (first - from.shared());
}

}  // namespace heddle::sim
