#include "models/sequence_to_sequence.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/ops.h"
#include "core/error.h"
#include "core/stream.h"
#include "layers/mixed_precision.h"
#include "layers/transformer_block.h"

namespace heddle {
namespace {

std::size_t input_named(const std::vector<InputSpec>& inputs, const std::string& name,
                        const char* what) {
  std::string names;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].name == name) {
      check<InputError>(inputs[i].kind == InputSpec::Kind::tokens, "sequence_to_sequence: the ",
                        what, " \"", name, "\" is not of kind tokens; expected one that is");
      return i;
    }
    names += (names.empty() ? "\"" : ", \"") + inputs[i].name + "\"";
  }
  fail<InputError>("sequence_to_sequence: the ", what, " is \"", name,
                   "\", which is none of the inputs (", names, "); task.", what, " names it");
}

/// An input beside the source gives its name to parameters, as the parts of the model do.
void check_name_of_beside(const std::string& name) {
  for (const char* part : {"encoder", "decoder", "embedding", "source_embedding",
                           "target_embedding", "gate", "output"}) {
    check<InputError>(name != part, "sequence_to_sequence: an input's name is \"", name,
                      "\", as that of a part of the model; give it another");
  }
}

/// Rows of deviation 1/√width, so that tied logits begin small and √width · E has deviation 1.
Embedding make_table(std::int64_t vocabulary, std::int64_t width, const Generator& generator,
                     DType dtype) {
  return {vocabulary,
          width,
          generator,
          {.deviation = 1.0 / std::sqrt(static_cast<double>(width)), .dtype = dtype}};
}

}  // namespace

SequenceToSequence::SequenceToSequence(const ModelConfig& config, std::vector<InputSpec> inputs,
                                       const Generator& generator)
    : inputs_(std::move(inputs)),
      config_(config.sequence_to_sequence),
      width_(config.hidden),
      source_(input_named(inputs_, config_.source, "source")),
      target_(input_named(inputs_, config_.target, "target")),
      encoder_(width_, config_, generator.named("encoder"), config.dtype),
      decoder_(make_sequence_decoder(width_, config_, generator.named("decoder"), config.dtype)),
      dropout_(config_.dropout, generator.named("dropout")) {
  const InputSpec& source = inputs_[source_];
  const InputSpec& target = inputs_[target_];
  check<InputError>(source_ != target_, "sequence_to_sequence: source and target are both \"",
                    source.name, "\"; expected two inputs");
  check<InputError>(target.begin >= 0 && target.end >= 0, "sequence_to_sequence: the target \"",
                    target.name,
                    "\" has no symbols for begin and end; expected tokenizer = "
                    "\"bpe\" in its [[modality]]");
  check<InputError>(!config_.share_embeddings || source.vocabulary == target.vocabulary,
                    "sequence_to_sequence: share_embeddings is true but the vocabularies have ",
                    source.vocabulary, " and ", target.vocabulary,
                    " entries; expected [[modality]] with the same vocabulary = \"…\"");
  source_embedding_ =
      make_table(source.vocabulary, width_, generator.named("source_embedding"), config.dtype);
  if (!config_.share_embeddings) {
    target_embedding_ =
        make_table(target.vocabulary, width_, generator.named("target_embedding"), config.dtype);
  }
  if (!config_.tie_output) {
    output_.emplace(width_, target.vocabulary, generator.named("output"),
                    LinearOptions{.dtype = config.dtype});
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (i == source_ || i == target_) {
      continue;
    }
    check_name_of_beside(inputs_[i].name);
    const Generator stream = generator.named(inputs_[i].name);
    ModalityEncoder encoder(inputs_[i], config, pool_of(inputs_[i], config), stream);
    const std::int64_t width = encoder.width();
    beside_.push_back({i, std::move(encoder),
                       Linear(width, width_, stream.named("projection"), {.dtype = config.dtype})});
  }
  if (!beside_.empty() && config_.fusion == SequenceFusionKind::gate) {
    gate_.emplace(2 * width_, width_, generator.named("gate"),
                  LinearOptions{.dtype = config.dtype});
  }
}

Variable SequenceToSequence::embed(const Embedding& table, const Tensor& tokens, bool has_positions,
                                   std::int64_t first) {
  const Variable rows = table(tokens);
  const Variable words = cast(rows, activation_type(rows.dtype(), rows.device())) *
                         std::sqrt(static_cast<double>(width_));
  if (!has_positions) {
    return dropout_(words);
  }
  const Tensor positions =
      sinusoidal_positions(tokens.size(0), width_, words.dtype(), first).unsqueeze(1);
  return dropout_(add(words, Variable(positions.to(words.device()))));
}

