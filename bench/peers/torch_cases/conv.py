"""conv: one convolution, or a small CNN.

With sizes filters: conv2d of 3 × 3 with padding 1, sizes batch, channels, filters, size. Inputs x
[batch, channels, size, size], weight, bias; results y, dx, dweight, dbias.

Else the CNN; sizes batch (default 64), side (default 32).

conv 3→32, relu, max pool 2, conv 32→64, relu, max pool 2, linear → 10, cross-entropy. forward: without
the loss. forward+backward: with gradients of all parameters. training: with Adam's step too (kinds:
adam.py). Inputs x [batch, 3, side, side], targets i64 [batch], first.weight, first.bias, second.…,
output.…; results y (the logits), loss, and with training the parameters.
"""

import torch
import torch.nn.functional as F

from torch_cases import adam
from torch_cases.case import Case, differentiable


class Network(torch.nn.Module):
    def __init__(self, side):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 32, 3, padding=1)
        self.second = torch.nn.Conv2d(32, 64, 3, padding=1)
        self.output = torch.nn.Linear(64 * (side // 4) ** 2, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.first(x)), 2)
        x = F.max_pool2d(F.relu(self.second(x)), 2)
        return self.output(x.flatten(1))


def build_one(request):
    batch, channels, filters, size = (request.size(name)
                                      for name in ("batch", "channels", "filters", "size"))
    inputs = {"x": request.tensor("x", (batch, channels, size, size)),
              "weight": request.tensor("weight", (filters, channels, 3, 3), 0.2),
              "bias": request.tensor("bias", (filters,), 0.1)}
    return differentiable(
        request, lambda x, weight, bias: F.conv2d(x, weight, bias, padding=1), inputs)


def build(request):
    if "filters" in request.sizes:
        return build_one(request)
    batch, side = request.size("batch", 64), request.size("side", 32)
    torch.manual_seed(1)
    network = Network(side)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name in request.given:
                parameter.copy_(request.given[name])
    network.to(device=request.device, dtype=request.dtype)
    x = request.tensor("x", (batch, 3, side, side))
    targets = request.integers("targets", (batch,), 0, 10)
    forward = request.wrap(network.forward)
    training = request.direction == "training"
    optimizer, note = adam.optimizer(network.parameters(), request) if training else (None, "")
    state = {}

    def step():
        if not request.backward:
            state["y"] = forward(x)
            return
        network.zero_grad(set_to_none=True)
        y = forward(x)
        loss = F.cross_entropy(y, targets)
        loss.backward()
        if training:
            optimizer.step()
        state.update(y=y.detach(), loss=loss.detach())

    def results():
        return {**state, **(dict(network.named_parameters()) if training else {})}

    return Case(step, results, records=request.backward, note=note,
                loss=(lambda: state["loss"]) if request.backward else None)
