#include "data/builtin/retrieval.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>

#include "core/error.h"
#include "data/builtin/samples.h"

namespace heddle {
namespace {

Generator stream_of(std::uint64_t seed, const char* part, std::int64_t index) {
  const std::uint64_t base = Generator(seed).named(part).state().stream;
  return Generator(seed, base + static_cast<std::uint64_t>(index));
}

/// Two samples of a split in a row have one identity; where a split has an odd number, its last
/// picture has one caption.
void add_pairs(const BuiltinOptions& options, Dataset& dataset) {
  const std::array<std::int64_t, 3> counts = {options.train, options.valid, options.test};
  std::int64_t identities = 0;
  for (const Split split : all_splits) {
    const auto at = static_cast<std::size_t>(split);
    for (std::int64_t i = 0; i < counts[at]; ++i) {
      dataset.splits[at].push_back(dataset.samples++);
      dataset.identities.push_back(identities + i / captions_per_picture);
    }
    identities += (counts[at] + captions_per_picture - 1) / captions_per_picture;
  }
}

Modality captions(const std::vector<Scene>& scenes, const Dataset& dataset, std::uint64_t seed) {
  Modality text;
  text.info.name = "text";
  text.info.kind = ModalityKind::tokens;
  text.info.vocabulary = std::make_shared<const Vocabulary>(scene_words());
  text.starts = {0};
  std::vector<std::int64_t> tokens;
  for (std::int64_t i = 0; i < dataset.samples; ++i) {
    Generator words = stream_of(seed, "retrieval captions", i);
    const Scene& scene = scenes[static_cast<std::size_t>(dataset.identity_of(i))];
    text.texts.push_back(describe_scene(scene, words));
    const std::vector<std::int64_t> numbers = text.info.vocabulary->encode(text.texts.back());
    tokens.insert(tokens.end(), numbers.begin(), numbers.end());
    text.starts.push_back(static_cast<std::int64_t>(tokens.size()));
  }
  text.values = Tensor::from(std::span<const std::int64_t>(tokens),
                             {static_cast<std::int64_t>(tokens.size())});
  return text;
}

Modality pictures(const std::vector<Scene>& scenes, const Dataset& dataset, std::uint64_t seed) {
  constexpr std::int64_t side = retrieval_picture_side;
  Modality image;
  image.info.name = "image";
  image.info.kind = ModalityKind::image;
  image.info.shape = {3, side, side};
  image.info.standardisation = {.mean = {0.5f}, .scale = {2.0f}};
  image.info.per_identity = true;
  image.values = Tensor::empty({dataset.samples, 3, side, side});
  float* out = image.values.mutable_data<float>("make_builtin_retrieval");
  for (std::int64_t i = 0; i < dataset.samples; ++i) {
    const std::int64_t identity = dataset.identity_of(i);
    Generator pixels = stream_of(seed, "retrieval pictures", identity);
    for (const float raw : draw_picture(scenes[static_cast<std::size_t>(identity)], side, pixels)) {
      *out++ = image.info.standardisation.stored(raw, 0);
    }
  }
  return image;
}

}  // namespace

BuiltinRetrieval make_builtin_retrieval(const BuiltinOptions& options) {
  check_options(options);
  BuiltinRetrieval made;
  made.dataset.name = "built-in retrieval";
  add_pairs(options, made.dataset);
  const std::int64_t identities = made.dataset.identities.back() + 1;
  for (std::int64_t i = 0; i < identities; ++i) {
    Generator generator = stream_of(options.seed, "retrieval scenes", i);
    made.scenes.push_back(draw_scene(generator));
    made.dataset.identity_names.push_back("picture " + std::to_string(i));
  }
  made.dataset.modalities = {captions(made.scenes, made.dataset, options.seed),
                             pictures(made.scenes, made.dataset, options.seed)};
  made.dataset.validate();
  return made;
}

double best_possible_recall(const BuiltinRetrieval& made, Split split, std::int64_t k) {
  check(k >= 1, "best_possible_recall: k is ", k, "; expected at least 1");
  const std::vector<std::int64_t>& samples = made.dataset.indices(split);
  std::set<std::int64_t> pictures;
  for (const std::int64_t sample : samples) {
    pictures.insert(made.dataset.identity_of(sample));
  }
  double sum = 0.0;
  for (const std::int64_t sample : samples) {
    const Scene& scene = made.scenes[static_cast<std::size_t>(made.dataset.identity_of(sample))];
    const auto same = std::count_if(pictures.begin(), pictures.end(), [&](std::int64_t picture) {
      return made.scenes[static_cast<std::size_t>(picture)] == scene;
    });
    sum += std::min(static_cast<double>(k) / static_cast<double>(same), 1.0);
  }
  return sum / static_cast<double>(samples.size());
}

}  // namespace heddle
