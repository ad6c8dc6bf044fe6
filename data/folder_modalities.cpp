#include "data/folder_modalities.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "core/error.h"
#include "data/input_file.h"
#include "data/npy.h"

namespace heddle {
namespace {

using Part = DatasetDescription::ModalityPart;

/// A tensor from a file, of type f32; bytes (images are often stored so) become 0 … 1.
Tensor load_array(const std::filesystem::path& path) {
  const InputFile file = InputFile::open(path);
  const bool is_bytes = check_npy(file).elements().type == StoredType::u8;
  Tensor values = read_npy(file, DType::f32);
  float* data = values.mutable_data<float>("load_array");
  const std::int64_t count = values.elements();
  for (std::int64_t i = 0; i < count; ++i) {
    check<InputError>(std::isfinite(data[i]), path.string(), ": element ", i, " is ", data[i],
                      ", expected a finite number");
    if (is_bytes) {
      data[i] /= 255.0f;
    }
  }
  return values;
}

/// Row `rows[i]` of a tensor as row i; zeros for samples that are not used and have no row.
Tensor chosen_rows(const Tensor& values, const std::vector<std::int64_t>& rows,
                   const std::vector<bool>& used, const std::string& where) {
  const std::int64_t width = element_count(values.shape().erased(0));
  Tensor result = Tensor::empty(values.shape().replaced(0, static_cast<std::int64_t>(rows.size())));
  float* out = result.mutable_data<float>("chosen_rows");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t row = rows[i];
    if (row < 0 && !used[i]) {
      out = std::fill_n(out, width, 0.0f);
      continue;
    }
    check<InputError>(row >= 0 && row < values.size(0), where, "row ", row,
                      " is asked for, but the file has rows 0 … ", values.size(0) - 1,
                      row < 0 ? "; [split] complete leaves samples without a row out" : "");
    out = std::copy_n(values.data<float>() + row * width, width, out);
  }
  return result;
}

/// The file's array with one row for each sample.
Tensor sample_rows(const Part& part, const FolderSource& source) {
  const std::filesystem::path path = source.folder / part.file;
  Tensor values = load_array(path);
  const std::string where = concat(path.string(), ": ");
  check<InputError>(values.rank() >= 1, where, "a single number, expected an array");
  if (!part.rows.empty()) {
    return chosen_rows(values, source.table->integers(part.rows), source.used, where);
  }
  check<InputError>(values.size(0) == source.samples, where, "shape ", values.shape(), " has ",
                    values.size(0), " rows, expected one for each of the ", source.samples,
                    " samples");
  return values;
}

Tensor feature_values(const Part& part, const FolderSource& source) {
  if (part.columns.empty()) {
    Tensor values = sample_rows(part, source);
    check<InputError>(values.rank() <= 2, (source.folder / part.file).string(), ": shape ",
                      values.shape(), ", expected [samples, features] for kind features");
    return values.rank() == 2 ? values : values.unsqueeze(1);
  }
  const auto features = static_cast<std::int64_t>(part.columns.size());
  Tensor values = Tensor::empty({source.samples, features});
  float* out = values.mutable_data<float>("feature_values");
  for (std::int64_t f = 0; f < features; ++f) {
    const std::vector<double> column =
        source.table->numbers(part.columns[static_cast<std::size_t>(f)]);
    for (std::int64_t i = 0; i < source.samples; ++i) {
      out[i * features + f] = static_cast<float>(column[static_cast<std::size_t>(i)]);
    }
  }
  return values;
}

Tensor image_values(const Part& part, const FolderSource& source) {
  const Tensor values = sample_rows(part, source);
  const std::string where = (source.folder / part.file).string();
  check<InputError>(values.rank() == 3 || values.rank() == 4, where, ": shape ", values.shape(),
                    ", expected [samples, height, width] or [samples, channels, height, width]");
  if (values.rank() == 3) {
    return values.unsqueeze(1).contiguous();
  }
  return part.channels_last ? values.permute({0, 3, 1, 2}).contiguous() : values;
}

/// Frames of all samples one after the other, and where each sample's begin.
void take_sequences(const Part& part, const FolderSource& source, Modality& modality) {
  const std::filesystem::path path = source.folder / part.file;
  if (!part.starts.empty()) {
    modality.values = load_array(path);
    check<InputError>(modality.values.rank() == 2, path.string(), ": shape ",
                      modality.values.shape(), ", expected [frames, features] beside starts");
    const std::filesystem::path starts = source.folder / part.starts;
    const Tensor given = read_npy(starts);
    check<InputError>(given.dtype() == DType::i64 && given.shape() == Shape{source.samples + 1},
                      starts.string(), ": ", given.dtype(), " ", given.shape(),
                      ", expected integers [", source.samples + 1, "]");
    modality.starts = given.to_vector<std::int64_t>();
    check<InputError>(modality.starts.front() == 0 &&
                          modality.starts.back() == modality.values.size(0) &&
                          std::is_sorted(modality.starts.begin(), modality.starts.end()),
                      starts.string(), ": expected numbers that rise from 0 to ",
                      modality.values.size(0), ", the frames of ", path.string());
    return;
  }
  const Tensor values = sample_rows(part, source);
  check<InputError>(values.rank() == 3, path.string(), ": shape ", values.shape(),
                    ", expected [samples, frames, features] for kind sequence");
  const std::int64_t longest = values.size(1);
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(source.samples), longest);
  if (!part.lengths.empty()) {
    const std::filesystem::path file = source.folder / part.lengths;
    const Tensor given = read_npy(file);
    check<InputError>(given.dtype() == DType::i64 && given.shape() == Shape{source.samples},
                      file.string(), ": ", given.dtype(), " ", given.shape(),
                      ", expected integers [", source.samples, "]");
    lengths = given.to_vector<std::int64_t>();
  }
  modality.starts = {0};
  for (const std::int64_t length : lengths) {
    check<InputError>(length >= 0 && length <= longest, part.lengths, ": a length is ", length,
                      ", expected 0 … ", longest);
    modality.starts.push_back(modality.starts.back() + length);
  }
  const std::int64_t width = values.size(2);
  modality.values = Tensor::empty({modality.starts.back(), width});
  float* out = modality.values.mutable_data<float>("take_sequences");
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const float* in = values.data<float>() + static_cast<std::int64_t>(i) * longest * width;
    out = std::copy_n(in, lengths[i] * width, out);
  }
}

