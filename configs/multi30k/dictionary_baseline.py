#!/usr/bin/env python3
"""German → English retrieval with a dictionary of words and no network: the baseline of
docs/tasks/retrieval.md. Needs nothing beside Python.

    python3 configs/multi30k/dictionary_baseline.py ../shared/data/multi30k [--all-rows]

The dictionary is t(english | german) of IBM Model 1 (Brown et al., Computational Linguistics 19,
1993, section 4.1), ten rounds of expectation maximisation on the training pairs: those of the rows
with a photograph, which is what configs/multi30k/crosslingual.toml trains on, or all of them. A
German sentence becomes the sum of its words' translations, weighted by inverse document frequency,
and is held against the English sentences by cosine.
"""
import argparse
import collections
import math
import string


def words_in(text):
    """Words as Heddle cuts them: at white space, lowered, punctuation off both ends."""
    words = (word.strip(string.punctuation).lower() for word in text.split())
    return [word for word in words if word]


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        header = file.readline().rstrip("\n").split("\t")
        for line in file:
            yield dict(zip(header, line.rstrip("\n").split("\t")))


def dictionary(pairs, rounds=10):
    """t[german][english] by IBM Model 1, without an empty word."""
    shared = collections.defaultdict(set)
    for german, english in pairs:
        for word in german:
            shared[word].update(english)
    table = {g: dict.fromkeys(es, 1.0 / len(es)) for g, es in shared.items()}
    for _ in range(rounds):
        counts = {g: collections.defaultdict(float) for g in table}
        for german, english in pairs:
            for e in english:
                total = sum(table[g][e] for g in german)
                for g in german:
                    counts[g][e] += table[g][e] / total
        for g, found in counts.items():
            total = sum(found.values())
            table[g] = {e: count / total for e, count in found.items() if count > 1e-6 * total}
        for g in table:
            table[g] = collections.defaultdict(lambda: 1e-12, table[g])
    return table


def unit(vector):
    length = math.sqrt(sum(value * value for value in vector.values()))
    return {word: value / length for word, value in vector.items()} if length > 0 else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", help="folder of train.tsv and test_2016_flickr.tsv")
    parser.add_argument("--all-rows", action="store_true", help="rows without a photograph too")
    parser.add_argument("--split", default="test_2016_flickr", help="table to search in")
    options = parser.parse_args()
    train = [row for row in rows_of(f"{options.folder}/train.tsv")
             if options.all_rows or row["flickr8k_row"] != "-1"]
    pairs = [(words_in(row["de"]), words_in(row["en"])) for row in train]
    table = dictionary(pairs)
    frequency = collections.Counter(word for _, english in pairs for word in set(english))
    weight = collections.defaultdict(lambda: math.log(len(pairs)))
    weight.update({word: math.log(len(pairs) / count) for word, count in frequency.items()})

    rows = list(rows_of(f"{options.folder}/{options.split}.tsv"))
    candidates = []
    for row in rows:
        bag = collections.Counter(words_in(row["en"]))
        candidates.append(unit({word: count * weight[word] for word, count in bag.items()}))
    ranks = []
    for own, row in enumerate(rows):
        query = collections.defaultdict(float)
        for german in words_in(row["de"]):
            # A word that is not in the dictionary may be a name, the same in both languages.
            for english, share in table.get(german, {german: 1.0}).items():
                query[english] += share * weight[english]
        scores = [sum(value * query.get(word, 0.0) for word, value in candidate.items())
                  for candidate in candidates]
        ahead = sum(score > scores[own] for score in scores)
        tied = sum(score == scores[own] for score in scores) - 1
        ranks.append((ahead, tied))
    print(f"{len(pairs)} training pairs, {len(rows)} queries")
    for k in (1, 5, 10):
        share = sum(min(max((k - ahead) / (tied + 1), 0.0), 1.0) for ahead, tied in ranks)
        print(f"R@{k} {share / len(ranks):.4f}")
    middle = sorted(ahead + 1 + tied / 2 for ahead, tied in ranks)
    print(f"median rank {0.5 * (middle[(len(rows) - 1) // 2] + middle[len(rows) // 2])}")


if __name__ == "__main__":
    main()
