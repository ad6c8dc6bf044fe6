"""Writes metrics.json: graded sentiment as it is true and as it was predicted, and the metrics of results on
CMU-MOSI computed with scikit-learn and numpy.

    pip install numpy scikit-learn && python3 tests/golden/make_metrics.py
"""

import json
import pathlib

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, mean_squared_error


def metrics(truth, predicted):
    decided = truth != 0
    return {
        "mae": mean_absolute_error(truth, predicted),
        "mse": mean_squared_error(truth, predicted),
        "correlation": np.corrcoef(truth, predicted)[0, 1],
        "acc7": accuracy_score(np.round(np.clip(truth, -3, 3)), np.round(np.clip(predicted, -3, 3))),
        "acc2_nonneg": accuracy_score(truth >= 0, predicted >= 0),
        "f1_nonneg": f1_score(truth >= 0, predicted >= 0, average="weighted"),
        "acc2_pos": accuracy_score(truth[decided] > 0, predicted[decided] > 0),
        "f1_pos": f1_score(truth[decided] > 0, predicted[decided] > 0, average="weighted"),
    }


def main():
    random = np.random.default_rng(5)
    cases = []
    for count, noise, spread in ((7, 0.3, 1.0), (60, 1.0, 1.0), (200, 2.0, 0.3), (90, 1.5, 2.0)):
        # Fifths, as means over five annotators are; enough of them are exactly 0.
        truth = np.round(5 * np.clip(random.normal(0.2, 1.5, count), -3, 3)) / 5
        truth[random.random(count) < 0.1] = 0.0
        predicted = np.round(8 * (spread * truth + random.normal(0, noise, count))) / 8
        cases.append({"truth": truth.tolist(), "predicted": predicted.tolist(), "metrics": metrics(truth, predicted)})
    path = pathlib.Path(__file__).with_name("metrics.json")
    path.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