std::vector<std::string> training_texts(const std::string& column, const FolderSource& source) {
  const std::vector<std::string> texts = source.table->text(column);
  std::vector<std::string> train;
  for (const std::int64_t sample : source.train) {
    train.push_back(texts[static_cast<std::size_t>(sample)]);
  }
  return train;
}

/// The byte-pair vocabulary of a modality: learned from the training texts of all modalities that
/// share it, loaded or not, so that it does not depend on which ones a run uses.
std::shared_ptr<const Vocabulary> byte_pair_vocabulary(const Part& part, FolderSource& source) {
  if (const auto given = source.tokenizers.find(part.name); given != source.tokenizers.end()) {
    return std::make_shared<const Vocabulary>(
        Bpe::from_text(given->second, "tokenizer of " + part.name));
  }
  const bool shared = !part.vocabulary.empty();
  const std::string key = (shared ? "shared " : "own ") + (shared ? part.vocabulary : part.name);
  std::shared_ptr<const Vocabulary>& vocabulary = source.vocabularies[key];
  if (vocabulary == nullptr) {
    std::vector<std::string> texts;
    for (const Part& other : source.described) {
      if (other.name != part.name && (!shared || other.vocabulary != part.vocabulary)) {
        continue;
      }
      check<InputError>(other.merges == part.merges, "modalities \"", part.name, "\" and \"",
                        other.name, "\" share vocabulary \"", part.vocabulary, "\" but have ",
                        part.merges, " and ", other.merges, " merges; expected the same");
      for (std::string& text : training_texts(other.column, source)) {
        texts.push_back(std::move(text));
      }
    }
    vocabulary = std::make_shared<const Vocabulary>(Bpe::learned(texts, part.merges));
  }
  return vocabulary;
}

