"""softmax, layer_norm, cross_entropy over rows: sizes rows, cols (cross_entropy: classes).

softmax also takes sizes.logarithmic. Results: y (cross_entropy: the mean loss), d<input>; inputs x,
and scale and shift (layer_norm), or logits and targets (cross_entropy).
"""

import torch
import torch.nn.functional as F

from torch_cases.case import differentiable


def build_softmax(request):
    x = request.tensor("x", (request.size("rows"), request.size("cols")))
    function = torch.log_softmax if request.size("logarithmic", 0) else torch.softmax
    return differentiable(request, lambda x: function(x, -1), {"x": x})


def build_layer_norm(request):
    rows, cols = request.size("rows"), request.size("cols")
    epsilon = request.size("epsilon", 1e-5)
    inputs = {"x": request.tensor("x", (rows, cols)), "scale": request.tensor("scale", (cols,)),
              "shift": request.tensor("shift", (cols,))}
    return differentiable(
        request, lambda x, scale, shift: F.layer_norm(x, (cols,), scale, shift, epsilon), inputs)


def build_cross_entropy(request):
    rows, classes = request.size("rows"), request.size("classes")
    targets = request.integers("targets", (rows,), 0, classes)
    return differentiable(
        request, lambda logits, targets: F.cross_entropy(logits, targets),
        {"logits": request.tensor("logits", (rows, classes))}, {"targets": targets})
