#include "kernels/gpu/sim/async_proxy.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/gpu/sim/memory_access.h"

namespace heddle::sim {

unsigned AsyncProxy::thread() const { return block_.running(); }

std::size_t AsyncProxy::byte_of(const void* address) const {
  return static_cast<std::size_t>(static_cast<const unsigned char*>(address) - block_.shared());
}

std::size_t AsyncProxy::Barrier::brought() const {
  std::size_t bytes = 0;
  for (const Copy& copy : copies) {
    bytes += copy.to.bytes;
  }
  return bytes;
}

AsyncProxy::Barrier& AsyncProxy::barrier(const void* address, const char* word, Place place) {
  const auto found = barriers_.find(address);
  if (found == barriers_.end()) {
    block_.fail_here(place, concat(word,
                                   ": nothing has made this a barrier yet; expected init_barrier, "
                                   "fence_barriers and sync_threads before its first use"));
  }
  return found->second;
}

void AsyncProxy::init(const void* address, unsigned arrivals, Place place) {
  const HideScope hidden;
  if (!block_.owns_shared(address)) {
    block_.fail_here(place, "init_barrier: the barrier is outside of the block's shared memory");
  }
  if (arrivals == 0) {
    block_.fail_here(place, "init_barrier: expected one arrival or more");
  }
  Barrier& made = barriers_[address];
  made = {};
  made.arrivals = made.lacking = arrivals;
}

/// Ends the phase if it can end. Copies wait until a thread waits for them.
void AsyncProxy::settle(const void* address, Barrier& barrier, bool is_awaited, Place place) {
  if (barrier.lacking > 0) {
    return;
  }
  const std::size_t brought = barrier.brought();
  if (brought > barrier.announced) {
    block_.fail_here(place,
                     concat("the barrier at byte ", byte_of(address), ": copies bring ", brought,
                            " bytes, but arrive_expecting announced ", barrier.announced));
  }
  if (brought < barrier.announced || (!barrier.copies.empty() && !is_awaited)) {
    return;
  }
  for (const Copy& copy : barrier.copies) {
    copy.perform();
    if (unsigned char* const written = block_.written()) {
      std::memset(written + byte_of(copy.to.first), written_by_copy, copy.to.bytes);
    }
  }
  barrier.copies.clear();
  barrier.announced = 0;
  barrier.lacking = barrier.arrivals;
  ++barrier.phase;
  block_.release_event(address);
}

void AsyncProxy::arrive(const void* address, std::size_t bytes, const char* word, Place place) {
  Barrier* reached = nullptr;
  char* identity = nullptr;
  {
    const HideScope hidden;
    reached = &barrier(address, word, place);
    settle(address, *reached, true, place);
    identity = &reached->identity[reached->phase & 1u];
  }
  order_release(identity);
  const HideScope hidden;
  Barrier& here = *reached;
  if (here.lacking == 0) {
    block_.fail_here(place, concat(word, ": the barrier at byte ", byte_of(address), " has its ",
                                   here.arrivals, " arrivals already, and lacks ",
                                   here.announced - here.brought(), " bytes of copies"));
  }
  here.announced += bytes;
  --here.lacking;
  settle(address, here, block_.is_awaited(address), place);
}

void AsyncProxy::wait(const void* address, unsigned parity, Place place) {
  char* identity = nullptr;
  {
    const HideScope hidden;
    Barrier& here = barrier(address, "wait_barrier", place);
    identity = &here.identity[parity & 1u];
    if ((here.phase & 1u) == (parity & 1u)) {
      settle(address, here, true, place);
    }
    while ((here.phase & 1u) == (parity & 1u)) {
      block_.wait_for_event(address, "wait_barrier", place);
    }
  }
  order_acquire(identity);
}

void AsyncProxy::begin_copy(const void* address, SharedRange to, std::function<void()> perform,
                            Place place) {
  const HideScope hidden;
  Barrier& here = barrier(address, "copy_tile_async", place);
  if (!block_.owns_shared(to.first) || !block_.owns_shared(to.first + to.bytes - 1)) {
    block_.fail_here(place, "copy_tile_async: the tile is outside of the block's shared memory");
  }
  for (const auto& [of, other] : barriers_) {
    for (const Copy& copy : other.copies) {
      if (copy.to.overlaps(to)) {
        block_.fail_here(place, concat("copy_tile_async: another copy, on its way, writes the "
                                       "tile at byte ",
                                       byte_of(to.first), " too"));
      }
    }
  }
  for (const auto& [number, group] : groups_) {
    for (const Product& product : group.products) {
      for (const SharedRange& range : product.reads) {
        if (range.overlaps(to)) {
          block_.fail_here(place, concat("copy_tile_async: products on their way still read the "
                                         "tile at byte ",
                                         byte_of(to.first),
                                         "; expected wait_products before the barrier that frees "
                                         "it"));
        }
      }
    }
  }
  here.copies.push_back({to, std::move(perform), thread(), place});
  settle(address, here, block_.is_awaited(address), place);
}

void AsyncProxy::meet(const char* word, void* request, void (*complete)(void* const* requests),
                      Place place) {
  if (active_recorder != nullptr) [[unlikely]] {
    const HideScope hidden;
    active_recorder->word(block_.who(), word, place);
  }
  const HideScope hidden;
  const unsigned first = thread() / warpgroup_size * warpgroup_size;
  if (first + warpgroup_size > block_.threads().size()) {
    block_.fail_here(place, concat(word,
                                   ": needs all 128 threads of a warp group, from a multiple of "
                                   "128 on; the block has ",
                                   block_.threads().size()));
  }
  Group& mine = group();
  if (mine.came > 0 && (!(mine.place == place) || std::strcmp(mine.word, word) != 0)) {
    block_.fail_here(
        place, concat(word, ": another thread of the warp group is in ", mine.word, " of line ",
                      mine.place.line, "; expected all 128 in the same word"));
  }
  mine.word = word;
  mine.place = place;
  mine.requests[thread() - first] = request;
  if (++mine.came < warpgroup_size) {
    block_.wait_for_event(&mine, word, place);
    return;
  }
  mine.came = 0;
  complete(mine.requests.data());
  for (unsigned i = first; i < first + warpgroup_size; ++i) {
    ++threads_[i].begun;
  }
  block_.release_event(&mine);
}

void AsyncProxy::begin_product(const std::vector<SharedRange>& reads, std::function<void()> perform,
                               const char* word, Place place) {
  for (const SharedRange& range : reads) {
    if (!block_.owns_shared(range.first) || !block_.owns_shared(range.first + range.bytes - 1)) {
      block_.fail_here(place, concat(word, ": reads outside of the block's shared memory"));
    }
    for (const auto& [address, barrier] : barriers_) {
      for (const Copy& copy : barrier.copies) {
        if (copy.to.overlaps(range)) {
          block_.fail_here(place,
                           concat(word, ": a copy that nobody has waited for brings byte ",
                                  byte_of(copy.to.first), " …; expected wait_barrier before"));
        }
      }
    }
    if (const unsigned char* const written = block_.written()) {
      const unsigned char* const from = written + byte_of(range.first);
      const auto* const found = std::find_if(
          from, from + range.bytes, [](unsigned char how) { return how != written_by_copy; });
      if (found != from + range.bytes) {
        const auto byte = byte_of(range.first) + static_cast<std::size_t>(found - from);
        block_.fail_here(
            place, *found == 0
                       ? concat(word, ": reads shared memory that nothing has written, byte ", byte)
                       : concat(word, ": reads what ordinary stores have written, byte ", byte,
                                "; expected tiles that copy_tile_async brought"));
      }
    }
  }
  group().products.push_back({reads, std::move(perform)});
}

void AsyncProxy::commit_products() {
  const HideScope hidden;
  of_thread().committed.push_back(of_thread().begun);
}

void AsyncProxy::wait_products(std::uint64_t pending) {
  const HideScope hidden;
  OfThread& mine = of_thread();
  if (mine.committed.size() <= pending) {
    return;
  }
  const std::uint64_t target = mine.committed[mine.committed.size() - 1 - pending];
  Group& all = group();
  const unsigned first = thread() / warpgroup_size * warpgroup_size;
  for (std::uint64_t number = all.retired; number < target; ++number) {
    Product& product = all.products[number - all.retired];
    if (!product.perform) {
      continue;
    }
    for (unsigned i = first; i < first + warpgroup_size; ++i) {  // sums live on their stacks
      if (block_.threads()[i].waiting == Waiting::ended) {
        block_.fail_at(i, all.place,
                       concat(all.word, ": the thread ended without a wait_products"));
      }
    }
    std::exchange(product.perform, nullptr)();
  }
  mine.waited = std::max(mine.waited, target);
  std::uint64_t& of_warp = all.waited[(thread() - first) / 32];
  of_warp = std::max(of_warp, target);
  while (all.retired < *std::min_element(all.waited.begin(), all.waited.end())) {
    all.products.pop_front();
    ++all.retired;
  }
}

std::uint64_t AsyncProxy::begun() const {
  const HideScope hidden;
  const auto found = threads_.find(thread());
  return found == threads_.end() ? 0 : found->second.begun;
}
std::uint64_t AsyncProxy::waited() const {
  const HideScope hidden;
  const auto found = threads_.find(thread());
  return found == threads_.end() ? 0 : found->second.waited;
}

void AsyncProxy::check_end() const {
  for (const auto& [address, barrier] : barriers_) {
    if (!barrier.copies.empty()) {
      const Copy& copy = barrier.copies.front();
      block_.fail_at(copy.thread, copy.place,
                     "copy_tile_async: the block ended without a wait_barrier for this copy");
    }
  }
  for (const auto& [number, group] : groups_) {
    if (!group.products.empty()) {
      block_.fail_at(number * warpgroup_size, group.place,
                     concat(group.word, ": the block ended without a wait_products for it"));
    }
  }
}

std::string AsyncProxy::waits() const {
  std::string report;
  for (const auto& [address, barrier] : barriers_) {
    if (block_.is_awaited(address)) {
      report += concat("; the barrier at byte ", byte_of(address), " lacks ", barrier.lacking,
                       " arrivals and ", barrier.announced - barrier.brought(), " bytes");
    }
  }
  for (const auto& [number, group] : groups_) {
    if (group.came > 0) {
      report += concat("; ", group.came, " of the 128 threads of warp group ", number, " came to ",
                       group.word);
    }
  }
  return report;
}

}  // namespace heddle::sim
