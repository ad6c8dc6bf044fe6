"""lstm: nn.LSTM, time first. Sizes time, batch, input, hidden, directions (default 2), layout, lengths.

layout  "padded" (default): lengths are ignored, every row runs all steps. "packed": pack_padded_sequence
        and pad_packed_sequence are part of what is timed, as users write it; in a CUDA graph they
        cannot be, so there the packed sequence is made before.
lengths for "packed": a list of numbers for the batch; left out, uniform in min(5, time) … time.
biases  2 (default; PyTorch's own) or 1 (the second frozen at 0, as ours; 1 where inputs are given).

Inputs x [T, B, I], weight_input [D, 4H, I], weight_hidden [D, 4H, H], bias [D, 4H], dy [T, B, D·H];
results y, h_n, c_n, dx and d<weight>. torch.compile leaves nn.LSTM as it is, with a break around it.
"""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from torch_cases import lstm_weights
from torch_cases.case import Case


def lengths_of(request, batch, time):
    """The rows' lengths, i64 on the CPU, where pack_padded_sequence wants them."""
    given = request.size("lengths", "uniform")
    if isinstance(given, list):
        return torch.tensor(given, dtype=torch.int64)
    return request.integers("lengths", (batch,), min(5, time), time + 1).cpu()


def build(request):
    time, batch, inward, hidden = (request.size(name)
                                   for name in ("time", "batch", "input", "hidden"))
    directions = request.size("directions", 2)
    layout = request.size("layout", "padded")
    if layout not in ("padded", "packed"):
        raise ValueError(f"layout is {layout!r}, expected padded or packed")
    module = torch.nn.LSTM(inward, hidden, bidirectional=directions == 2)
    if request.given or request.size("biases", 2) == 1:
        weights = {name: request.tensor(name, shape, 0.1).cpu().float()
                   for name, shape in (("weight_input", (directions, 4 * hidden, inward)),
                                       ("weight_hidden", (directions, 4 * hidden, hidden)),
                                       ("bias", (directions, 4 * hidden)))}
        lstm_weights.fill(module, weights)
    module.to(device=request.device, dtype=request.dtype)
    x = request.tensor("x", (time, batch, inward))
    dy = request.tensor("dy", (time, batch, directions * hidden))
    x.requires_grad_(request.backward)
    call = request.wrap(_padded(module) if layout == "padded" else
                        _packed(module, lengths_of(request, batch, time), time))
    if layout == "packed" and request.captured:
        return _captured_packed(request, module, x, dy, lengths_of(request, batch, time))
    state = {}

    def step():
        if request.backward:
            module.zero_grad(set_to_none=True)
            x.grad = None
        y, (h_n, c_n) = call(x)
        if request.backward:
            y.backward(dy)
        state.update(y=y, h_n=h_n, c_n=c_n)

    def results():
        gradients = {"dx": x.grad, **lstm_weights.gradients(module)} if request.backward else {}
        return {**state, **gradients}

    return Case(step, results, records=request.backward, note=layout)


def _padded(module):
    return lambda x: module(x)


def _packed(module, lengths, time):
    def call(x):
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        y, states = module(packed)
        return pad_packed_sequence(y, total_length=time)[0], states

    return call


def _captured_packed(request, module, x, dy, lengths):
    packed = pack_padded_sequence(x.detach(), lengths, enforce_sorted=False)
    packed_dy = pack_padded_sequence(dy, lengths, enforce_sorted=False).data
    packed.data.requires_grad_(request.backward)
    state = {}

    def step():
        if request.backward:
            module.zero_grad(set_to_none=True)
            packed.data.grad = None
        y = module(packed)[0].data
        if request.backward:
            y.backward(packed_dy)
        state["y"] = y

    return Case(step, lambda: dict(state), records=request.backward,
                note="packed before the graph; results stay packed")
