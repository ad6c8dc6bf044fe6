"""matmul and linear_tanh.

matmul: sizes m, k, n, batch (default 1: no batch), transpose_a, transpose_b (default 0: stored
[k, m] and [n, k], handed over as a transposed view). Inputs a, b; result y.
linear_tanh: sizes rows, in, out. Inputs x [rows, in], weight [out, in], bias [out]; results y, dx,
dweight, dbias.
"""

import torch
import torch.nn.functional as F

from torch_cases.case import Case, differentiable


def build_matmul(request):
    m, k, n = request.size("m"), request.size("k"), request.size("n")
    batch = request.size("batch", 1)
    lead = (batch,) if batch > 1 else ()
    a = _factor(request, "a", lead, m, k, request.size("transpose_a", 0))
    b = _factor(request, "b", lead, k, n, request.size("transpose_b", 0))
    if request.backward:
        raise ValueError("matmul: direction is measured as forward alone")
    # The result's memory is there before, as it is for us.
    out = torch.empty((*lead, m, n), device=request.device, dtype=request.dtype)
    if request.compiled:
        return differentiable(request, lambda a, b: a @ b, {"a": a, "b": b})
    return Case(lambda: torch.matmul(a, b, out=out), lambda: {"y": out}, records=False)


def _factor(request, name, lead, rows, cols, transposed):
    if transposed:
        return request.tensor(name, (*lead, cols, rows)).transpose(-2, -1)
    return request.tensor(name, (*lead, rows, cols))


def build_linear_tanh(request):
    rows, inward, outward = (request.size(name) for name in ("rows", "in", "out"))
    inputs = {"x": request.tensor("x", (rows, inward)),
              "weight": request.tensor("weight", (outward, inward), inward ** -0.5),
              "bias": request.tensor("bias", (outward,), 0.1)}
    return differentiable(
        request, lambda x, weight, bias: torch.tanh(F.linear(x, weight, bias)), inputs)
