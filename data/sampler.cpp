#include "data/sampler.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/random.h"

namespace heddle {

BatchSampler::BatchSampler(std::vector<std::int64_t> items, SamplerOptions options,
                           std::uint64_t seed)
    : items_(std::move(items)), options_(std::move(options)), state_{seed, 0, 0} {
  check(!items_.empty(), "BatchSampler: there is no item to sample");
  check(options_.batch_size >= 1, "BatchSampler: got batch_size ", options_.batch_size,
        ", expected at least 1");
  if (options_.batch_tokens > 0) {
    check(options_.shuffle && !options_.drop_last && options_.lengths.size() == items_.size(),
          "BatchSampler: batch_tokens with ", options_.lengths.size(), " lengths for ",
          items_.size(), " items; expected lengths of each, shuffled, and no batch dropped");
    cut_into_batches();
  }
  check(batches_per_epoch() >= 1, "BatchSampler: got ", items_.size(), " items and batch_size ",
        options_.batch_size, " with drop_last, which leaves no batch; expected a smaller batch");
  order_epoch();
}

std::int64_t BatchSampler::batches_per_epoch() const {
  if (options_.batch_tokens > 0) {
    return static_cast<std::int64_t>(cuts_.size());
  }
  const std::int64_t whole = items() / options_.batch_size;
  return !options_.drop_last && items() % options_.batch_size != 0 ? whole + 1 : whole;
}

/// Sorted lengths are the same in every epoch, and so are the cuts.
void BatchSampler::cut_into_batches() {
  std::vector<std::size_t> sorted(items_.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{});
  std::stable_sort(sorted.begin(), sorted.end(), [&](std::size_t left, std::size_t right) {
    return options_.lengths[left] < options_.lengths[right];
  });
  double padded = 0.0;
  double used = 0.0;
  std::size_t begin = 0;
  std::vector<std::int64_t> most;
  const auto close = [&](std::size_t end) {
    cuts_.push_back(static_cast<std::int64_t>(end));
    for (const std::int64_t length : most) {
      padded += static_cast<double>(length) * static_cast<double>(end - begin);
    }
    begin = end;
    most.clear();
  };
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::vector<std::int64_t>& lengths = options_.lengths[sorted[i]];
    std::vector<std::int64_t> wider = lengths;
    for (std::size_t k = 0; k < most.size(); ++k) {
      wider[k] = std::max(wider[k], most[k]);
    }
    const std::int64_t longest = *std::max_element(wider.begin(), wider.end());
    if (i > begin && static_cast<std::int64_t>(i - begin + 1) * longest > options_.batch_tokens) {
      close(i);
      wider = lengths;
    }
    most = std::move(wider);
    for (const std::int64_t length : lengths) {
      used += static_cast<double>(length);
    }
  }
  close(sorted.size());
  padding_share_ = padded > 0.0 ? 1.0 - used / padded : 0.0;
}

void BatchSampler::order_epoch() {
  if (!options_.shuffle) {
    ordered_ = items_;
    return;
  }
  Generator generator = Generator(state_.seed).named(concat("BatchSampler, epoch ", state_.epoch));
  const std::vector<std::int64_t> order = generator.permutation(items());
  ordered_.clear();
  if (options_.batch_tokens == 0) {
    for (const std::int64_t position : order) {
      ordered_.push_back(items_[static_cast<std::size_t>(position)]);
    }
    return;
  }
  std::vector<std::size_t> places(order.begin(), order.end());
  std::stable_sort(places.begin(), places.end(), [&](std::size_t left, std::size_t right) {
    return options_.lengths[left] < options_.lengths[right];
  });
  batch_ends_.clear();
  for (const std::int64_t batch : generator.permutation(batches_per_epoch())) {
    const auto at = static_cast<std::size_t>(batch);
    for (std::int64_t i = at == 0 ? 0 : cuts_[at - 1]; i < cuts_[at]; ++i) {
      ordered_.push_back(items_[places[static_cast<std::size_t>(i)]]);
    }
    batch_ends_.push_back(static_cast<std::int64_t>(ordered_.size()));
  }
}

/// Where the batch that begins at the state's position ends.
std::int64_t BatchSampler::batch_end() const {
  if (options_.batch_tokens == 0) {
    return std::min(state_.position + options_.batch_size, items());
  }
  return *std::upper_bound(batch_ends_.begin(), batch_ends_.end(), state_.position);
}

std::vector<std::int64_t> BatchSampler::next() {
  const std::int64_t end = batch_end();
  std::vector<std::int64_t> batch(ordered_.begin() + state_.position, ordered_.begin() + end);
  state_.position = end;
  const std::int64_t left = items() - end;
  if (left == 0 || (options_.drop_last && left < options_.batch_size)) {
    state_.position = 0;
    ++state_.epoch;
    order_epoch();
  }
  return batch;
}

void BatchSampler::restore(const State& state) {
  if (options_.batch_tokens > 0) {
    check<InputError>(state.epoch >= 0, "BatchSampler: a saved state is of epoch ", state.epoch);
    const State before = state_;
    state_ = state;
    order_epoch();
    const bool fits = state.position == 0 ||
                      (state.position < items() &&
                       std::binary_search(batch_ends_.begin(), batch_ends_.end(), state.position));
    if (!fits) {
      state_ = before;
      order_epoch();
      fail<InputError>("BatchSampler: a saved state of epoch ", state.epoch, ", position ",
                       state.position, " does not fit ", items(), " items in batches of ",
                       options_.batch_tokens,
                       " tokens; was it saved with other data or another batch_tokens?");
    }
    return;
  }
  const std::int64_t batches = state.position / options_.batch_size;
  check<InputError>(state.epoch >= 0 && state.position >= 0 &&
                        state.position % options_.batch_size == 0 && batches < batches_per_epoch(),
                    "BatchSampler: a saved state of epoch ", state.epoch, ", position ",
                    state.position, " does not fit ", items(), " items in batches of ",
                    options_.batch_size, "; was it saved with another data set or batch size?");
  state_ = state;
  order_epoch();
}

}  // namespace heddle
