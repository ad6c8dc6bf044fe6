#include "data/folder_modalities.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "data/folder_arrays.h"
#include "data/folder_columns.h"
#include "data/folder_files.h"
#include "data/gaps.h"
#include "data/npy.h"
#include "data/resize.h"
#include "data/waveforms.h"

namespace heddle {
namespace {

using Part = DatasetDescription::ModalityPart;

void take_features(const Part& part, const FolderSource& source, Modality& modality) {
  if (!part.has_file()) {
    modality.values = column_features(part, source);
    return;
  }
  FolderRows loaded = load_rows(part, source);
  const Tensor& values = loaded.values;
  check<InputError>(values.rank() <= 2, loaded.where, ": shape ", values.shape(),
                    ", expected [samples, features] for kind features");
  modality.values = values.rank() == 2 ? values : values.unsqueeze(1);
  modality.rows = std::move(loaded.rows);
  modality.present = std::move(loaded.present);
}

void take_images(const Part& part, const FolderSource& source, Modality& modality) {
  if (!part.files_column.empty()) {
    take_picture_files(part, source, modality);
    return;
  }
  FolderRows loaded = load_rows(part, source);
  Tensor values = loaded.values;
  check<InputError>(values.rank() == 3 || values.rank() == 4, loaded.where, ": shape ",
                    values.shape(),
                    ", expected [samples, height, width] or [samples, channels, height, width]");
  if (values.rank() == 3) {
    values = values.unsqueeze(1).contiguous();
  } else if (part.channels_last) {
    values = values.permute({0, 3, 1, 2}).contiguous();
  }
  if (part.height > 0 && values.elements() > 0) {
    values = resize_pictures(values, part.height, part.width);
  }
  modality.values = values;
  modality.rows = std::move(loaded.rows);
  modality.present = std::move(loaded.present);
}

/// Where the rows of a sequence begin: numbers that rise from 0 to `total`.
std::vector<std::int64_t> load_starts(const Part& part, const FolderSource& source,
                                      std::int64_t total) {
  const std::filesystem::path path = source.folder / part.starts;
  const Tensor given = read_npy(path);
  const bool one_each = part.rows.empty();
  check<InputError>(given.dtype() == DType::i64 && given.rank() == 1 && given.size(0) >= 1 &&
                        (!one_each || given.size(0) == source.samples + 1),
                    path.string(), ": ", given.dtype(), " ", given.shape(), ", expected integers [",
                    one_each ? concat(source.samples + 1) : "rows + 1", "]");
  std::vector<std::int64_t> starts = given.to_vector<std::int64_t>();
  check<InputError>(
      starts.front() == 0 && starts.back() == total && std::is_sorted(starts.begin(), starts.end()),
      path.string(), ": expected numbers that rise from 0 to ", total, ", the frames of ",
      (source.folder / part.file).string());
  return starts;
}

/// Frames of all rows one after the other; of waveforms, their log-mel frames.
void take_ragged(const Part& part, const FolderSource& source, Modality& modality) {
  FolderRows loaded;
  loaded.where = (source.folder / part.file).string();
  loaded.values = load_array(source.folder, part.file, part.log_mel.has_value());
  check<InputError>(
      loaded.values.rank() == (part.log_mel ? 1 : 2), loaded.where, ": shape ",
      loaded.values.shape(), ", expected ",
      part.log_mel ? "[samples of all waveforms]" : "[frames, features] beside starts");
  modality.values = loaded.values;
  modality.starts = load_starts(part, source, loaded.values.size(0));
  if (!part.rows.empty()) {
    take_rows(part, source, modality.row_count(), loaded);
    modality.rows = std::move(loaded.rows);
    modality.present = std::move(loaded.present);
  }
  if (part.log_mel) {
    WaveformFrames frames = frames_of_waveforms(modality.values, modality.starts, *part.log_mel,
                                                noise_of_waveforms(part));
    modality.values = frames.frames;
    modality.starts = std::move(frames.starts);
  }
}

/// Frames of all samples one after the other, and where each sample's begin.
void take_sequences(const Part& part, const FolderSource& source, Modality& modality) {
  if (!part.files_column.empty()) {
    take_sound_files(part, source, modality);
    return;
  }
  if (!part.starts.empty()) {
    take_ragged(part, source, modality);
    return;
  }
  const std::filesystem::path path = source.folder / part.file;
  FolderRows loaded = load_rows(part, source);
  const Tensor& values = loaded.values;
  check<InputError>(values.rank() == 3, path.string(), ": shape ", values.shape(),
                    ", expected [samples, frames, features] for kind sequence");
  const std::int64_t longest = values.size(1);
  const std::int64_t rows = values.size(0);
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(rows), longest);
  if (!part.lengths.empty()) {
    const std::filesystem::path file = source.folder / part.lengths;
    const Tensor given = read_npy(file);
    check<InputError>(given.dtype() == DType::i64 && given.shape() == Shape{rows}, file.string(),
                      ": ", given.dtype(), " ", given.shape(), ", expected integers [", rows, "]");
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
  modality.rows = std::move(loaded.rows);
  modality.present = std::move(loaded.present);
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

/// Noise on every number: the same in each row whatever else is loaded.
void add_noise(const Part& part, Modality& modality) {
  const std::uint64_t base = Generator(part.noise_seed).named(part.name).state().stream;
  const std::int64_t rows = modality.values.size(0);
  const std::int64_t width = modality.values.elements() / std::max<std::int64_t>(rows, 1);
  float* data = modality.values.mutable_data<float>("add_noise");
  parallel_ranges(rows, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      Generator generator(part.noise_seed, base + static_cast<std::uint64_t>(r));
      for (std::int64_t i = r * width; i < (r + 1) * width; ++i) {
        data[i] += static_cast<float>(part.noise * generator.normal());
      }
    }
  });
}

/// Where a number came from, for errors.
std::string place_of(const Part& part, const FolderSource& source, std::int64_t row,
                     std::int64_t position, std::int64_t width) {
  if (part.has_file() || !part.files_column.empty()) {
    return concat("element ", row * width + position);
  }
  const auto column = static_cast<std::size_t>(position);
  return concat(source.table->place_of(row), ": column \"",
                column < part.columns.size() ? part.columns[column] : source.table->file_name(),
                "\"");
}

void treat_numbers(const Part& part, const FolderSource& source, Modality& modality) {
  const std::int64_t width = element_count(modality.info.shape);
  GapOptions options;
  options.missing = part.missing;
  options.not_finite = part.not_finite;
  options.standardise = part.standardise;
  options.deviation = part.deviation;
  options.power = part.power;
  if (part.has_file()) {
    options.where = concat((source.folder / part.files().front()).string(), ": ");
  }
  options.place = [&](std::int64_t row, std::int64_t position) {
    return place_of(part, source, row, position, width);
  };
  treat_gaps(options, source.train, modality);
}

}  // namespace

std::optional<WaveformNoise> noise_of_waveforms(const Part& part) {
  return part.noise_ratio ? std::optional(WaveformNoise{*part.noise_ratio, part.noise_seed})
                          : std::nullopt;
}

Modality load_modality(const Part& part, FolderSource& source) {
  Modality modality;
  modality.info.name = part.name;
  modality.info.kind = part.kind;
  modality.info.log_mel = part.log_mel;
  switch (part.kind) {
    case ModalityKind::tokens:
      take_tokens(part, source, modality);
      return modality;
    case ModalityKind::features:
      take_features(part, source, modality);
      break;
    case ModalityKind::image:
      take_images(part, source, modality);
      break;
    case ModalityKind::sequence:
      take_sequences(part, source, modality);
      break;
  }
  modality.info.shape = modality.values.shape().erased(0);
  check<InputError>(element_count(modality.info.shape) > 0, source.folder.string(), "/", part.file,
                    ": shape ", modality.values.shape(), " has no features");
  if (part.noise > 0) {
    add_noise(part, modality);
  }
  treat_numbers(part, source, modality);
  return modality;
}

}  // namespace heddle
