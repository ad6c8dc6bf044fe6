"""What a request asks for, and the tensors that a case is made of."""

import json

import torch

from torch_cases import tensor_file

dtypes = {"f32": torch.float32, "f64": torch.float64, "bf16": torch.bfloat16, "f16": torch.float16}
modes = {"cpu": ("eager",), "cuda": ("eager", "compile", "graph", "compile+graph")}
# Fields that do not tell one case from another.
passing = ("seconds", "outputs", "drop", "losses")


class Request:
    """A request's fields, checked. Errors: ValueError says what was found and expected."""

    def __init__(self, fields, device):
        if device == "cuda" and not torch.cuda.is_available():
            build = torch.version.cuda or "no CUDA"
            raise ValueError(f"no CUDA device (torch {torch.__version__}, built with {build})")
        self.family = fields.get("family")
        self.device = torch.device(device)
        self.sizes = fields.get("sizes", {})
        self.direction = self._one_of(fields, "direction",
                                      ("forward", "forward+backward", "training"))
        self.dtype = dtypes[self._one_of(fields, "dtype", tuple(dtypes))]
        self.math = self._one_of(fields, "math", ("exact", "tf32"))
        self.mode = self._one_of(fields, "mode", modes[device])
        self.cold = bool(fields.get("cold", False))
        self.losses = "losses" in fields
        self.given = tensor_file.read(fields["inputs"]) if "inputs" in fields else {}
        self.generator = torch.Generator().manual_seed(int(fields.get("seed", 1)))

    @staticmethod
    def _one_of(fields, name, choices):
        value = fields.get(name, choices[0])
        if value not in choices:
            raise ValueError(f"{name} is {value!r}, expected one of {', '.join(choices)}")
        return value

    @staticmethod
    def kept(fields):
        """A case's name: what must be equal for its state to be used again."""
        rest = {name: value for name, value in fields.items() if name not in passing}
        return json.dumps({**rest, "losses": "losses" in fields}, sort_keys=True)

    @property
    def compiled(self):
        return self.mode.startswith("compile")

    @property
    def captured(self):
        return self.mode.endswith("graph")

    @property
    def backward(self):
        return self.direction != "forward"

    def size(self, name, default=None):
        """sizes[name]. Errors: not there, and no default."""
        value = self.sizes.get(name, default)
        if value is None:
            raise ValueError(f"{self.family}: sizes has no {name!r}: {self.sizes}")
        return value

    def tensor(self, name, shape, scale=1.0):
        """Normal numbers times scale, or the tensor of that name in `inputs`. On the device."""
        values = self._given(name, shape)
        if values is None:
            values = torch.randn(tuple(shape), generator=self.generator) * scale
        return values.to(device=self.device, dtype=self.dtype)

    def integers(self, name, shape, low, high):
        """i64, uniform in low ≤ n < high, or the tensor of that name in `inputs`. On the device."""
        values = self._given(name, shape)
        if values is None:
            values = torch.randint(low, high, tuple(shape), generator=self.generator)
        return values.to(device=self.device, dtype=torch.int64)

    def _given(self, name, shape):
        values = self.given.get(name)
        if values is not None and tuple(values.shape) != tuple(shape):
            raise ValueError(f"{name} in inputs is {list(values.shape)}, expected {list(shape)}")
        return values

    def wrap(self, function):
        """The function, compiled where the mode says so."""
        return torch.compile(function) if self.compiled else function
