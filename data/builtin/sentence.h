#pragma once

#include <string>
#include <vector>

#include "core/random.h"

namespace heddle {

/// A sentence such as "honestly the film was not very good after all". It is friendly (+1) or not
/// (−1): the sign of its one judging word, turned round where the clause is negated. Negation (¼),
/// clause, nouns and filler words say nothing about `polarity`.
std::string make_sentence(int polarity, Generator& generator);

/// Every word that a sentence may hold, each once, always in the same order.
std::vector<std::string> sentence_words();

}  // namespace heddle
