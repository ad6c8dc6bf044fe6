#!/usr/bin/env python3
"""Linear canonical correlation analysis as a baseline of image and caption retrieval on Flickr8k.

    python3 configs/flickr8k/cca_baseline.py ../shared/data/flickr8k [test|dev]

A photograph is its feature vector (--power takes powers of it, which are never negative), a caption
a tf-idf bag of words. Both are whitened with ridges and turned so that they correlate (Hotelling
1936; as a baseline of retrieval: Hodosh et al., JAIR 2013); what is compared is the cosine, each
direction weighted by its correlation. Prints R@1/5/10 from photographs to captions and back, and their
mean. Needs NumPy.
"""
import argparse
import collections
import pathlib
import re

import numpy as np


def read_captions(path):
    with open(path, encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split("\t")
        rows = [line.rstrip("\n").split("\t") for line in file]
    image, split, text = (names.index(name) for name in ("image", "split", "text"))
    words = [re.findall(r"[a-z0-9']+", row[text].lower()) for row in rows]
    return np.array([int(row[image]) for row in rows]), np.array([row[split] for row in rows]), words


def bags_of_words(sentences, weights, numbers):
    bags = np.zeros((len(sentences), len(weights)), np.float32)
    for row, words in enumerate(sentences):
        for word in words:
            if word in numbers:
                bags[row, numbers[word]] += 1
    bags = (np.log1p(bags) * weights).astype(np.float32)
    return bags / np.maximum(np.linalg.norm(bags, axis=1, keepdims=True), 1e-9)


def whitening(covariance, ridge):
    values, vectors = np.linalg.eigh(covariance)
    return vectors / np.sqrt(np.maximum(values, 0) + ridge)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def recalls(ranks):
    return [100 * float((ranks < k).mean()) for k in (1, 5, 10)]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("split", nargs="?", default="test", choices=("test", "dev"))
    options.add_argument("--power", type=float, default=1.0)
    options.add_argument("--image-ridge", type=float, default=0.3)
    options.add_argument("--text-ridge", type=float, default=1e-3)
    options.add_argument("--min-count", type=int, default=3)
    chosen = options.parse_args()

    image, split, words = read_captions(chosen.folder / "captions.tsv")
    features = np.load(chosen.folder / "feat_sq512.npy").astype(np.float64) ** chosen.power
    train, asked = np.where(split == "train")[0], np.where(split == chosen.split)[0]

    counts = collections.Counter(word for row in train for word in set(words[row]))
    vocabulary = [word for word, count in counts.items() if count >= chosen.min_count]
    numbers = {word: number for number, word in enumerate(vocabulary)}
    weights = np.array([np.log(len(train) / counts[word]) for word in vocabulary])
    text = bags_of_words([words[row] for row in train], weights, numbers)
    centre = text.mean(0)
    text -= centre
    asked_text = bags_of_words([words[row] for row in asked], weights, numbers) - centre

    seen = features[image[train]]
    features = (features - seen.mean(0)) / seen.std(0)
    seen = features[image[train]]

    of_image = whitening(seen.T @ seen / len(train), chosen.image_ridge)
    of_text = whitening((text.T @ text).astype(np.float64) / len(train), chosen.text_ridge)
    left, correlation, right = np.linalg.svd(of_image.T @ (seen.T @ text / len(train)) @ of_text,
                                             full_matrices=False)
    images = np.unique(image[asked])
    image_vectors = unit(features[images] @ (of_image @ left * correlation))
    text_vectors = unit(asked_text @ (of_text @ right.T * correlation))
    cosines = text_vectors @ image_vectors.T  # captions × photographs
    own = np.searchsorted(images, image[asked])

    of_own = cosines[np.arange(len(own)), own]
    to_image = recalls((cosines > of_own[:, None]).sum(1))
    best_own = np.array([cosines[own == i, i].max() for i in range(len(images))])
    to_text = recalls((cosines > best_own).sum(0))
    print("photograph to caption", " / ".join(f"{r:.1f}" for r in to_text))
    print("caption to photograph", " / ".join(f"{r:.1f}" for r in to_image))
    print(f"mean {np.mean(to_text + to_image):.1f}")


if __name__ == "__main__":
    main()
