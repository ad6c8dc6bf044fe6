"""adam: one step over sizes.parameters numbers in sizes.tensors tensors of one size (default 1).

sizes.kind: "default" (what torch.optim.Adam does when not told), "foreach", "fused", "capturable".
Left out, the fastest that this PyTorch has for the device and mode. Inputs and results: value<i>;
inputs gradient<i>. Rate 1e-3, beta 0.9 and 0.999, epsilon 1e-8, no decay.
"""

import inspect

import torch

from torch_cases.case import Case


def optimizer(parameters, request):
    """(Adam over the parameters, which kind it is)."""
    known = inspect.signature(torch.optim.Adam.__init__).parameters
    kind = request.size("kind", "best")
    if kind == "best":
        version = tuple(int(part) for part in torch.__version__.split(".")[:2])
        fused_from = (1, 13) if request.device.type == "cuda" else (2, 4)
        kind = "fused" if version >= fused_from and "fused" in known else "default"
    options = {}
    if kind in ("foreach", "fused"):
        options[kind] = True
    elif kind not in ("default", "capturable"):
        raise ValueError(f"sizes.kind is {kind!r}, expected default, foreach, fused or capturable")
    if request.captured or kind == "capturable":
        options["capturable"] = True
    return torch.optim.Adam(parameters, lr=1e-3, **options), kind


def build(request):
    count = request.size("tensors", 1)
    shape = (request.size("parameters") // count,)
    parameters = []
    for index in range(count):
        parameter = torch.nn.Parameter(request.tensor(f"value{index}", shape))
        parameter.grad = request.tensor(f"gradient{index}", shape)
        parameters.append(parameter)
    adam, kind = optimizer(parameters, request)
    step = request.wrap(adam.step)
    return Case(step, lambda: {f"value{index}": value for index, value in enumerate(parameters)},
                records=False, note=f"Adam {kind}")
