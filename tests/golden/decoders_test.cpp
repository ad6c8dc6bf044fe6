// Agreement of the decoders and the beam search with PyTorch: make_decoders.py wrote what it
// computes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "core/error.h"
#include "data/safetensors.h"
#include "models/beam_search.h"
#include "models/sequence_decoder.h"

namespace heddle {
namespace {

constexpr std::int64_t width = 6;
constexpr double tolerance = 1e-12;

Safetensors fixture(const std::string& name) {
  return read_safetensors(std::filesystem::path(HEDDLE_SOURCE_DIR) / "tests" / "golden" /
                          (name + ".safetensors"));
}

/// Largest |found − expected|, relative to the largest |expected| of the tensor (at least 1).
double error_of(const Tensor& found, const Tensor& expected) {
  const std::vector<double> a = found.to_vector<double>();
  const std::vector<double> b = expected.to_vector<double>();
  EXPECT_EQ(a.size(), b.size());
  double difference = 0.0;
  double largest = 1.0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference = std::max(difference, std::abs(a[i] - b[i]));
    largest = std::max(largest, std::abs(b[i]));
  }
  return difference / largest;
}

struct DecoderCase {
  std::string file;
  SequenceCoderKind kind;
  MemoryAttentionKind attention = MemoryAttentionKind::dot;
};

void PrintTo(const DecoderCase& golden, std::ostream* out) { *out << golden.file; }

class GoldenDecoder : public testing::TestWithParam<DecoderCase> {
 protected:
  GoldenDecoder() : file_(fixture(GetParam().file)) {
    SequenceToSequenceConfig config;
    config.decoder = GetParam().kind;
    config.attention = GetParam().attention;
    config.decoder_layers = 2;
    config.heads = 2;
    config.feed_forward = 7;
    config.dropout = 0.0;
    decoder_ = make_sequence_decoder(width, config, Generator(1), DType::f64);
    parameters_ = parameters_of(*decoder_);
    for (NamedParameter& parameter : parameters_) {
      const Tensor stored = file_.tensor("weights." + parameter.name);
      parameter.variable.set_value(stored.reshape(parameter.variable.shape()).clone());
    }
  }

  SequenceMemory memory() const {
    return {Variable(file_.tensor("memory")), file_.tensor("lengths")};
  }

