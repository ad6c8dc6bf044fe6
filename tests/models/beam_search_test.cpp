#include "models/beam_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tests/core/throws.h"

namespace heddle {
namespace {

constexpr std::int64_t begin_symbol = 3;
constexpr std::int64_t end_symbol = 2;

/// Probabilities of the tokens a = 0, b = 1, end = 2 after what was written, as a model that
/// remembers everything would give them.
using Table = std::map<std::string, std::vector<double>>;

class TableModel {
 public:
  TableModel(Table table, std::size_t rows) : table_(std::move(table)), written_(rows) {}

  Tensor next(const Tensor& tokens, const std::vector<std::int64_t>& parents) {
    const std::vector<std::string> before = written_;
    const std::vector<std::int64_t> last = tokens.to_vector<std::int64_t>();
    std::vector<double> logs;
    for (std::size_t row = 0; row < written_.size(); ++row) {
      written_[row] = before[parents.empty() ? row : static_cast<std::size_t>(parents[row])];
      if (last[row] != begin_symbol) {
        written_[row] += last[row] == 0 ? 'a' : 'b';
      }
      const auto found = table_.find(written_[row]);
      const std::vector<double> probabilities =
          found == table_.end() ? std::vector<double>{0.1, 0.1, 0.8} : found->second;
      for (const double p : probabilities) {
        logs.push_back(std::log(p));
      }
      logs.push_back(std::log(1e-9));  // begin
    }
    return Tensor::from(std::span<const double>(logs),
                        {static_cast<std::int64_t>(written_.size()), 4});
  }

 private:
  Table table_;
  std::vector<std::string> written_;
};

std::vector<Hypothesis> hypotheses_of(const Table& table, const BeamOptions& options,
                                      std::int64_t limit = 10) {
  TableModel model(table, static_cast<std::size_t>(options.beam));
  const BeamTask task = {.limits = {limit}, .begin = begin_symbol, .end = end_symbol};
  return beam_search(
             task, options,
             [&](const Tensor& tokens, const auto& parents) { return model.next(tokens, parents); })
      .front();
}

// Greedy takes a (0.6), then b (0.4), then the end: 0.6 · 0.4 · 0.8 = 0.192. With two hypotheses:
//   step 1   a 0.6, b 0.4
//   step 2   b+end 0.36, a+b 0.24, a+a 0.21, a+end 0.15: the first ends among the best two and is
//            finished, a+b and a+a go on
//   step 3   ab+end 0.192 is the best, and finished: two are, the search is over.
const Table worked = {{"", {0.6, 0.4, 1e-9}}, {"a", {0.35, 0.4, 0.25}}, {"b", {0.05, 0.05, 0.9}}};

TEST(BeamSearch, GreedyTakesTheLikeliestTokenEachTime) {
  const std::vector<Hypothesis> found = hypotheses_of(worked, {.beam = 1});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].tokens, (std::vector<std::int64_t>{0, 1}));
  EXPECT_NEAR(found[0].log_probability, std::log(0.6 * 0.4 * 0.8), 1e-12);
  EXPECT_TRUE(found[0].ended);
}

TEST(BeamSearch, FollowsTheWorkedExample) {
  const std::vector<Hypothesis> found = hypotheses_of(worked, {.beam = 2});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].tokens, std::vector<std::int64_t>{1});
  EXPECT_NEAR(found[0].log_probability, std::log(0.36), 1e-12);
  EXPECT_EQ(found[1].tokens, (std::vector<std::int64_t>{0, 1}));
  EXPECT_NEAR(found[1].log_probability, std::log(0.192), 1e-12);
}

TEST(BeamSearch, LengthPenaltyIsThatOfWu) {
  // "b" and its end are 2 tokens: penalty (7/6)^2; "ab" with its end 3: (8/6)^2.
  const std::vector<Hypothesis> found = hypotheses_of(worked, {.beam = 2, .length_penalty = 2.0});
  EXPECT_NEAR(found[0].score, std::log(0.36) / std::pow(7.0 / 6.0, 2.0), 1e-12);
  EXPECT_NEAR(found[1].score, std::log(0.192) / std::pow(8.0 / 6.0, 2.0), 1e-12);
  // Strong enough, it turns the order around.
  const std::vector<Hypothesis> longer = hypotheses_of(worked, {.beam = 2, .length_penalty = 4.0});
  EXPECT_EQ(longer[0].tokens.size(), 2u);
}

TEST(BeamSearch, StopsAtTheLimit) {
  const Table endless = {{"", {0.5, 0.4, 0.1}}, {"a", {0.5, 0.4, 0.1}}, {"aa", {0.6, 0.3, 0.1}}};
  const std::vector<Hypothesis> found = hypotheses_of(endless, {.beam = 1}, 3);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].tokens, (std::vector<std::int64_t>{0, 0, 0}));
  EXPECT_FALSE(found[0].ended);
}

TEST(BeamSearch, EqualValuesGoToTheLowerToken) {
  const Table even = {{"", {0.4, 0.4, 0.2}}};
  EXPECT_EQ(hypotheses_of(even, {.beam = 1})[0].tokens, std::vector<std::int64_t>{0});
}

TEST(BeamSearch, SentencesDoNotMeet) {
  const BeamTask task = {.limits = {10, 1, 10}, .begin = begin_symbol, .end = end_symbol};
  const BeamOptions options = {.beam = 2};
  TableModel model(worked, 6);
  const auto found = beam_search(task, options, [&](const Tensor& tokens, const auto& parents) {
    return model.next(tokens, parents);
  });
  ASSERT_EQ(found.size(), 3u);
  for (const std::size_t whole : {0u, 2u}) {
    EXPECT_EQ(found[whole][0].tokens, std::vector<std::int64_t>{1});
    EXPECT_EQ(found[whole][1].tokens, (std::vector<std::int64_t>{0, 1}));
  }
  EXPECT_EQ(found[1][0].tokens, std::vector<std::int64_t>{0});  // cut after one token
}

TEST(BeamSearch, RefusesWhatItCannotSearch) {
  EXPECT_NE(message_of([] { hypotheses_of(worked, {.beam = 0}); }).find("beam is 0"),
            std::string::npos);
  EXPECT_NE(message_of([] { hypotheses_of(worked, {}, 0); }).find("a limit is 0"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
