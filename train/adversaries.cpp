#include "train/adversaries.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <string_view>

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/reverse_gradient.h"
#include "train/contrastive_loss.h"

namespace heddle {
namespace {

constexpr std::int64_t nowhere = -1;

/// For each modality in turn, the number of the modality where the sample shows it.
std::vector<std::int64_t> modalities_of(const SampleBatch& batch, const Presence& presence) {
  const auto samples = static_cast<std::size_t>(batch.size());
  std::vector<std::int64_t> origins;
  for (std::size_t m = 0; m < batch.modalities.size(); ++m) {
    const std::vector<bool> has = samples_with(batch.modalities[m], samples);
    const bool hides = m < presence.size() && presence[m].defined();
    for (std::size_t i = 0; i < samples; ++i) {
      const bool shows = has[i] && (!hides || presence[m].data<bool>()[i]);
      origins.push_back(shows ? static_cast<std::int64_t>(m) : nowhere);
    }
  }
  return origins;
}

/// Width of the vectors that `modality_vectors` gives; 0: this model has none, or not all alike.
std::int64_t modality_width(const Model& model) {
  if (model.embedding_width() > 0) {
    return model.embedding_width();
  }
  const std::vector<std::int64_t> widths = model.encoded_widths();
  const bool are_alike = !widths.empty() && std::all_of(widths.begin(), widths.end(), [&](auto w) {
    return w == widths.front();
  });
  return are_alike ? widths.front() : 0;
}

/// [M · B, width]: what each modality is before they meet, modality after modality.
Variable modality_vectors(const ModelOutput& output) {
  if (!output.embeddings.empty()) {
    return concat(output.embeddings, 0);
  }
  std::vector<Variable> vectors;
  for (const EncodedModality& encoded : output.encoded) {
    vectors.push_back(encoded.vector);
  }
  return concat(vectors, 0);
}

}  // namespace

bool Adversaries::are_wanted(const TrainConfig& config) {
  return !config.domain.column.empty() || config.modality_adversary.weight > 0.0;
}

Adversaries::Adversary Adversaries::make(const DiscriminatorConfig& config, std::int64_t width,
                                         std::int64_t classes, const Generator& generator,
                                         Model& model) {
  Adversary made{config, Discriminator(width, config.hidden, classes, generator, model.dtype()),
                 Tensor::zeros({1}, model.dtype(), model.device())};
  for (NamedParameter& parameter : parameters_of(made.discriminator)) {
    parameter.variable.set_value(parameter.variable.value().to(model.device()));
  }
  return made;
}

Adversaries::Adversaries(const RunConfig& config, const Dataset& dataset, Model& model) {
  const Generator generator = Generator(config.train.seed).named("adversaries");
  if (const DomainConfig& domain = config.train.domain; !domain.column.empty()) {
    check<InputError>(static_cast<std::int64_t>(dataset.domains.size()) == dataset.samples,
                      "train.domain.column is \"", domain.column, "\", but data set \"",
                      dataset.name, "\" was loaded without it; expected a column of its table");
    check<InputError>(dataset.domain_names.size() >= 2, "train.domain.column \"", domain.column,
                      "\" has ", dataset.domain_names.size(),
                      " different values in the training split; expected at least two domains to "
                      "tell apart");
    check<InputError>(model.fused_width() > 0,
                      "train.domain needs the vector that the last layer "
                      "reads, which model \"",
                      config.model.name,
                      "\" has not as configured; expected \"sentiment\", \"contextual\", or "
                      "\"fusion\" of another kind than \"late\"");
    domains_ = dataset.domains;
    domain_.emplace(make(domain.discriminator, model.fused_width(),
                         static_cast<std::int64_t>(dataset.domain_names.size()),
                         generator.named("domain"), model));
  }
  if (config.train.modality_adversary.weight > 0.0) {
    const std::int64_t width = modality_width(model);
    check<InputError>(
        width > 0 && model.inputs().size() >= 2,
        "train.modality_adversary needs vectors of several modalities that are equally wide; "
        "expected model.name = \"joint_embedding\", or \"fusion\" of another kind than "
        "\"late\", or \"sentiment\" with encoders of one width, of at least two modalities");
    modality_.emplace(make(config.train.modality_adversary, width,
                           static_cast<std::int64_t>(model.inputs().size()),
                           generator.named("modality"), model));
    model.gives_encoded = model.gives_encoded || model.embedding_width() == 0;
  }
}

std::vector<std::int64_t> Adversaries::domains_of(const SampleBatch& batch) const {
  std::vector<std::int64_t> origins = batch.samples.to_vector<std::int64_t>();
  for (std::int64_t& sample : origins) {
    sample = sample < 0 ? nowhere : domains_[static_cast<std::size_t>(sample)];
  }
  return origins;
}

AdversaryTargets Adversaries::targets_of(const SampleBatch& batch, const Presence& presence,
                                         Device device) const {
  AdversaryTargets targets;
  if (domain_) {
    const std::vector<std::int64_t> origins = domains_of(batch);
    targets.domains =
        Tensor::from(std::span<const std::int64_t>(origins), batch.samples.shape()).to(device);
  }
  if (modality_) {
    const std::vector<std::int64_t> origins = modalities_of(batch, presence);
    targets.modalities = Tensor::from(std::span<const std::int64_t>(origins),
                                      {static_cast<std::int64_t>(origins.size())})
                             .to(device);
  }
  return targets;
}

void Adversaries::begin_step(double progress) {
  for (std::optional<Adversary>* one : {&domain_, &modality_}) {
    if (!one->has_value()) {
      continue;
    }
    const DiscriminatorConfig& config = (*one)->config;
    const double lambda = config.schedule == AdversarySchedule::constant
                              ? 1.0
                              : 2.0 / (1.0 + std::exp(-10.0 * progress)) - 1.0;
    Tensor& strength = (*one)->strength;
    strength.copy_(Tensor::from<double>({config.weight * lambda}, {1}).to(strength.dtype()),
                   "Adversaries");
  }
}

Variable Adversaries::Adversary::loss(const Variable& x, const Tensor& origins) const {
  const CrossEntropyOptions options = {.label_smoothing = 0.0, .ignore_index = nowhere};
  // In the strength's type: activations may be stored as another.
  const Variable exact = cast(x, strength.dtype());
  return cross_entropy(discriminator(reverse_gradient(exact, strength)), origins, {}, options);
}

Variable Adversaries::operator()(const ModelOutput& output, const AdversaryTargets& targets) const {
  Variable total;
  if (domain_) {
    total = domain_->loss(output.fused, targets.domains);
  }
  if (modality_) {
    const Variable part = modality_->loss(modality_vectors(output), targets.modalities);
    total = total.defined() ? total + part : part;
  }
  return total;
}

void Adversaries::visit(Visitor& visitor) {
  if (domain_) {
    visitor.layer("domain", domain_->discriminator);
  }
  if (modality_) {
    visitor.layer("modality", modality_->discriminator);
  }
}

void Adversaries::Adversary::count(const Variable& x, const std::vector<std::int64_t>& origins,
                                   Tally& into) const {
  const Variable logits = discriminator(x);
  const auto classes = static_cast<std::size_t>(logits.size(-1));
  const std::vector<double> values = logits.value().to_vector<double>();
  into.counts.resize(classes);
  for (std::size_t i = 0; i < origins.size(); ++i) {
    if (origins[i] == nowhere) {
      continue;
    }
    const auto row = values.begin() + static_cast<std::ptrdiff_t>(i * classes);
    const auto guess = std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row;
    into.right += guess == origins[i] ? 1 : 0;
    ++into.counts[static_cast<std::size_t>(origins[i])];
  }
}

void Adversaries::count(const ModelOutput& output, const SampleBatch& batch, Tallies& into) const {
  if (domain_) {
    domain_->count(output.fused, domains_of(batch), into.domain);
  }
  if (modality_) {
    modality_->count(modality_vectors(output), modalities_of(batch, {}), into.modality);
  }
}

namespace {

constexpr std::array<std::string_view, 2> origins_guessed = {"domain", "modality"};

}  // namespace

Metrics Adversaries::metrics_of(const Tallies& tallies) {
  Metrics metrics;
  for (const auto& [name, tally] : {std::pair{origins_guessed[0], &tallies.domain},
                                    std::pair{origins_guessed[1], &tallies.modality}}) {
    const auto all = static_cast<double>(
        std::accumulate(tally->counts.begin(), tally->counts.end(), std::int64_t{}));
    if (all > 0.0) {
      const auto most = *std::max_element(tally->counts.begin(), tally->counts.end());
      metrics[concat(name, "_accuracy")] = static_cast<double>(tally->right) / all;
      metrics[concat(name, "_majority")] = static_cast<double>(most) / all;
    }
  }
  return metrics;
}

Metrics adversary_metrics(const Metrics& metrics) {
  Metrics found;
  for (const std::string_view name : origins_guessed) {
    for (const char* what : {"_accuracy", "_majority"}) {
      if (const auto one = metrics.find(concat(name, what)); one != metrics.end()) {
        found.insert(*one);
      }
    }
  }
  return found;
}

}  // namespace heddle
