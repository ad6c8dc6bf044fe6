#include "models/sequence_to_sequence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "models/build.h"
#include "models/lstm_decoder.h"
#include "tests/core/throws.h"
#include "tests/layers/parameter_check.h"

namespace heddle {
namespace {

constexpr std::int64_t begin_symbol = 2;
constexpr std::int64_t end_symbol = 3;

struct Kind {
  std::string name;
  SequenceCoderKind encoder = SequenceCoderKind::transformer;
  SequenceCoderKind decoder = SequenceCoderKind::transformer;
  MemoryAttentionKind attention = MemoryAttentionKind::dot;
  SequenceFusionKind fusion = SequenceFusionKind::tokens;
  bool tied = true;
  bool shared = false;
};

std::vector<Kind> kinds() {
  using enum SequenceCoderKind;
  return {{.name = "transformers"},
          {.name = "shared_gate", .fusion = SequenceFusionKind::gate, .shared = true},
          {.name = "lstms_additive",
           .encoder = lstm,
           .decoder = lstm,
           .attention = MemoryAttentionKind::additive},
          {.name = "lstm_dot_gate",
           .decoder = lstm,
           .fusion = SequenceFusionKind::gate,
           .tied = false}};
}

ModelConfig config_of(const Kind& kind, std::int64_t layers, std::int64_t hidden) {
  ModelConfig config;
  config.name = "sequence_to_sequence";
  config.hidden = hidden;
  config.missing_vectors = true;
  config.dtype = DType::f64;
  SequenceToSequenceConfig& sequences = config.sequence_to_sequence;
  sequences.source = "english";
  sequences.target = "german";
  sequences.encoder = kind.encoder;
  sequences.decoder = kind.decoder;
  sequences.attention = kind.attention;
  sequences.fusion = kind.fusion;
  sequences.tie_output = kind.tied;
  sequences.share_embeddings = kind.shared;
  sequences.encoder_layers = layers;
  sequences.decoder_layers = layers;
  sequences.heads = 2;
  sequences.feed_forward = hidden + 1;
  sequences.dropout = 0.0;
  return config;
}

std::vector<InputSpec> specs_of(const Kind& kind) {
  std::vector<InputSpec> specs(3);
  specs[0].name = "english";
  specs[0].kind = InputSpec::Kind::tokens;
  specs[0].vocabulary = kind.shared ? 9 : 7;
  specs[1].name = "image";
  specs[1].shape = {3};
  specs[2].name = "german";
  specs[2].kind = InputSpec::Kind::tokens;
  specs[2].vocabulary = 9;
  specs[2].begin = begin_symbol;
  specs[2].end = end_symbol;
  return specs;
}

/// Three samples of different lengths, the last without an image.
ModelBatch batch_of(const std::vector<std::int64_t>& target, std::int64_t target_steps,
                    const std::vector<std::int64_t>& target_lengths) {
  ModelBatch batch;
  batch.inputs.resize(3);
  batch.inputs[0].values = Tensor::from<std::int64_t>({4, 5, 6, 3, 2, 4, 5, 0, 1, 6, 0, 0}, {4, 3});
  batch.inputs[0].lengths = Tensor::from<std::int64_t>({4, 2, 3}, {3});
  batch.inputs[1].values =
      Tensor::from<double>({0.5, -1.0, 0.25, 1.0, 2.0, -0.5, 9.0, 9.0, 9.0}, {3, 3});
  Tensor present = Tensor::full({3}, 1.0, DType::boolean);
  present.mutable_data<bool>()[2] = false;
  batch.inputs[1].present = present;
  batch.inputs[2].values = Tensor::from(std::span<const std::int64_t>(target), {target_steps, 3});
  batch.inputs[2].lengths = Tensor::from(std::span<const std::int64_t>(target_lengths), {3});
  return batch;
}

ModelBatch usual_batch() { return batch_of({4, 7, 8, 5, 0, 6, 8, 0, 0}, 3, {3, 1, 2}); }

SequenceToSequence model_of(const Kind& kind, std::int64_t layers = 2, std::int64_t hidden = 8) {
  return {config_of(kind, layers, hidden), specs_of(kind), Generator(5)};
}

/// log P of a target (and its end) for one sample, from `forward`.
double log_probability(SequenceToSequence& model, std::size_t sample,
                       const std::vector<std::int64_t>& tokens, bool ended) {
  const auto length = static_cast<std::int64_t>(tokens.size());
  std::vector<std::int64_t> all;
  for (const std::int64_t token : tokens) {
    all.insert(all.end(), 3, token);
  }
  all.resize(std::max<std::size_t>(3, all.size()));
  const ModelBatch batch =
      batch_of(all, std::max<std::int64_t>(1, length), {length, length, length});
  const Tensor logs = log_softmax(model(batch).logits).value();
  double sum = 0.0;
  for (std::int64_t t = 0; t < length + (ended ? 1 : 0); ++t) {
    const std::int64_t token = t < length ? tokens[static_cast<std::size_t>(t)] : end_symbol;
    sum += logs.select(0, t)
               .select(0, static_cast<std::int64_t>(sample))
               .select(0, token)
               .item<double>();
  }
  return sum;
}

class SequenceToSequenceTest : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, SequenceToSequenceTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(SequenceToSequenceTest, PassesGradcheck) {
  SequenceToSequence model = model_of(GetParam(), 1, 4);
  const CleanBatch batch = model.clean(usual_batch());
  const GradcheckResult result = check_parameters(
      model, [&]() -> Variables { return {log_softmax(model.forward(batch).logits)}; });
  EXPECT_TRUE(result.passed) << result.message;
}

TEST_P(SequenceToSequenceTest, StepsComputeWhatOneSweepDoes) {
  SequenceToSequence model = model_of(GetParam());
  const CleanBatch batch = model.clean(usual_batch());
  for (const std::int64_t beam : {1, 3}) {
    const auto found = model.generate(
        batch,
        {.search = {.beam = beam, .length_penalty = 0.6}, .per_source_token = 2, .more = 14});
    ASSERT_EQ(found.size(), 3u);
    for (std::size_t sample = 0; sample < 3; ++sample) {
      for (const Hypothesis& one : found[sample]) {
        EXPECT_NEAR(one.log_probability, log_probability(model, sample, one.tokens, one.ended),
                    1e-10)
            << "beam " << beam << ", sample " << sample;
      }
    }
  }
}

TEST_P(SequenceToSequenceTest, OneHypothesisIsTheGreedyOne) {
  SequenceToSequence model = model_of(GetParam());
  const auto found = model.generate(model.clean(usual_batch()), {.per_source_token = 0, .more = 6});
  for (std::size_t sample = 0; sample < 3; ++sample) {
    std::vector<std::int64_t> tokens;
    while (tokens.size() < 6) {
      std::vector<std::pair<double, std::int64_t>> choices;
      for (std::int64_t token = 0; token < 9; ++token) {
        std::vector<std::int64_t> longer = tokens;
        longer.push_back(token);
        choices.emplace_back(-log_probability(model, sample, longer, false), token);
      }
      const std::int64_t best = std::min_element(choices.begin(), choices.end())->second;
      if (best == end_symbol) {
        break;
      }
      tokens.push_back(best);
    }
    EXPECT_EQ(found[sample][0].tokens, tokens);
  }
}

TEST_P(SequenceToSequenceTest, PaddingChangesNothing) {
  SequenceToSequence model = model_of(GetParam());
  const Tensor short_logits = model(usual_batch()).logits.value();
  ModelBatch longer = batch_of({4, 7, 8, 5, 0, 6, 8, 0, 0, 8, 8, 8}, 4, {3, 1, 2});
  longer.inputs[0].values =
      Tensor::from<std::int64_t>({4, 5, 6, 3, 2, 4, 5, 6, 1, 6, 6, 6, 5, 5, 5}, {5, 3});
  const Tensor long_logits = model(longer).logits.value();
  const std::vector<std::int64_t> lengths = {3, 1, 2};
  for (std::int64_t b = 0; b < 3; ++b) {
    for (std::int64_t t = 0; t <= lengths[static_cast<std::size_t>(b)]; ++t) {
      const auto left = short_logits.select(0, t).select(0, b).to_vector<double>();
      const auto right = long_logits.select(0, t).select(0, b).to_vector<double>();
      for (std::size_t c = 0; c < left.size(); ++c) {
        EXPECT_NEAR(left[c], right[c], 1e-12);
      }
    }
  }
}

TEST_P(SequenceToSequenceTest, TheImageCountsOnlyWhereThereIsOne) {
  SequenceToSequence model = model_of(GetParam());
  const Tensor before = model(usual_batch()).logits.value();
  ModelBatch changed = usual_batch();
  changed.inputs[1].values = Tensor::full({3, 3}, 0.75, DType::f64);
  const Tensor after = model(changed).logits.value();
  const auto differs = [&](std::int64_t sample) {
    return before.select(1, sample).to_vector<double>() !=
           after.select(1, sample).to_vector<double>();
  };
  EXPECT_TRUE(differs(0));
  EXPECT_TRUE(differs(1));
  EXPECT_FALSE(differs(2));
}

TEST(SequenceToSequence, ATokenSeesNoneAfterIt) {
  SequenceToSequence model = model_of({.name = "transformers"});
  const Tensor one = model(usual_batch()).logits.value();
  const Tensor other = model(batch_of({4, 7, 8, 6, 0, 6, 4, 0, 0}, 3, {3, 1, 2})).logits.value();
  EXPECT_EQ(one.slice(0, 0, 2).select(1, 0).to_vector<double>(),
            other.slice(0, 0, 2).select(1, 0).to_vector<double>());
  EXPECT_NE(one.select(0, 2).select(0, 0).to_vector<double>(),
            other.select(0, 2).select(0, 0).to_vector<double>());
}

TEST(MemoryAttention, IsItsFormula) {
  Generator generator(3);
  const SequenceMemory memory = {
      Variable(random_normal({4, 2, 3}, 0.0, 1.0, generator, DType::f64)),
      Tensor::from<std::int64_t>({4, 2}, {2})};
  const Variable queries(random_normal({2, 2, 3}, 0.0, 1.0, generator, DType::f64));
  const std::vector<double> q = queries.value().to_vector<double>();
  const std::vector<double> m = memory.states.value().to_vector<double>();
  const std::vector<std::size_t> lengths = {4, 2};
  for (const MemoryAttentionKind kind : {MemoryAttentionKind::dot, MemoryAttentionKind::additive}) {
    const MemoryAttention attention(3, kind, Generator(4), DType::f64);
    const std::vector<double> found = attention(queries, memory).value().to_vector<double>();
    const std::vector<double> wm = attention.memory.weight.value().to_vector<double>();
    for (std::size_t t = 0; t < 2; ++t) {
      for (std::size_t b = 0; b < 2; ++b) {
        std::vector<double> weights;
        double total = 0.0;
        for (std::size_t k = 0; k < lengths[b]; ++k) {
          double score = 0.0;
          for (std::size_t i = 0; i < 3; ++i) {
            double key = 0.0;
            double asked = 0.0;
            for (std::size_t j = 0; j < 3; ++j) {
              key += wm[i * 3 + j] * m[(k * 2 + b) * 3 + j];
              if (kind == MemoryAttentionKind::additive) {
                asked += attention.query->weight.value().to_vector<double>()[i * 3 + j] *
                         q[(t * 2 + b) * 3 + j];
              }
            }
            score += kind == MemoryAttentionKind::dot
                         ? q[(t * 2 + b) * 3 + i] * key / std::sqrt(3.0)
                         : attention.score->weight.value().to_vector<double>()[i] *
                               std::tanh(asked + key);
          }
          weights.push_back(std::exp(score));
          total += weights.back();
        }
        for (std::size_t i = 0; i < 3; ++i) {
          double context = 0.0;
          for (std::size_t k = 0; k < lengths[b]; ++k) {
            context += weights[k] / total * m[(k * 2 + b) * 3 + i];
          }
          EXPECT_NEAR(found[(t * 2 + b) * 3 + i], context, 1e-12);
        }
      }
    }
  }
}

TEST(SequenceToSequence, RefusesInputsItCannotTake) {
  const Kind kind = {.name = "transformers"};
  const auto message = [&](const auto& change) {
    ModelConfig config = config_of(kind, 1, 4);
    std::vector<InputSpec> specs = specs_of(kind);
    change(config, specs);
    return message_of<InputError>([&] { build_model(config, specs, 0, false, Generator(1)); });
  };
  EXPECT_NE(message([](auto& config, auto&) {
              config.sequence_to_sequence.source = "french";
            }).find("source is \"french\", which is none of the inputs"),
            std::string::npos);
  EXPECT_NE(message([](auto& config, auto&) {
              config.sequence_to_sequence.source = "image";
            }).find("is not of kind tokens"),
            std::string::npos);
  EXPECT_NE(message([](auto&, auto& specs) { specs[2].end = -1; }).find("tokenizer = \"bpe\""),
            std::string::npos);
  EXPECT_NE(message([](auto& config, auto&) {
              config.sequence_to_sequence.share_embeddings = true;
            }).find("7 and 9 entries"),
            std::string::npos);
  EXPECT_NE(message([](auto&, auto& specs) { specs[1].name = "decoder"; }).find("give it another"),
            std::string::npos);
}

}  // namespace
}  // namespace heddle
