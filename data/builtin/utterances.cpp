#include "data/builtin/utterances.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/error.h"
#include "data/builtin/samples.h"
#include "data/builtin/sentence.h"

namespace heddle {
namespace {

constexpr std::int64_t combinations = 8;
constexpr std::size_t shortest_video = 4;
constexpr std::size_t longest_video = 8;
constexpr double noise = 0.2;

/// What words, voice and face say.
using Votes = std::array<int, 3>;

Votes votes_of(std::uint64_t seed, std::int64_t index) {
  Generator generator = builtin_stream("utterances", "votes", seed, index / combinations);
  const std::int64_t card =
      generator.permutation(combinations)[static_cast<std::size_t>(index % combinations)];
  const auto sign = [card](int bit) { return (card >> bit & 1) == 0 ? -1 : 1; };
  return {sign(0), sign(1), sign(2)};
}

/// [samples, count] numbers, of which the first shows vote `which`.
Modality numbers_of(const std::string& name, std::int64_t count, std::size_t which,
                    const std::vector<Votes>& votes, std::uint64_t seed) {
  const auto samples = static_cast<std::int64_t>(votes.size());
  Modality modality;
  modality.info.name = name;
  modality.info.kind = ModalityKind::features;
  modality.info.shape = {count};
  modality.values = Tensor::empty({samples, count});
  float* out = modality.values.mutable_data<float>("make_utterances");
  for (std::int64_t i = 0; i < samples; ++i) {
    Generator generator = builtin_stream("utterances", name, seed, i);
    *out++ =
        static_cast<float>(votes[static_cast<std::size_t>(i)][which] + noise * generator.normal());
    for (std::int64_t n = 1; n < count; ++n) {
      *out++ = static_cast<float>(generator.normal());
    }
  }
  return modality;
}

Modality words_of(const std::vector<Votes>& votes, std::uint64_t seed) {
  std::vector<std::string> sentences;
  for (std::size_t i = 0; i < votes.size(); ++i) {
    Generator generator = builtin_stream("utterances", "words", seed, static_cast<std::int64_t>(i));
    sentences.push_back(make_sentence(votes[i][0], generator));
  }
  return sentences_modality("words", sentence_words(), sentences);
}

void add_videos(Dataset& dataset, std::uint64_t seed) {
  for (const Split split : all_splits) {
    const std::vector<std::int64_t>& indices = dataset.indices(split);
    for (std::size_t begin = 0; begin < indices.size();) {
      const auto number = static_cast<std::int64_t>(dataset.groups.size());
      Generator generator = builtin_stream("utterances", "videos", seed, number);
      const std::size_t length =
          shortest_video + generator.below(longest_video - shortest_video + 1);
      const std::size_t end = std::min(begin + length, indices.size());
      SampleGroup& video = dataset.groups.emplace_back();
      video.name = concat("video ", number);
      video.split = split;
      video.members.assign(indices.begin() + static_cast<std::ptrdiff_t>(begin),
                           indices.begin() + static_cast<std::ptrdiff_t>(end));
      begin = end;
    }
  }
}

}  // namespace

BuiltinData make_utterances(const BuiltinOptions& options) {
  check_options(options);
  const std::int64_t samples = options.train + options.valid + options.test;
  std::vector<Votes> votes;
  std::vector<std::int64_t> labels;
  std::vector<float> targets;
  for (std::int64_t i = 0; i < samples; ++i) {
    votes.push_back(votes_of(options.seed, i));
    const int sum = votes.back()[0] + votes.back()[1] + votes.back()[2];
    labels.push_back(sum > 0 ? 1 : 0);
    targets.push_back(static_cast<float>(sum));
  }
  BuiltinData data;
  data.dataset.name = "built-in utterances";
  data.dataset.samples = samples;
  data.dataset.modalities = {
      numbers_of("text", 6, 0, votes, options.seed), numbers_of("audio", 5, 1, votes, options.seed),
      numbers_of("video", 4, 2, votes, options.seed), words_of(votes, options.seed)};
  data.dataset.labels = Tensor::from(std::span<const std::int64_t>(labels), {samples});
  data.dataset.class_names = {"negative", "positive"};
  data.dataset.targets = Tensor::from(std::span<const float>(targets), {samples});
  add_splits(data.dataset, options);
  add_videos(data.dataset, options.seed);
  data.dataset.validate();
  return data;
}

double best_possible_utterances(std::span<const std::string> modalities) {
  const std::vector<bool> sees = seen_among(modalities, {"text", "audio", "video", "words"});
  const int votes = (sees[0] || sees[3] ? 1 : 0) + (sees[1] ? 1 : 0) + (sees[2] ? 1 : 0);
  return votes == 0 ? 0.5 : votes == 3 ? 1.0 : 0.75;
}

}  // namespace heddle
