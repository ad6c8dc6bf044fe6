"""A case: something to call, and what it leaves."""

import dataclasses
from typing import Callable, Dict

import torch


@dataclasses.dataclass
class Case:
    step: Callable[[], None]
    results: Callable[[], Dict[str, torch.Tensor]]  # of the last step
    records: bool  # whether autograd records the step
    calls: int = 1  # that one step makes: times are divided by it
    note: str = ""
    loss: Callable[[], torch.Tensor] = None  # of the last step, where there is one
    extra: Callable[[], dict] = dict  # more fields for the answer


def differentiable(request, function, inputs, constants=None, note=""):
    """function(**inputs, **constants) → y, and with direction forward+backward the gradients of all
    inputs for a dy of normal numbers (for a scalar y: 1). Results: y, d<name>."""
    constants = constants or {}
    function = request.wrap(function)
    state = {}
    if not request.backward:
        def forward():
            state["y"] = function(**inputs, **constants)
        return Case(forward, lambda: dict(state), records=False, note=note)

    for values in inputs.values():
        values.requires_grad_(True)
    with torch.no_grad():
        shape = function(**inputs, **constants).shape
    dy = request.tensor("dy", shape) if len(shape) else None

    def both():
        for values in inputs.values():
            values.grad = None
        y = function(**inputs, **constants)
        y.backward(dy)
        state["y"] = y.detach()

    def results():
        return {**state, **{"d" + name: values.grad for name, values in inputs.items()}}

    return Case(both, results, records=True, note=note)
