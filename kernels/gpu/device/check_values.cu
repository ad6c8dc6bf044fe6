// check_values under cuda: numbers are looked at where they lie, the host does not wait, and what
// is found is thrown when the host next waits for the card. (sim looks at once: host.cu.)

#include <array>
#include <mutex>
#include <string>
#include <vector>

#include "core/cuda/calls.h"
#include "core/cuda/card.h"
#include "core/cuda/check.h"
#include "core/recording.h"
#include "kernels/gpu/device/device.h"

namespace heddle::kernels::cuda {
namespace {

constexpr long long not_run = -1;
constexpr long long all_inside = -2;

/// In page-locked memory, which both sides reach.
struct Found {
  long long place;  // in row-major order, or one of the two above
  long long value;
};

struct Values {
  const std::int64_t* data;
  std::int64_t count;
  int rank;
  std::int64_t size[Dims::max_rank];
  std::int64_t stride[Dims::max_rank];
};

constexpr int threads = 256;

struct PlacesShared {
  SharedArray<long long, threads> first;
};

/// One block, whatever the count, so that the first place is found in a fixed way. What an earlier
/// replay of a graph found is kept until the host has read it.
__global__ void find_outside(Values values, std::int64_t low, std::int64_t high, std::int64_t other,
                             Found* found) {
  const auto value_at = [&](std::int64_t place) {
    std::int64_t offset = 0;
    for (int d = values.rank - 1; d >= 0; --d) {
      offset += place % values.size[d] * values.stride[d];
      place /= values.size[d];
    }
    return values.data[offset];
  };
  auto& shared = shared_memory<PlacesShared>();
  const int thread = static_cast<int>(threadIdx.x);
  long long first = values.count;
  for (std::int64_t place = thread; place < values.count; place += threads) {
    const std::int64_t value = value_at(place);
    if (value != other && (value < low || value > high)) {
      first = place;
      break;
    }
  }
  shared.first(thread) = first;
  for (int half = threads / 2; half > 0; half /= 2) {
    sync_threads();
    if (thread < half && shared.first(thread + half) < shared.first(thread)) {
      shared.first(thread) = shared.first(thread + half);
    }
  }
  if (thread == 0 && found->place < 0) {
    first = shared.first(0);
    const bool is_outside = first < values.count;
    found->value = is_outside ? value_at(first) : 0;
    __threadfence_system();
    found->place = is_outside ? first : all_inside;
  }
}

struct Check {
  const char* kernel;
  const char* what;
  Shape shape;
  std::int64_t low, high;
  bool of_graph;  // runs again at each replay: its place is never free again
  volatile Found* found;
};

constexpr std::size_t most_checks = 4096;  // not yet read, per card

/// The checks of one card.
struct Board {
  std::mutex mutex;
  Found* memory = nullptr;
  std::vector<Found*> free;
  std::vector<Check> given;
};

Board& board_of(int index) {
  static auto& boards = *new std::array<Board, 64>;  // as many as there may be cards
  return boards[static_cast<std::size_t>(index)];
}

std::string described(const Check& check) {
  std::string place;
  long long rest = check.found->place;
  for (int d = check.shape.rank() - 1; d >= 0; --d) {
    place = std::to_string(rest % check.shape[d]) + (place.empty() ? "" : ", ") + place;
    rest /= check.shape[d];
  }
  return concat(check.kernel, ": ", check.what, "[", place, "] is ",
                static_cast<long long>(check.found->value), "; expected ", check.low, " … ",
                check.high);
}

/// Called after each wait of the host.
void read_checks(int index) {
  Board& board = board_of(index);
  std::string message;
  {
    const std::lock_guard lock(board.mutex);
    std::vector<Check> kept;
    for (const Check& check : board.given) {
      if (check.found->place >= 0 && message.empty()) {
        message = described(check);
      }
      if (check.of_graph || check.found->place == not_run) {
        if (check.found->place >= 0) {
          check.found->place = not_run;
        }
        kept.push_back(check);
      } else {
        board.free.push_back(const_cast<Found*>(check.found));
      }
    }
    board.given.swap(kept);
  }
  if (!message.empty()) {
    throw Error(message);
  }
}

/// Errors: too many checks in graphs.
Found* free_place(Board& board, Stream& stream) {
  const int index = stream.device.index;
  std::unique_lock lock(board.mutex);
  if (board.memory == nullptr) {
    const ::heddle::cuda::CapturePause pause(index);
    void* memory = nullptr;
    ::heddle::cuda::check_cuda(
        ::heddle::cuda::calls().cudaMallocHost(&memory, most_checks * sizeof(Found)),
        "cudaMallocHost", index);
    board.memory = static_cast<Found*>(memory);
    for (std::size_t i = 0; i < most_checks; ++i) {
      board.free.push_back(board.memory + i);
    }
    ::heddle::cuda::set_after_wait(read_checks);
  }
  if (board.free.empty() && !is_capturing(stream.device)) {
    lock.unlock();
    synchronize(stream.device);
    lock.lock();
  }
  check(!board.free.empty(), "check of values: graphs hold all ", most_checks,
        " places for what their kernels find; capture fewer graphs");
  Found* const place = board.free.back();
  board.free.pop_back();
  return place;
}

}  // namespace

void check_values(Stream& stream, const char* kernel, const char* what, const ConstView& view,
                  std::int64_t low, std::int64_t high, std::int64_t other) {
  if (view.elements() == 0) {
    return;
  }
  Values values{view.pointer<std::int64_t>(), view.elements(), view.rank(), {}, {}};
  for (int d = 0; d < view.rank(); ++d) {
    values.size[d] = view.size(d);
    values.stride[d] = view.stride(d);
  }
  Board& board = board_of(stream.device.index);
  Found* const found = free_place(board, stream);
  found->place = not_run;
  {
    const std::lock_guard lock(board.mutex);
    board.given.push_back(
        {kernel, what, view.shape, low, high, is_capturing(stream.device), found});
  }
  launch(find_outside, Launch{"check_values", stream, dim3(1), dim3(threads), sizeof(PlacesShared)},
         values, low, high, other, found);
}

}  // namespace heddle::kernels::cuda