SequenceMemory SequenceToSequence::encode(const CleanBatch& batch) {
  const CleanInput& source = batch.inputs[source_];
  SequenceMemory memory = encoder_(embed(*source_embedding_, source.values,
                                         config_.encoder == SequenceCoderKind::transformer, 0),
                                   source.lengths);
  if (beside_.empty()) {
    return memory;
  }
  Variables keys;
  Variable sum;
  for (Beside& beside : beside_) {
    const Variable vector = beside.projection(beside.encoder(batch.inputs[beside.input]));
    const Variable key = reshape(vector, {1, vector.size(0), width_});
    sum = sum.defined() ? add(sum, key) : key;
    keys.push_back(key);
  }
  if (gate_.has_value()) {
    const Variable picture = expand(sum, memory.states.shape());
    const Variable share = (*gate_)(concat({memory.states, picture}, 2), Activation::sigmoid);
    memory.states = add(memory.states, multiply(share, picture));
    return memory;
  }
  const auto more = static_cast<double>(keys.size());
  keys.push_back(memory.states);
  memory.states = concat(keys, 0);
  if (memory.lengths.defined()) {
    const Variable added(Tensor::full({1}, more, DType::i64, memory.lengths.device()));
    memory.lengths = add(Variable(memory.lengths), added).value();
  }
  return memory;
}

Variable SequenceToSequence::logits_of(const Variable& states) const {
  const Variable logits = output_.has_value()
                              ? (*output_)(states)
                              : linear(states, cast_like(target_table().weight, states), {});
  return cast(logits, target_table().weight.dtype());
}

ModelOutput SequenceToSequence::forward(const CleanBatch& batch) {
  const SequenceMemory memory = encode(batch);
  const Tensor& target = batch.inputs[target_].values;
  const Tensor begin =
      Tensor::full({1, target.size(1)}, static_cast<double>(inputs_[target_].begin), DType::i64,
                   target.device());
  const Tensor before = concat({Variable(begin), Variable(target)}, 0).value();
  const Variable states = (*decoder_)(
      embed(target_table(), before, config_.decoder == SequenceCoderKind::transformer, 0), memory);
  ModelOutput output;
  output.logits = logits_of(states);
  return output;
}

std::vector<std::vector<Hypothesis>> SequenceToSequence::generate(
    const CleanBatch& batch, const GenerationOptions& options) {
  const NoGrad no_grad;
  const MathScope scope(device(), math);
  const SequenceMemory memory = encode(batch);
  const CleanInput& source = batch.inputs[source_];
  const std::int64_t sentences = source.values.size(1);
  BeamTask task;
  task.begin = inputs_[target_].begin;
  task.end = inputs_[target_].end;
  const std::vector<std::int64_t> lengths =
      source.lengths.defined()
          ? source.lengths.to(Device{}).to_vector<std::int64_t>()
          : std::vector<std::int64_t>(static_cast<std::size_t>(sentences), source.values.size(0));
  for (const std::int64_t length : lengths) {
    task.limits.push_back(
        static_cast<std::int64_t>(options.per_source_token * static_cast<double>(length)) +
        options.more);
  }
  const auto steps = decoder_->begin(memory, options.search.beam);
  const bool has_positions = config_.decoder == SequenceCoderKind::transformer;
  std::int64_t position = 0;
  return beam_search(
      task, options.search, [&](const Tensor& tokens, const std::vector<std::int64_t>& parents) {
        if (!parents.empty()) {
          steps->choose(
              Tensor::from(std::span<const std::int64_t>(parents), {tokens.size(0)}, device()));
        }
        const Variable x =
            embed(target_table(), tokens.unsqueeze(0).to(device()), has_positions, position++);
        const Variable states = steps->next(reshape(x, {tokens.size(0), width_}));
        return log_softmax(logits_of(states)).value();
      });
}

void SequenceToSequence::Beside::visit(Visitor& visitor) {
  encoder.visit(visitor);
  visitor.layer("projection", projection);
}

void SequenceToSequence::visit(Visitor& visitor) {
  visitor.layer(config_.share_embeddings ? "embedding" : "source_embedding", *source_embedding_);
  if (target_embedding_.has_value()) {
    visitor.layer("target_embedding", *target_embedding_);
  }
  visitor.layer("encoder", encoder_);
  for (Beside& beside : beside_) {
    visitor.layer(inputs_[beside.input].name, beside);
  }
  if (gate_.has_value()) {
    visitor.layer("gate", *gate_);
  }
  visitor.layer("decoder", *decoder_);
  if (output_.has_value()) {
    visitor.layer("output", *output_);
  }
  visitor.layer("dropout", dropout_);
}

}  // namespace heddle
