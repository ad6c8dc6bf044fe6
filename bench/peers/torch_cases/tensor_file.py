"""Reads .npz and .safetensors files of tensors, writes .npz."""

import json
import struct

import numpy
import torch

safetensors_types = {"F64": numpy.float64, "F32": numpy.float32, "F16": numpy.float16,
                     "I64": numpy.int64, "I32": numpy.int32, "U8": numpy.uint8}


def read(path):
    """Name → tensor on the CPU. Errors: another file type, an unknown type of numbers."""
    if path.endswith(".npz"):
        with numpy.load(path) as archive:
            return {name: torch.from_numpy(archive[name]) for name in archive.files}
    if path.endswith(".safetensors"):
        return _read_safetensors(path)
    raise ValueError(f"inputs is {path!r}, expected an .npz or .safetensors file")


def write(path, tensors):
    """The tensors, in f32 where they are of a type that NumPy lacks."""
    if not path.endswith(".npz"):
        raise ValueError(f"outputs is {path!r}, expected an .npz file")
    arrays = {}
    for name, values in tensors.items():
        values = values.detach().cpu()
        arrays[name] = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    numpy.savez(path, **arrays)


def _read_safetensors(path):
    # https://github.com/huggingface/safetensors: u64 length, JSON header, then the bytes.
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = content[8 + length + begin:8 + length + end]
        if entry["dtype"] == "BF16":
            words = torch.from_numpy(numpy.frombuffer(raw, dtype=numpy.int16).copy())
            values = words.view(torch.bfloat16)
        elif entry["dtype"] in safetensors_types:
            values = torch.from_numpy(
                numpy.frombuffer(raw, dtype=safetensors_types[entry["dtype"]]).copy())
        else:
            raise ValueError(f"{path}: {name} is of type {entry['dtype']}, expected BF16 or one of "
                             f"{', '.join(safetensors_types)}")
        tensors[name] = values.reshape(entry["shape"])
    return tensors
