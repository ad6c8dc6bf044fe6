#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/input_file.h"

namespace heddle {

/// The vectors that a text file has for some words.
struct WordVectors {
  std::int64_t width = 0;
  std::vector<std::int64_t> rows;  // one per word asked for: its row of `values`, or −1
  std::vector<float> values;       // [rows found, width], row by row
  /// Words that the file lacks, but has with capital (ASCII) letters.
  std::int64_t found_in_capitals = 0;
};

/// Numbers in each vector of the file, by its first line alone. Errors (InputError): as below.
std::int64_t word_vector_width(const InputFile& file);

/// A text of one word and `width` numbers per line, between single spaces or tabs: GloVe
/// (Pennington et al., EMNLP 2014), or word2vec (Mikolov et al., arXiv 1301.3781) and fastText,
/// whose first line is the number of lines and the width. Without that line, the first word's
/// numbers say the width. A word may have spaces in it: the last `width` fields are the numbers. Of
/// a word that is there twice the first counts. The file is read in pieces, and of its vectors only
/// those of `words` (all different) are kept.
/// Errors (InputError, with the line): too few fields, no word, something that is not a finite
/// number, a width above 4,096, a line above 1 MiB, another number of lines than the first one
/// says.
WordVectors read_word_vectors(const InputFile& file, std::span<const std::string> words);

}  // namespace heddle
