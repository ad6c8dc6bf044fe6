#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace heddle {

/// Gives the modality `name` (of kind tokens) of several data sets one vocabulary: the words of the
/// first, then those of the second that the first lacks, and so on. Samples are numbered anew; a
/// word that was unknown to a data set stays unknown in its samples. Returns, for each data set,
/// the new number of each of its old ones. Errors (InputError): a modality of another kind; byte
/// pairs, or words with ends, which differ.
std::vector<std::vector<std::int64_t>> share_vocabulary(std::span<Dataset* const> datasets,
                                                        const std::string& name);

}  // namespace heddle
