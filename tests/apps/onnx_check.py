#!/usr/bin/env python3
"""Checks what `heddle export --onnx` writes: by ONNX's own checker, with full shape inference, and by
the numbers that a plain evaluator of its operators (onnx_operators.py) gets out of it beside those of
`heddle predict`.

    tests/apps/onnx_check.py --program build/release/apps/heddle

Where this Python has onnxruntime, its numbers are compared too. Exit code 77, "skipped", without the
Python packages onnx and numpy or with a program that cannot write ONNX files.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77  # the exit code ctest takes for a test that could not run
DEBIAN_PYTHON = "/usr/bin/python3"  # its packages are there, whatever python3 comes first in PATH

try:
    import numpy
    import onnx
except ImportError as absent:
    if os.path.exists(DEBIAN_PYTHON) and "HEDDLE_SECOND_PYTHON" not in os.environ:
        os.environ["HEDDLE_SECOND_PYTHON"] = "yes"
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON] + sys.argv)
    print(f"skipped: {absent}; on Debian and Ubuntu: apt-get install python3-onnx")
    sys.exit(SKIPPED)

import onnx_operators
from onnx_samples import Samples, metadata_of

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

TOLERANCE = 1e-5
# A few large steps, so that all weights have moved and what goes in matters.
BRIEF = ["data.train=64", "data.valid=8", "data.test=8", "train.max_steps=8", "train.batch_size=8",
         "train.modality_dropout_start=0", "train.evaluate_subsets=false",
         "optimizer.learning_rate=0.05"]
SMALL = BRIEF + ["model.hidden=6"]
WORDS = ["model.tokens.embedding=5"]
PICTURES = ["model.image.channels=[3,4]"]

# Name → configuration and settings. `demo` is the demo's model whole, after a few steps.
RUNS = {
    "demo": ("demo", BRIEF),
    "final": ("demo", SMALL + WORDS + PICTURES + ['model.pool="final"']),
    "picture": ("demo", BRIEF + ['data.modalities=["image"]', "optimizer.learning_rate=0.01"]),
    "words": ("demo", SMALL + WORDS + ['data.modalities=["text"]', "model.tokens.layers=2",
                                       "model.missing_vectors=false"]),
    "frames": ("demo", SMALL + WORDS + [
        'model.time_modality="audio"', 'model.sequence.kind="conv"', "model.sequence.channels=[4,3]",
        'model.tokens.pool="final"', 'model.image.kind="linear"', "model.missing_vectors=false"]),
    "vectors": ("demo", SMALL + WORDS + PICTURES + [
        'model.time_modality="none"', "model.token_context=false", 'model.sequence.kind="conv"',
        "model.tokens.hidden=4"]),
    "score": ("measured", ["loss.regression=1", "model.features.hidden=7"]),
    "number": ("measured", ["loss.regression=1", "loss.classification=0", 'model.pool="final"',
                            'model.dtype="f64"']),
}

MEASURED = """
[data]
kind = "folder"
description = "{folder}/dataset.toml"
[model]
hidden = 5
[model.image]
channels = [3]
[train]
max_steps = 8
batch_size = 8
[optimizer]
learning_rate = 0.05
"""
MEASURED_DATA = """
name = "measured"
[label]
file = "label.npy"
names = ["no", "yes"]
[target]
file = "target.npy"
[[modality]]
name = "pulse rate"
kind = "features"
file = "pulse.npy"
power = 0.5
standardise = true
[[modality]]
name = "picture"
kind = "image"
file = "picture.npy"
standardise = true
[[modality]]
name = "steps"
kind = "sequence"
file = "steps.npy"
lengths = "lengths.npy"
standardise = true
"""


def make_measured(folder, random):
    """A data set of one's own: raw values far from 0, of sides and sizes that halve with a rest."""
    numpy.save(folder / "label.npy", random.integers(0, 2, 40))
    numpy.save(folder / "target.npy", random.normal(size=40).astype(numpy.float32))
    numpy.save(folder / "pulse.npy", random.normal(80, 9, (40, 4)).astype(numpy.float32))
    numpy.save(folder / "picture.npy",
               random.normal([[[200]], [[9]]], 30, (40, 2, 19, 41)).astype(numpy.float32))
    numpy.save(folder / "steps.npy", random.normal(5, 2, (40, 7, 3)).astype(numpy.float32))
    numpy.save(folder / "lengths.npy", random.integers(1, 8, 40))
    (folder / "dataset.toml").write_text(MEASURED_DATA)
    (folder / "measured.toml").write_text(MEASURED.format(folder=folder))


