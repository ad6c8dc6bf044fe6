#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "layers/visit.h"
#include "train/config.h"

namespace heddle {

// Embedding tables that begin with word vectors from a file (model.tokens.vectors).

/// The configuration with model.tokens.embedding as wide as the vectors. A run that is resumed is
/// told so by the config.toml in its folder, so that the file of vectors is not needed any more.
/// Errors (InputError): the configuration gives another width than the file has.
RunConfig with_vector_width(RunConfig config, const std::filesystem::path& folder, bool resumes);

/// Puts the vectors into the rows of the words the file has, in the tables of all modalities of
/// kind tokens. The other rows are scaled, so that their numbers deviate as much as the vectors'.
/// Returns what to tell the user: how many words were found for each modality. Errors (InputError):
/// not one word is in the file; texts of byte pairs; another width.
std::vector<std::string> take_word_vectors(const RunConfig& config, const Dataset& dataset,
                                           const std::vector<NamedParameter>& parameters);

/// With model.tokens.freeze_vectors: takes the tables out of what is learned, so that no gradient
/// is computed for them.
void freeze_word_tables(const RunConfig& config, const std::vector<NamedParameter>& parameters);

}  // namespace heddle