void take_tokens(const Part& part, FolderSource& source, Modality& modality) {
  modality.texts = source.table->text(part.column);
  modality.info.vocabulary = part.byte_pairs
                                 ? byte_pair_vocabulary(part, source)
                                 : std::make_shared<const Vocabulary>(Vocabulary::counted(
                                       training_texts(part.column, source), part.min_count));
  std::vector<std::int64_t> tokens;
  modality.starts = {0};
  for (const auto& numbers : modality.info.vocabulary->encode_all(modality.texts)) {
    tokens.insert(tokens.end(), numbers.begin(), numbers.end());
    modality.starts.push_back(static_cast<std::int64_t>(tokens.size()));
  }
  modality.values = Tensor::from(std::span<const std::int64_t>(tokens),
                                 {static_cast<std::int64_t>(tokens.size())});
}

/// Makes every feature (or plane) of the training samples have mean 0 and deviation 1. One that
/// never changes there becomes 0 everywhere it does not.
void standardise(const FolderSource& source, Modality& modality) {
  const bool is_image = modality.info.kind == ModalityKind::image;
  const std::int64_t features = modality.info.shape[0];
  const std::int64_t plane = is_image ? modality.info.shape[1] * modality.info.shape[2] : 1;
  const std::int64_t row = features * plane;
  std::vector<double> sums(static_cast<std::size_t>(features));
  std::vector<double> squares(static_cast<std::size_t>(features));
  std::int64_t rows = 0;
  float* data = modality.values.mutable_data<float>("standardise");
  const auto first_row = [&](std::int64_t sample) {
    return modality.starts.empty() ? sample : modality.starts[static_cast<std::size_t>(sample)];
  };
  // Two passes: the mean first, so that the squares lose no digits.
  for (const bool has_mean : {false, true}) {
    for (const std::int64_t sample : source.train) {
      const std::int64_t begin = first_row(sample);
      for (std::int64_t r = begin; r < begin + modality.length(sample); ++r) {
        for (std::int64_t i = 0; i < row; ++i) {
          const auto f = static_cast<std::size_t>(i / plane);
          const auto value = static_cast<double>(data[r * row + i]);
          if (has_mean) {
            squares[f] += (value - sums[f]) * (value - sums[f]);
          } else {
            sums[f] += value;
          }
        }
        rows += has_mean ? 0 : 1;
      }
    }
    const auto count = static_cast<double>(std::max<std::int64_t>(rows * plane, 1));
    for (double& sum : has_mean ? squares : sums) {
      sum /= count;
    }
  }
  Standardisation& standardisation = modality.info.standardisation;
  for (std::size_t f = 0; f < sums.size(); ++f) {
    const double deviation = std::sqrt(squares[f]);
    // Below the rounding of f32 a feature only differs by noise.
    const bool constant = deviation <= 1e-6 * std::abs(sums[f]) || deviation == 0;
    standardisation.mean.push_back(static_cast<float>(sums[f]));
    standardisation.scale.push_back(constant ? 1.0f : static_cast<float>(1.0 / deviation));
  }
  const std::int64_t count = modality.values.elements();
  for (std::int64_t i = 0; i < count; ++i) {
    data[i] = standardisation.stored(data[i], i / plane % features);
  }
}

}  // namespace

Modality load_modality(const Part& part, FolderSource& source) {
  Modality modality;
  modality.info.name = part.name;
  modality.info.kind = part.kind;
  switch (part.kind) {
    case ModalityKind::tokens:
      take_tokens(part, source, modality);
      return modality;
    case ModalityKind::features:
      modality.values = feature_values(part, source);
      break;
    case ModalityKind::image:
      modality.values = image_values(part, source);
      break;
    case ModalityKind::sequence:
      take_sequences(part, source, modality);
      break;
  }
  modality.info.shape = modality.values.shape().erased(0);
  check<InputError>(element_count(modality.info.shape) > 0, source.folder.string(), "/", part.file,
                    ": shape ", modality.values.shape(), " has no features");
  if (part.standardise) {
    standardise(source, modality);
  }
  return modality;
}

}  // namespace heddle