def heddle(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0 and "cannot write ONNX files" in done.stderr:
        print("skipped:", done.stderr.strip())
        sys.exit(SKIPPED)
    assert done.returncode == 0, f"heddle {words}: {done.stderr}"
    return done.stdout


def checked(path):
    """The model, if ONNX's checker finds nothing wrong with it."""
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True,
                                                 data_prop=True)
    known = {value.name for value in inferred.graph.value_info} | {
        value.name for value in inferred.graph.output}
    for node in model.graph.node:
        for name in node.output:
            assert name in known, f"{path}: nothing is inferred of {name}"
    names = [name for node in model.graph.node for name in node.output]
    names += [value.name for value in model.graph.input]
    names += [tensor.name for tensor in model.graph.initializer]
    for name in names:
        assert re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name), f"{path}: {name} is no identifier"
    assert len(set(names)) == len(names), f"{path}: a name is given twice"
    assert model.producer_name == "heddle" and re.match(r"\d+\.\d+", model.producer_version)
    assert model.opset_import[0].version == 13 and model.ir_version == 7
    return model


def number_of(answer):
    """One that tells answers apart."""
    return answer["score"] if "score" in answer else next(iter(answer["probabilities"].values()))


def difference(outputs, b, answer, model):
    """The largest difference between sample b of a graph's outputs and an answer of Heddle's."""
    told = metadata_of(model)
    pairs = []
    if "probabilities" in answer:
        names = json.loads(told["heddle.classes"])
        pairs += [(outputs["probabilities"][b, c], answer["probabilities"][name])
                  for c, name in enumerate(names)]
        logits = outputs["logits"][b].astype(numpy.float64)
        pairs += zip(numpy.exp(logits - numpy.log(numpy.exp(logits).sum())),
                     outputs["probabilities"][b])
    if "score" in answer:
        pairs.append((outputs["score"][b], answer["score"]))
    attention = answer.get("attention", {})
    for k, name in enumerate(json.loads(told["heddle.inputs"])):
        if "modalities" in attention:
            pairs.append((outputs["modality_attention"][k, b], attention["modalities"][name]))
    if "text_attention" in outputs:
        pairs += [(outputs["text_attention"][t, b], weight)
                  for t, (_, weight) in enumerate(attention.get("words", []))]
    assert pairs, f"nothing to compare in {answer}"
    return max(abs(float(left) - right) for left, right in pairs)


def check_shapes(model, outputs, samples):
    for value in model.graph.output:
        dims = value.type.tensor_type.shape.dim
        array = outputs[value.name]
        assert array.ndim == len(dims), f"{value.name} is {array.shape}"
        for dim, size in zip(dims, array.shape):
            wanted = samples if dim.dim_param == "batch" else dim.dim_value
            assert not wanted or size == wanted, f"{value.name} is {array.shape}, not {dims}"


def check_run(program, name, folder, random):
    configuration, settings = RUNS[name]
    source = folder if configuration == "measured" else ROOT / "configs"
    out = folder / name
    arguments = [word for setting in settings for word in ("--set", setting)]
    heddle(program, "--threads", 1, "train", source / f"{configuration}.toml", "--out", out,
           *arguments)
    model_file, exported = folder / f"{name}.heddle", folder / f"{name}.onnx"
    heddle(program, "export", out, "--out", model_file, "--onnx", exported)
    again = folder / "again.onnx"
    heddle(program, "export", model_file, "--onnx", again)
    assert again.read_bytes() == exported.read_bytes(), "a model file exports otherwise than its run"
    model = checked(exported)
    for tensor in model.graph.initializer:
        if tensor.name.endswith(("_bias", "_missing")):
            numbers = onnx.numpy_helper.to_array(tensor)
            assert numbers.any(), f"{name}: {tensor.name} is as it began; this shows little"
    samples = Samples(model, 6, random)
    answers = [json.loads(heddle(program, "predict", model_file, "--json",
                                 *samples.as_arguments(i, folder))) for i in range(6)]
    assert numpy.ptp([number_of(answer) for answer in answers]) > 0.01, \
        f"{name}: what goes in hardly matters; this shows little"
    ways = {"NumPy": lambda batch: onnx_operators.evaluate(model, batch)}
    if onnxruntime is not None:
        session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
        outputs = [value.name for value in model.graph.output]
        ways["onnxruntime"] = lambda batch: dict(zip(outputs, session.run(outputs, batch)))
    for way, run in ways.items():
        worst = 0.0
        for chosen in [range(6), [4], [0, 5]]:
            got = run(samples.as_batch(chosen))
            check_shapes(model, got, len(chosen))
            for b, i in enumerate(chosen):
                worst = max(worst, difference(got, b, answers[i], model))
        print(f"{name:8} {way:12} differs by at most {worst:.1e}")
        assert worst <= TOLERANCE, f"{name}: {way} differs by {worst}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--program", default=str(ROOT / "build" / "release" / "apps" / "heddle"))
    parser.add_argument("--run", choices=sorted(RUNS), action="append", help="only this one")
    options = parser.parse_args()
    random = numpy.random.default_rng(7)
    with tempfile.TemporaryDirectory(prefix="heddle-onnx-") as folder:
        folder = pathlib.Path(folder)
        make_measured(folder, random)
        for name in options.run or RUNS:
            check_run(options.program, name, folder, random)


if __name__ == "__main__":
    main()
