#include "data/sampler.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/random.h"

namespace heddle {

BatchSampler::BatchSampler(std::vector<std::int64_t> items, SamplerOptions options,
                           std::uint64_t seed)
    : items_(std::move(items)), options_(options), state_{seed, 0, 0} {
  check(!items_.empty(), "BatchSampler: there is no item to sample");
  check(options_.batch_size >= 1, "BatchSampler: got batch_size ", options_.batch_size,
        ", expected at least 1");
  check(batches_per_epoch() >= 1, "BatchSampler: got ", items_.size(), " items and batch_size ",
        options_.batch_size, " with drop_last, which leaves no batch; expected a smaller batch");
  order_epoch();
}

std::int64_t BatchSampler::batches_per_epoch() const {
  const std::int64_t whole = items() / options_.batch_size;
  return !options_.drop_last && items() % options_.batch_size != 0 ? whole + 1 : whole;
}

void BatchSampler::order_epoch() {
  if (!options_.shuffle) {
    ordered_ = items_;
    return;
  }
  Generator generator = Generator(state_.seed).named(concat("BatchSampler, epoch ", state_.epoch));
  const std::vector<std::int64_t> order = generator.permutation(items());
  ordered_.clear();
  for (const std::int64_t position : order) {
    ordered_.push_back(items_[static_cast<std::size_t>(position)]);
  }
}

std::vector<std::int64_t> BatchSampler::next() {
  const std::int64_t end = std::min(state_.position + options_.batch_size, items());
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