  Safetensors file_;
  std::unique_ptr<SequenceDecoder> decoder_;
  std::vector<NamedParameter> parameters_;
};

TEST_P(GoldenDecoder, EveryParameterOfTheOtherOneIsOneOfOurs) {
  const auto stored =
      std::count_if(file_.tensors.begin(), file_.tensors.end(),
                    [](const NamedTensor& tensor) { return tensor.name.starts_with("weights."); });
  EXPECT_EQ(static_cast<std::size_t>(stored), parameters_.size());
}

TEST_P(GoldenDecoder, ResultAndEveryGradientAgree) {
  Variable x(file_.tensor("x").clone(), true);
  SequenceMemory seen = memory();
  seen.states = Variable(file_.tensor("memory").clone(), true);
  Tape tape;
  const Variable result = (*decoder_)(x, seen);
  EXPECT_LT(error_of(result.value(), file_.tensor("result")), tolerance);
  tape.backward(sum(result * Variable(file_.tensor("upstream"))));
  EXPECT_LT(error_of(x.grad().value(), file_.tensor("grad.x")), tolerance);
  EXPECT_LT(error_of(seen.states.grad().value(), file_.tensor("grad.memory")), tolerance);
  for (const NamedParameter& parameter : parameters_) {
    ASSERT_TRUE(parameter.variable.grad().defined()) << parameter.name;
    EXPECT_LT(
        error_of(parameter.variable.grad().value(), file_.tensor("grad.weights." + parameter.name)),
        tolerance)
        << parameter.name;
  }
}

TEST_P(GoldenDecoder, StepByStepItAgreesToo) {
  const Tensor x = file_.tensor("x");
  const Tensor expected = file_.tensor("result");
  const auto steps = decoder_->begin(memory(), 1);
  for (std::int64_t t = 0; t < x.size(0); ++t) {
    const Variable state = steps->next(Variable(x.select(0, t).contiguous()));
    EXPECT_LT(error_of(state.value(), expected.select(0, t).contiguous()), tolerance)
        << "step " << t;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Decoders, GoldenDecoder,
    testing::Values(DecoderCase{"decoder_transformer", SequenceCoderKind::transformer},
                    DecoderCase{"decoder_lstm_dot", SequenceCoderKind::lstm},
                    DecoderCase{"decoder_lstm_additive", SequenceCoderKind::lstm,
                                MemoryAttentionKind::additive}),
    [](const testing::TestParamInfo<DecoderCase>& which) { return which.param.file; });

/// Stands for a model: the logits of a sentence depend on the step and the last token.
class LogitTable {
 public:
  LogitTable(Tensor logits, std::int64_t beam) : logits_(std::move(logits)), beam_(beam) {}

  Tensor next(const Tensor& tokens, const std::vector<std::int64_t>& parents) {
    const std::vector<std::int64_t> last = tokens.to_vector<std::int64_t>();
    asked_.push_back(last);
    asked_parents_.push_back(parents);
    std::vector<Variable> rows;
    for (std::size_t row = 0; row < last.size(); ++row) {
      rows.emplace_back(logits_.select(0, static_cast<std::int64_t>(row) / beam_)
                            .select(0, step_)
                            .select(0, last[row])
                            .contiguous()
                            .reshape({1, -1}));
    }
    ++step_;
    return log_softmax(concat(rows, 0)).value();
  }

  /// What was asked at each step: the last token of each row, and the row it goes on from.
  const std::vector<std::vector<std::int64_t>>& asked() const { return asked_; }
  const std::vector<std::vector<std::int64_t>>& asked_parents() const { return asked_parents_; }

 private:
  Tensor logits_;
  std::int64_t beam_;
  std::int64_t step_ = 0;
  std::vector<std::vector<std::int64_t>> asked_;
  std::vector<std::vector<std::int64_t>> asked_parents_;
};

struct BeamCase {
  std::int64_t beam;
  double length_penalty;

  std::string name() const {
    return concat("beam", beam, "_alpha", std::llround(10.0 * length_penalty));
  }
};

void PrintTo(const BeamCase& golden, std::ostream* out) { *out << golden.name(); }

class GoldenBeam : public testing::TestWithParam<BeamCase> {
 protected:
  GoldenBeam() : file_(fixture("beam_search")), table_(file_.tensor("logits"), GetParam().beam) {
    const BeamTask task = {
        .limits = file_.tensor("limits").to_vector<std::int64_t>(), .begin = 1, .end = 2};
    found_ = beam_search(
        task, {.beam = GetParam().beam, .length_penalty = GetParam().length_penalty},
        [&](const Tensor& tokens, const auto& parents) { return table_.next(tokens, parents); });
  }

  Tensor expected(const std::string& part) const {
    return file_.tensor(GetParam().name() + "." + part);
  }

  Safetensors file_;
  LogitTable table_;
  std::vector<std::vector<Hypothesis>> found_;
};

TEST_P(GoldenBeam, EveryStepGoesOnWithTheSameHypotheses) {
  const Tensor steps = expected("steps");  // [step, token or parent, row], −1: its sentence is done
  ASSERT_EQ(steps.size(0), static_cast<std::int64_t>(table_.asked().size()));
  for (std::size_t step = 0; step < table_.asked().size(); ++step) {
    const Tensor at = steps.select(0, static_cast<std::int64_t>(step));
    const auto tokens = at.select(0, 0).contiguous().to_vector<std::int64_t>();
    const auto parents = at.select(0, 1).contiguous().to_vector<std::int64_t>();
    const std::vector<std::int64_t>& from = table_.asked_parents()[step];
    for (std::size_t row = 0; row < tokens.size(); ++row) {
      if (tokens[row] < 0) {
        continue;
      }
      EXPECT_EQ(table_.asked()[step][row], tokens[row]) << "step " << step << ", row " << row;
      EXPECT_EQ(from.empty() ? static_cast<std::int64_t>(row) : from[row], parents[row])
          << "step " << step << ", row " << row;
    }
  }
}

TEST_P(GoldenBeam, HypothesesAndTheirScoresAgree) {
  const auto sentences = expected("sentence").to_vector<std::int64_t>();
  const auto scores = expected("score").to_vector<double>();
  const auto logs = expected("log_probability").to_vector<double>();
  const auto ended = expected("ended").to_vector<bool>();
  const Tensor tokens = expected("tokens");
  std::size_t row = 0;
  for (std::size_t s = 0; s < found_.size(); ++s) {
    for (const Hypothesis& hypothesis : found_[s]) {
      ASSERT_LT(row, sentences.size());
      EXPECT_EQ(sentences[row], static_cast<std::int64_t>(s));
      auto written =
          tokens.select(0, static_cast<std::int64_t>(row)).contiguous().to_vector<std::int64_t>();
      written.erase(std::find(written.begin(), written.end(), -1), written.end());
      EXPECT_EQ(hypothesis.tokens, written) << "row " << row;
      EXPECT_NEAR(hypothesis.log_probability, logs[row], tolerance);
      EXPECT_NEAR(hypothesis.score, scores[row], tolerance);
      EXPECT_EQ(hypothesis.ended, ended[row]);
      ++row;
    }
  }
  EXPECT_EQ(row, sentences.size());
}

INSTANTIATE_TEST_SUITE_P(Settings, GoldenBeam,
                         testing::Values(BeamCase{1, 0.0}, BeamCase{2, 0.0}, BeamCase{3, 0.6},
                                         BeamCase{4, 2.0}),
                         [](const testing::TestParamInfo<BeamCase>& which) {
                           return which.param.name();
                         });

}  // namespace
}  // namespace heddle
