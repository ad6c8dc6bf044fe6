#!/usr/bin/env python3
"""Tests of torch_peer.py on the CPU: its answers, and that it computes what our kernels' headers say.

Exits with 77 (skipped) where there is no PyTorch.
"""

import importlib.util
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

if importlib.util.find_spec("torch") is None:
    print("skipped: no PyTorch for", sys.executable)
    sys.exit(77)
import numpy

server = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_peer.py")


def ask(*requests, device="cpu"):
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    run = subprocess.run([sys.executable, server, "--device", device], input=lines, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=250)
    return [json.loads(line) for line in run.stdout.splitlines()]


def sigmoid(z):
    return 1 / (1 + numpy.exp(-z))


def lstm_direction(x, weight_input, weight_hidden, bias):
    """h_t of one direction, by the equations of kernels/lstm.h."""
    h = numpy.zeros((x.shape[1], weight_hidden.shape[1]))
    c = numpy.zeros_like(h)
    y = []
    for step in x:
        i, f, g, o = numpy.split(step @ weight_input.T + h @ weight_hidden.T + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * numpy.tanh(g)
        h = sigmoid(o) * numpy.tanh(c)
        y.append(h)
    return numpy.stack(y)


class Answers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.numbers = numpy.random.default_rng(1)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def normal(self, *shape):
        return self.numbers.standard_normal(shape).astype(numpy.float32)

    def results(self, request, **inputs):
        numpy.savez(self.path("in.npz"), **inputs)
        (reply,) = ask({**request, "inputs": self.path("in.npz"), "seconds": 0,
                        "outputs": self.path("out.npz")})
        self.assertNotIn("error", reply)
        self.assertTrue(reply["ms"] and min(reply["ms"]) > 0)
        return dict(numpy.load(self.path("out.npz")))

    def test_softmax_and_its_gradient(self):
        x, dy = self.normal(5, 7), self.normal(5, 7)
        got = self.results({"family": "softmax", "sizes": {"rows": 5, "cols": 7},
                            "direction": "forward+backward"}, x=x, dy=dy)
        y = numpy.exp(x) / numpy.exp(x).sum(1, keepdims=True)
        numpy.testing.assert_allclose(got["y"], y, rtol=1e-5)
        numpy.testing.assert_allclose(got["dx"], y * (dy - (y * dy).sum(1, keepdims=True)),
                                      rtol=1e-4, atol=1e-6)

    def test_lstm_has_our_gates_our_one_bias_and_our_lengths(self):
        inputs = {"x": self.normal(6, 3, 4), "weight_input": self.normal(2, 20, 4),
                  "weight_hidden": self.normal(2, 20, 5), "bias": self.normal(2, 20)}
        lengths = [6, 2, 4]
        sizes = {"time": 6, "batch": 3, "input": 4, "hidden": 5, "layout": "packed",
                 "lengths": lengths}
        got = self.results({"family": "lstm", "sizes": sizes, "direction": "forward+backward"},
                           **inputs)
        for row, length in enumerate(lengths):
            x = inputs["x"][:length, row:row + 1]
            parts = [[inputs[name][d] for name in ("weight_input", "weight_hidden", "bias")]
                     for d in (0, 1)]
            ahead = lstm_direction(x, *parts[0])
            back = lstm_direction(x[::-1], *parts[1])[::-1]
            want = numpy.concatenate([ahead, back], axis=2)[:, 0]
            numpy.testing.assert_allclose(got["y"][:length, row], want, rtol=1e-4, atol=1e-5)
            self.assertTrue((got["y"][length:, row] == 0).all())
        for name in ("x", "weight_input", "weight_hidden", "bias"):
            self.assertEqual(got["d" + name].shape, inputs[name].shape)

    def test_losses_start_from_the_file_each_time(self):
        values = {"output.weight": self.normal(2, 128), "data.tokens": numpy.zeros((4, 3), "i8")}
        self.write_safetensors(values)
        request = {"family": "train", "direction": "training", "losses": 3,
                   "sizes": {"batch": 4, "time": 3}, "inputs": self.path("in.safetensors")}
        first, again, dropped, fresh = ask(request, request, {"drop": True}, request)
        self.assertEqual(dropped, {"dropped": 1})
        self.assertEqual(len(first["losses"]), 3)
        self.assertLess(again["losses"][0], first["losses"][0])  # it went on where it was
        self.assertEqual(fresh["losses"], first["losses"])

    def write_safetensors(self, values):
        header, content = {}, b""
        for name, array in values.items():
            header[name] = {"dtype": {"f": "F32", "i": "I64"}[array.dtype.kind],
                            "shape": list(array.shape),
                            "data_offsets": [len(content), len(content) + array.nbytes]}
            content += array.tobytes()
        text = json.dumps(header).encode()
        with open(self.path("in.safetensors"), "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + content)

    def test_train_has_the_parameters_of_the_example(self):
        (reply,) = ask({"family": "train", "direction": "training", "seconds": 0,
                        "sizes": {"batch": 2, "time": 2}})
        self.assertEqual(reply["parameters"], 3785026)
        (over_time,) = ask({"family": "train", "direction": "training", "seconds": 0,
                            "sizes": {"batch": 2, "time": 2, "attention": "time"}})
        self.assertEqual(over_time["parameters"], 3785026 - (128 * 256 + 128) + 128)

    def test_every_family_answers(self):
        requests = [
            {"family": "adam", "sizes": {"parameters": 64, "tensors": 2}},
            {"family": "attention", "direction": "forward+backward",
             "sizes": {"batch": 2, "heads": 2, "queries": 3, "width": 4, "causal": 1, "padding": 1}},
            {"family": "bias_activation", "direction": "forward+backward",
             "sizes": {"function": "gelu", "outer": 2, "channels": 3, "inner": 4}},
            {"family": "conv", "direction": "training", "sizes": {"batch": 1, "side": 8}},
            {"family": "cross_entropy", "sizes": {"rows": 3, "classes": 4}},
            {"family": "embedding", "direction": "forward+backward",
             "sizes": {"ids": 3, "vocabulary": 5, "width": 4}},
            {"family": "layer_norm", "direction": "forward+backward",
             "sizes": {"rows": 3, "cols": 4}},
            {"family": "linear_tanh", "direction": "forward+backward",
             "sizes": {"rows": 3, "in": 4, "out": 5}},
            {"family": "matmul", "sizes": {"m": 2, "k": 3, "n": 4, "transpose_b": 1}, "cold": True},
            {"family": "micro", "direction": "forward+backward"},
        ]
        for request, reply in zip(requests, ask(*[{**each, "seconds": 0} for each in requests])):
            with self.subTest(family=request["family"]):
                self.assertNotIn("error", reply)
                self.assertGreater(min(reply["ms"]), 0)

    def test_a_bad_request_is_answered_and_the_next_one_served(self):
        replies = ask({"family": "lstm", "sizes": {"time": 2}}, {"family": "sofmax"},
                      {"family": "micro", "mode": "graph"}, {"family": "micro", "seconds": 0})
        self.assertIn("sizes has no 'batch'", replies[0]["error"])
        self.assertIn("family is 'sofmax', expected one of", replies[1]["error"])
        self.assertIn("expected one of eager", replies[2]["error"])
        self.assertIn("ms", replies[3])

    def test_cuda_without_a_gpu_says_so(self):
        (hello,) = ask({"hello": True}, device="cuda")
        if hello["found"]:
            self.skipTest("there is a GPU")
        (reply,) = ask({"family": "micro"}, device="cuda")
        self.assertIn("no CUDA device", reply["error"])


if __name__ == "__main__":
    unittest.main()
