#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/builtin/generator.h"

namespace heddle {

// The built-in data of task "generate": a small language and its translation, made from a seed.
// "the young bat quickly follows a red kite" becomes "su fili belu fliro mo suti kesa lor", with
// the adverb first, each adjective behind its noun and the verb last. Every sentence has the word
// "bat" once, which is "fliro" (the animal) or "holto" (the stick), each half of the time, and only
// the picture shows which: so the best share of sentences that can be right is ½ without the
// picture, and 1 with it.

struct TranslationSample {
  std::string source;
  std::string target;
  std::string other_target;  // the same with the wrong reading of "bat"
  bool is_animal = false;
};

/// Sample `index` of `seed`: the same whatever else is made. Of samples 2k and 2k + 1 one has each
/// reading.
TranslationSample make_translation_sample(std::uint64_t seed, std::int64_t index);

/// Modalities "source" (tokens), "picture" (8 features), "target" (tokens with ends); splits as
/// make_builtin has them. Errors (InputError): as make_builtin.
Dataset make_builtin_translation(const BuiltinOptions& options);

/// The largest share of sentences that can be translated right with these modalities: 1, ½ without
/// "picture", 0 without "source". Errors: another modality.
double best_possible_translation(std::span<const std::string> modalities);

}  // namespace heddle
