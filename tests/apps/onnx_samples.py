"""Samples for an exported model: as `heddle predict` takes them one by one, and as the graph takes
them in a batch."""

import json
import re

import numpy
from onnx import numpy_helper


def metadata_of(model):
    return {entry.key: entry.value for entry in model.metadata_props}


def fixed_sizes(value):
    """Sizes of an input's dimensions that are numbers."""
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim if not dim.dim_param]


class Samples:
    """Random samples for every input of a model; sample i lacks modality i (unless it is the only
    one), so that there must be more samples than modalities."""

    def __init__(self, model, count, random):
        self.inputs = {value.name: value for value in model.graph.input}
        self.constants = {tensor.name: numpy_helper.to_array(tensor)
                          for tensor in model.graph.initializer}
        told = metadata_of(model)
        self.modalities = json.loads(told["heddle.inputs"])
        self.words = {name: json.loads(told["heddle.words." + name])
                      for name in self.modalities if "heddle.words." + name in told}
        self.raw = [{name: self.draw(name, random) for name in self.modalities}
                    for _ in range(count)]
        if len(self.modalities) > 1:
            for i, name in enumerate(self.modalities):
                self.raw[i][name] = None

    @staticmethod
    def key(name):
        return re.sub("[^A-Za-z0-9]", "_", name)

    def has_steps(self, name):
        return self.key(name) + "_lengths" in self.inputs

    def draw(self, name, random):
        sizes = fixed_sizes(self.inputs[self.key(name)])
        if name in self.words:  # 1 is a word that is not known
            return random.integers(1, len(self.words[name]), random.integers(1, 9))
        if self.has_steps(name):
            sizes = [random.integers(1, 12), *sizes]
        mean, scale = (self.constants.get(self.key(name) + part, default)
                       for part, default in (("_mean", 0.0), ("_scale", 1.0)))
        return random.normal(mean, 1.0 / scale, sizes).astype(numpy.float32)

    def as_arguments(self, sample, folder):
        """For `heddle predict`; arrays go into files in `folder`."""
        words = []
        for name, value in self.raw[sample].items():
            if value is None:
                continue
            if name in self.words:
                text = " ".join("qqq" if n == 1 else self.words[name][n] for n in value)
            else:
                text = str(folder / f"sample_{self.key(name)}.npy")
                numpy.save(text, value)
            words += ["--input", f"{name}={text}"]
        return words

    def as_batch(self, chosen):
        """What the graph is fed: padded, with nonsense wherever it must not look."""
        batch = {}
        for name in self.modalities:
            key, values = self.key(name), [self.raw[i][name] for i in chosen]
            present = numpy.array([value is not None for value in values])
            if self.has_steps(name):
                lengths = [0 if value is None else len(value) for value in values]
                batch[key + "_lengths"] = numpy.array(lengths, numpy.int64)
                shape = [max(lengths + [1]) + 2, len(chosen), *fixed_sizes(self.inputs[key])]
            else:
                shape = [len(chosen), *fixed_sizes(self.inputs[key])]
                if key + "_present" in self.inputs:
                    batch[key + "_present"] = present
            nonsense = 10**9 if name in self.words else numpy.nan
            array = numpy.full(shape, nonsense, numpy.int64 if name in self.words else numpy.float32)
            for b, value in enumerate(values):
                if value is not None and self.has_steps(name):
                    array[:len(value), b] = value
                elif value is not None:
                    array[b] = value
            batch[key] = array
        return batch
