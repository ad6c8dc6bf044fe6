#include "models/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace heddle {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

struct Candidate {
  double log_probability;
  std::int64_t beam;  // which hypothesis of the sentence it continues
  std::int64_t token;
};

bool is_before(const Candidate& left, const Candidate& right) {
  if (left.log_probability != right.log_probability) {
    return left.log_probability > right.log_probability;
  }
  return left.beam != right.beam ? left.beam < right.beam : left.token < right.token;
}

/// The best few of many, in order.
class Best {
 public:
  explicit Best(std::size_t most) : most_(most) {}

  void offer(const Candidate& candidate) {
    if (kept_.size() == most_ && !is_before(candidate, kept_.back())) {
      return;
    }
    kept_.insert(std::upper_bound(kept_.begin(), kept_.end(), candidate, is_before), candidate);
    if (kept_.size() > most_) {
      kept_.pop_back();
    }
  }
  const std::vector<Candidate>& in_order() const { return kept_; }

 private:
  std::size_t most_;
  std::vector<Candidate> kept_;
};

struct Alive {
  std::vector<std::int64_t> tokens;
  double log_probability = impossible;
};

struct Sentence {
  std::vector<Alive> alive;
  std::vector<Hypothesis> finished;
  bool done = false;
};

class Search {
 public:
  Search(const BeamTask& task, const BeamOptions& options) : task_(task), options_(options) {
    sentences_.resize(task.limits.size());
    for (Sentence& sentence : sentences_) {
      sentence.alive.resize(static_cast<std::size_t>(options.beam));
      sentence.alive.front().log_probability = 0.0;  // at first all are the same one
    }
    tokens_.assign(rows(), task.begin);
  }

  bool done() const {
    return std::all_of(sentences_.begin(), sentences_.end(),
                       [](const Sentence& sentence) { return sentence.done; });
  }
  Tensor tokens() const {
    return Tensor::from(std::span<const std::int64_t>(tokens_),
                        {static_cast<std::int64_t>(tokens_.size())});
  }
  const std::vector<std::int64_t>& parents() const { return parents_; }

  void advance(const Tensor& log_probabilities) {
    const Tensor host = log_probabilities.to(Device{}).contiguous();
    check(host.rank() == 2 && host.size(0) == static_cast<std::int64_t>(rows()),
          "beam_search: log probabilities are ", host.shape(), "; expected [", rows(),
          ", vocabulary]");
    ++length_;
    parents_.resize(rows());
    for (std::size_t row = 0; row < parents_.size(); ++row) {
      parents_[row] = static_cast<std::int64_t>(row);
    }
    for (std::size_t s = 0; s < sentences_.size(); ++s) {
      if (!sentences_[s].done) {
        go_on(s, best_of(host, s));
      }
    }
    bool moved = false;
    for (std::size_t row = 0; row < parents_.size(); ++row) {
      moved = moved || parents_[row] != static_cast<std::int64_t>(row);
    }
    if (!moved) {
      parents_.clear();
    }
  }

  std::vector<std::vector<Hypothesis>> results() {
    std::vector<std::vector<Hypothesis>> all;
    for (Sentence& sentence : sentences_) {
      std::stable_sort(
          sentence.finished.begin(), sentence.finished.end(),
          [](const Hypothesis& left, const Hypothesis& right) { return left.score > right.score; });
      sentence.finished.resize(
          std::min(sentence.finished.size(), static_cast<std::size_t>(options_.beam)));
      all.push_back(std::move(sentence.finished));
    }
    return all;
  }

 private:
  std::size_t rows() const { return sentences_.size() * static_cast<std::size_t>(options_.beam); }

  std::vector<Candidate> best_of(const Tensor& log_probabilities, std::size_t s) const {
    return dispatch_floating(log_probabilities.dtype(), "beam_search", [&](auto tag) {
      using T = typename decltype(tag)::type;
      const std::int64_t vocabulary = log_probabilities.size(1);
      Best best(2 * static_cast<std::size_t>(options_.beam));
      for (std::int64_t b = 0; b < options_.beam; ++b) {
        const double before = sentences_[s].alive[static_cast<std::size_t>(b)].log_probability;
        if (before == impossible) {
          continue;
        }
        const std::int64_t row = static_cast<std::int64_t>(s) * options_.beam + b;
        const T* values = log_probabilities.data<T>() + row * vocabulary;
        for (std::int64_t token = 0; token < vocabulary; ++token) {
          best.offer({before + static_cast<double>(values[token]), b, token});
        }
      }
      return best.in_order();
    });
  }

  void go_on(std::size_t s, const std::vector<Candidate>& best) {
    Sentence& sentence = sentences_[s];
    const auto first_row = static_cast<std::int64_t>(s) * options_.beam;
    std::vector<Alive> next;
    for (const Candidate& candidate : best) {
      const std::size_t place = next.size();
      std::vector<std::int64_t> tokens =
          sentence.alive[static_cast<std::size_t>(candidate.beam)].tokens;
      if (candidate.token == task_.end) {
        // One that ends but is not among the best `beam` might still be overtaken: it does not
        // count.
        if (static_cast<std::int64_t>(&candidate - best.data()) < options_.beam) {
          finish(sentence, std::move(tokens), candidate.log_probability, true);
        }
        continue;
      }
      if (place == sentence.alive.size()) {
        continue;
      }
      tokens.push_back(candidate.token);
      const std::size_t row = static_cast<std::size_t>(first_row) + place;
      tokens_[row] = candidate.token;
      parents_[row] = first_row + candidate.beam;
      next.push_back({std::move(tokens), candidate.log_probability});
    }
    const bool at_limit = length_ >= task_.limits[s];
    if (at_limit) {
      for (const Alive& alive : next) {
        finish(sentence, alive.tokens, alive.log_probability, false);
      }
    }
    sentence.done = at_limit || next.empty() ||
                    static_cast<std::int64_t>(sentence.finished.size()) >= options_.beam;
    next.resize(sentence.alive.size());
    sentence.alive = std::move(next);
  }

  void finish(Sentence& sentence, std::vector<std::int64_t> tokens, double log_probability,
              bool ended) const {
    const double length = static_cast<double>(tokens.size()) + (ended ? 1.0 : 0.0);
    const double penalty = std::pow((5.0 + length) / 6.0, options_.length_penalty);
    sentence.finished.push_back(
        {std::move(tokens), log_probability, log_probability / penalty, ended});
  }

  const BeamTask& task_;
  const BeamOptions& options_;
  std::vector<Sentence> sentences_;
  std::vector<std::int64_t> tokens_;
  std::vector<std::int64_t> parents_;
  std::int64_t length_ = 0;
};

}  // namespace

std::vector<std::vector<Hypothesis>> beam_search(const BeamTask& task, const BeamOptions& options,
                                                 const NextLogProbabilities& next) {
  check(options.beam >= 1, "beam_search: beam is ", options.beam, "; expected at least 1");
  check(!task.limits.empty(), "beam_search: there is no sentence; expected at least one");
  for (const std::int64_t limit : task.limits) {
    check(limit >= 1, "beam_search: a limit is ", limit, "; expected at least 1 token");
  }
  Search search(task, options);
  while (!search.done()) {
    search.advance(next(search.tokens(), search.parents()));
  }
  return search.results();
}

}  // namespace heddle
