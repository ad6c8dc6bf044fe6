#!/usr/bin/env python3
"""Writes the fixtures of golden_test.cpp: what PyTorch computes for Heddle's models.

golden_models.py, golden_encoders.py and golden_fusions.py have each model a second time, with PyTorch's own modules
(nn.LSTM on packed sequences, nn.TransformerEncoder, nn.Conv2d, …). A fixture holds weights, a batch, and in f32 and f64 the loss, the gradient of every parameter and the loss before each of 50 Adam steps on that batch.

Needs Python 3 with PyTorch (made with 1.13, Debian 12's python3-torch). Run in this folder: python3 make_golden.py (all fixtures), or with the names of some.
The fixtures change with the PyTorch version in the last bits; the tests' tolerances allow for that. Tests read the committed files and need no Python.
"""

import json
import struct
import sys

import torch
from torch import nn

from golden_encoders import AttendingModel, ConvolvingModel
from golden_fusions import CoAttentionModel, CrossModalModel, LowRankModel
from golden_models import ContextualModel, DocumentModel, FinalModel, MissingModel, loss_of

STEPS = 50
LEARNING_RATE = 3e-3


def heddle_name(module_path, name):
    path = f"{module_path}.{name}" if module_path else name
    for modality in ("text", "image", "audio"):
        path = path.replace(f"{modality}_missing", f"{modality}.missing")
        path = path.replace(f"{modality}_projection", f"{modality}.projection")
        path = path.replace(f"projections.{modality}", f"{modality}.projection")
    return path.replace("projections.video", "video.projection")


def heddle_parameters(model):
    """Heddle's name → the (PyTorch parameter, rows) that are stacked to make it: one, or one per direction."""
    result = {}
    described = []
    for path, module in model.named_modules():
        if any(path.startswith(f"{outer}.") for outer in described):
            continue
        if hasattr(module, "heddle_parameters"):
            described.append(path)
            for name, parts in module.heddle_parameters().items():
                result[heddle_name(path, name)] = parts
            continue
        if isinstance(module, nn.LSTM):
            continue
        names = {"weight": "scale", "bias": "shift"} if isinstance(module, (nn.GroupNorm, nn.LayerNorm)) else {}
        for name, parameter in module.named_parameters(recurse=False):
            result[heddle_name(path, names.get(name, name))] = [(parameter, slice(None))]
    return result


def joined(parts, of=lambda parameter: parameter):
    tensors = [of(parameter)[rows] for parameter, rows in parts]
    return (torch.stack(tensors) if len(tensors) > 1 else tensors[0]).detach().clone()


def run(model, batch, prefix):
    """Loss and gradients at the start, and the loss before each step."""
    results = {}
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=LEARNING_RATE)
    curve = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(model(batch), batch)
        loss.backward()
        curve.append(loss.item())
        if step == 0:
            results[f"{prefix}.loss"] = loss.detach().reshape(1)
            for name, parts in heddle_parameters(model).items():
                results[f"{prefix}.grad.{name}"] = joined(parts, lambda p: p.grad)
        optimizer.step()
    results[f"{prefix}.curve"] = torch.tensor(curve, dtype=loss.dtype)
    return results


def write_safetensors(path, tensors):
    names = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64", torch.bool: "BOOL"}
    # Wider types first: every tensor is then aligned to its type.
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header, blocks, offset = {}, [], 0
    for name in order:
        block = tensors[name].contiguous().numpy().tobytes()
        header[name] = {
            "dtype": names[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [offset, offset + len(block)],
        }
        offset += len(block)
        blocks.append(block)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def main(chosen):
    torch.set_num_threads(1)
    cases = {
        "sentiment_attention": (0, DocumentModel),
        "sentiment_final": (1, FinalModel),
        "sentiment_missing": (2, MissingModel),
        "contextual": (3, ContextualModel),
        "encoders_convolving": (4, ConvolvingModel),
        "encoders_attending": (5, AttendingModel),
        "fusion_low_rank": (4, LowRankModel),
        "fusion_co_attention": (5, CoAttentionModel),
        "fusion_cross_modal": (6, CrossModalModel),
    }
    for name, (seed, kind) in cases.items():
        if chosen and name not in chosen:
            continue
        torch.manual_seed(seed)
        model, batch = kind(), kind.batch()
        tensors = {f"batch.{key}": value for key, value in batch.items()}
        start = {key: value.clone() for key, value in model.state_dict().items()}
        for parameter, parts in heddle_parameters(model).items():
            tensors[f"weights.{parameter}"] = joined(parts)
        tensors.update(run(model, batch, "f32"))
        model.load_state_dict(start)
        wide = {key: value.double() if value.is_floating_point() else value for key, value in batch.items()}
        tensors.update(run(model.double(), wide, "f64"))
        write_safetensors(f"{name}.safetensors", tensors)
        curve = tensors["f64.curve"]
        print(f"{name}: loss {curve[0]:.6f} to {curve[-1]:.6f}")


if __name__ == "__main__":
    main(sys.argv[1:])
