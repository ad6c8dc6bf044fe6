#pragma once

#include <cstdint>
#include <vector>

namespace heddle {

struct SamplerOptions {
  std::int64_t batch_size = 32;
  bool shuffle = true;     // a new order each epoch; false: the order given
  bool drop_last = false;  // leave out the last batch of an epoch where it is short
  /// Batches of items of similar length: above 0, a batch holds as many items as fit when each is
  /// padded to the longest of them, items · longest ≤ this (one item at least), in place of
  /// batch_size. `lengths` has for each item its lengths, of which the first sorts before the
  /// second and so on, and the longest counts.
  std::int64_t batch_tokens = 0;
  std::vector<std::vector<std::int64_t>> lengths = {};
};

/// Deals items (samples or groups) out in batches, epoch after epoch. With `batch_tokens` the items
/// of an epoch are shuffled, sorted by their lengths (which leaves items of the same lengths
/// shuffled), cut into batches, and the batches shuffled. There are as many in every epoch. The
/// order of an epoch is a function of (seed, epoch) alone, so the state to save is three numbers,
/// and restoring them continues with the very batch that was next.
class BatchSampler {
 public:
  struct State {
    std::uint64_t seed = 0;
    std::int64_t epoch = 0;     // 0 is the first
    std::int64_t position = 0;  // items of this epoch already dealt
    bool operator==(const State&) const = default;
  };

  /// Errors: no items, batch_size < 1, or drop_last with fewer items than one batch.
  BatchSampler(std::vector<std::int64_t> items, SamplerOptions options, std::uint64_t seed);

  /// The next batch; after the last of an epoch, the first of the next one.
  std::vector<std::int64_t> next();
  /// Whether the batch that `next` will give is the first of an epoch: true at the start, and after
  /// each epoch's last batch (state().epoch has moved on by then).
  bool at_epoch_start() const { return state_.position == 0; }
  std::int64_t batches_per_epoch() const;
  /// With batch_tokens: the share of an epoch's padded places that are padding, all lengths
  /// together; 0 without.
  double padding_share() const { return padding_share_; }
  std::int64_t batch_size() const { return options_.batch_size; }
  std::int64_t items() const { return static_cast<std::int64_t>(items_.size()); }

  const State& state() const { return state_; }
  /// Errors (InputError, for state comes from a checkpoint): a position that is no batch boundary
  /// of these items and this batch size, or a negative epoch.
  void restore(const State& state);

 private:
  void order_epoch();
  void cut_into_batches();
  std::int64_t batch_end() const;

  std::vector<std::int64_t> items_;    // as given
  std::vector<std::int64_t> ordered_;  // as dealt in this epoch
  SamplerOptions options_;
  std::vector<std::int64_t> cuts_;        // batch_tokens: where batches of the sorted items end
  std::vector<std::int64_t> batch_ends_;  // … and where they end as dealt in this epoch
  double padding_share_ = 0.0;
  State state_;
};

}  // namespace heddle
