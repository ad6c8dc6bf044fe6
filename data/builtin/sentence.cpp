#include "data/builtin/sentence.h"

#include <array>
#include <set>
#include <span>
#include <string_view>

#include "data/vocabulary.h"

namespace heddle {
namespace {

using Phrases = std::span<const std::string_view>;

constexpr std::array<std::string_view, 8> openers = {"well",       "honestly",   "you know",
                                                     "to be fair", "last night", "as you can see",
                                                     "i must say", "by the way"};
constexpr std::array<std::string_view, 8> closers = {
    "today",     "i think",        "in the end",    "with my friends",
    "after all", "on a rainy day", "if you ask me", "once more"};
constexpr std::array<std::string_view, 4> determiners = {"the", "this", "that", "our"};
constexpr std::array<std::string_view, 10> nouns = {"film", "story", "acting", "music", "ending",
                                                    "cast", "plot",  "show",   "book",  "dinner"};
constexpr std::array<std::string_view, 4> copulas = {"is", "was", "seemed", "felt"};
constexpr std::array<std::string_view, 5> adverbs = {"really", "quite", "very", "rather", "so"};
constexpr std::array<std::string_view, 8> friendly_adjectives = {
    "good", "great", "lovely", "funny", "brilliant", "charming", "warm", "clever"};
constexpr std::array<std::string_view, 8> unfriendly_adjectives = {
    "bad", "awful", "boring", "dull", "weak", "clumsy", "cold", "silly"};
constexpr std::array<std::string_view, 4> friendly_verbs = {"like", "love", "enjoy", "admire"};
constexpr std::array<std::string_view, 4> unfriendly_verbs = {"hate", "dislike", "regret",
                                                              "despise"};
constexpr std::array<std::string_view, 3> clause_negations = {"not", "never", "hardly"};
constexpr std::array<std::string_view, 3> verb_negations = {"do not", "did not", "would never"};
constexpr std::array<std::string_view, 3> verb_affirmations = {"do", "did", "would"};
constexpr std::array<std::string_view, 2> nobodies = {"nobody", "no one"};
constexpr std::array<std::string_view, 2> everybodies = {"everybody", "every one"};
constexpr std::array<std::string_view, 3> judged = {"found", "called", "thought"};

class SentenceWriter {
 public:
  explicit SentenceWriter(Generator& generator) : generator_(generator) {}

  void add(std::string_view phrase) {
    text_ += text_.empty() ? "" : " ";
    text_ += phrase;
  }
  void one_of(Phrases phrases) { add(phrases[generator_.below(phrases.size())]); }
  void perhaps_one_of(Phrases phrases) {
    if (generator_.bernoulli(0.5)) {
      one_of(phrases);
    }
  }
  std::string take() { return std::move(text_); }

 private:
  Generator& generator_;
  std::string text_;
};

}  // namespace

std::string make_sentence(int polarity, Generator& generator) {
  SentenceWriter write(generator);
  // Seldom enough that the judging word says something by itself: were it half of the time, words,
  // negation and wink would form a parity of which no part can be learned before the others.
  const bool negated = generator.bernoulli(0.25);
  const bool friendly_word = (polarity > 0) != negated;
  const Phrases adjectives = friendly_word ? Phrases(friendly_adjectives) : unfriendly_adjectives;
  const Phrases verbs = friendly_word ? Phrases(friendly_verbs) : unfriendly_verbs;

  write.perhaps_one_of(openers);
  switch (generator.below(3)) {
    case 0:  // the film was not very good
      write.one_of(determiners);
      write.one_of(nouns);
      write.one_of(copulas);
      if (negated) {
        write.one_of(clause_negations);
      }
      write.perhaps_one_of(adverbs);
      write.one_of(adjectives);
      break;
    case 1:  // i did not really like this story
      write.add("i");
      write.one_of(negated ? Phrases(verb_negations) : verb_affirmations);
      write.perhaps_one_of(adverbs);
      write.one_of(verbs);
      write.one_of(determiners);
      write.one_of(nouns);
      break;
    default:  // nobody called our dinner good
      write.one_of(negated ? Phrases(nobodies) : everybodies);
      write.one_of(judged);
      write.one_of(determiners);
      write.one_of(nouns);
      write.perhaps_one_of(adverbs);
      write.one_of(adjectives);
      break;
  }
  write.perhaps_one_of(closers);
  return write.take();
}

std::vector<std::string> sentence_words() {
  const std::array<Phrases, 16> tables = {
      openers,           closers,          determiners,         nouns,
      copulas,           adverbs,          friendly_adjectives, unfriendly_adjectives,
      friendly_verbs,    unfriendly_verbs, clause_negations,    verb_negations,
      verb_affirmations, nobodies,         everybodies,         judged};
  std::vector<std::string> words;
  std::set<std::string> seen;
  for (const Phrases table : tables) {
    for (const std::string_view phrase : table) {
      for (std::string& word : words_in(phrase)) {
        if (seen.insert(word).second) {
          words.push_back(std::move(word));
        }
      }
    }
  }
  return words;
}

}  // namespace heddle
