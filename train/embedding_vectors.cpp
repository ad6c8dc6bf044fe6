#include "train/embedding_vectors.h"

#include <cmath>
#include <cstddef>
#include <iomanip>
#include <span>
#include <sstream>

#include "core/error.h"
#include "data/input_file.h"
#include "data/word_vectors.h"
#include "train/trained_model.h"

namespace heddle {
namespace {

bool is_table_of(const std::string& name, const std::string& modality) {
  return name.starts_with(modality + ".") && name.ends_with(".embedding.weight");
}

/// The words of a vocabulary that may have a vector, and the number of the first of them.
struct Words {
  std::vector<std::string> words;
  std::int64_t first = 0;
};

Words words_of(const Vocabulary& vocabulary) {
  Words result;
  result.first = (vocabulary.has_ends() ? Vocabulary::end : Vocabulary::unknown) + 1;
  for (std::int64_t number = result.first; number < vocabulary.size(); ++number) {
    result.words.push_back(vocabulary.word(number));
  }
  return result;
}

template <typename Number>
double deviation_of(const std::vector<Number>& numbers) {
  double sum = 0.0;
  double squares = 0.0;
  for (const Number number : numbers) {
    sum += static_cast<double>(number);
    squares += static_cast<double>(number) * static_cast<double>(number);
  }
  const auto count = static_cast<double>(numbers.size());
  return std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count)));
}

void fill(Variable table, const Words& words, const WordVectors& vectors) {
  std::vector<double> rows = table.value().to_vector<double>();
  const double own = deviation_of(rows);
  const double factor = own > 0.0 ? deviation_of(vectors.values) / own : 1.0;
  for (double& number : rows) {
    number *= factor;
  }
  const auto width = static_cast<std::size_t>(vectors.width);
  for (std::size_t i = 0; i < words.words.size(); ++i) {
    if (vectors.rows[i] >= 0) {
      const auto from = vectors.values.begin() + vectors.rows[i] * vectors.width;
      const std::size_t row = static_cast<std::size_t>(words.first) + i;
      std::copy_n(from, width, rows.begin() + static_cast<std::ptrdiff_t>(row * width));
    }
  }
  const Tensor value = Tensor::from(std::span<const double>(rows), table.value().shape());
  table.value_in_place().copy_(value.to(table.dtype()).to(table.device()), "take_word_vectors");
}

std::string share_told(std::int64_t found, std::int64_t all) {
  std::ostringstream text;
  text << found << " of " << all << " (" << std::fixed << std::setprecision(1)
       << 100.0 * static_cast<double>(found) / static_cast<double>(std::max<std::int64_t>(1, all))
       << " %)";
  return text.str();
}

/// The width that the run in `folder` has already; 0 where there is none of these vectors.
std::int64_t width_of_run(const RunConfig& config, const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.toml";
  if (!std::filesystem::is_regular_file(file)) {
    return 0;
  }
  const TokenEncoderConfig tokens = load_run_config(file).model.tokens;
  return tokens.vectors == config.model.tokens.vectors ? tokens.embedding : 0;
}

}  // namespace

RunConfig with_vector_width(RunConfig config, const std::filesystem::path& folder, bool resumes) {
  TokenEncoderConfig& tokens = config.model.tokens;
  if (tokens.vectors.empty()) {
    return config;
  }
  std::int64_t width = resumes ? width_of_run(config, folder) : 0;
  if (width == 0) {
    width = word_vector_width(InputFile::open(tokens.vectors));
  }
  check<InputError>(!tokens.vector_width || *tokens.vector_width == width,
                    "model.tokens.embedding is ", tokens.vector_width.value_or(0), " but ",
                    tokens.vectors, " has vectors of ", width,
                    " numbers; leave model.tokens.embedding out, or expect ", width);
  tokens.vector_width = width;
  tokens.embedding = width;
  return config;
}

std::vector<std::string> take_word_vectors(const RunConfig& config, const Dataset& dataset,
                                           const std::vector<NamedParameter>& parameters) {
  const std::string& path = config.model.tokens.vectors;
  std::vector<std::string> messages;
  std::int64_t all_found = 0;
  std::int64_t in_capitals = 0;
  bool has_words = false;
  for (const std::string& name : modalities_used(config, dataset)) {
    const Vocabulary* vocabulary = dataset.modality(name).info.vocabulary.get();
    if (vocabulary == nullptr) {
      continue;
    }
    check<InputError>(vocabulary->bpe() == nullptr,
                      "model.tokens.vectors has vectors of words, "
                      "but modality \"",
                      name,
                      "\" is of byte pairs; expected tokenizer = "
                      "\"words\" in the dataset.toml");
    const Words words = words_of(*vocabulary);
    has_words = true;
    const WordVectors vectors = read_word_vectors(InputFile::open(path), words.words);
    check<InputError>(vectors.width == config.model.tokens.embedding, path, ": has vectors of ",
                      vectors.width, " numbers, but model.tokens.embedding is ",
                      config.model.tokens.embedding, "; expected the same");
    const std::int64_t found = static_cast<std::int64_t>(vectors.values.size()) / vectors.width;
    const auto all = static_cast<std::int64_t>(words.words.size());
    messages.push_back(
        concat(share_told(found, all), " words of \"", name, "\" have a vector in ", path));
    all_found += found;
    in_capitals += vectors.found_in_capitals;
    for (const NamedParameter& parameter : parameters) {
      if (found > 0 && is_table_of(parameter.name, name)) {
        fill(parameter.variable, words, vectors);
      }
    }
  }
  check<InputError>(has_words,
                    "model.tokens.vectors is given, but no modality is of kind tokens; "
                    "expected one, or no such key");
  check<InputError>(all_found > 0, path, ": has no word of the vocabulary; ",
                    in_capitals > 0 ? concat(in_capitals,
                                             " are there with capital letters, while texts are "
                                             "lowered: expected vectors of words in lower case")
                                    : "is it of another language, or of another kind of text?");
  return messages;
}

void freeze_word_tables(const RunConfig& config, const std::vector<NamedParameter>& parameters) {
  if (config.model.tokens.vectors.empty() || !config.model.tokens.freeze_vectors) {
    return;
  }
  for (const NamedParameter& parameter : parameters) {
    if (parameter.name.ends_with(".embedding.weight")) {
      Variable table = parameter.variable;
      table.set_needs_grad(false);
    }
  }
}

}  // namespace heddle
