"""train: a step of the example training: zero the gradients, forward, loss, backward, Adam.

    t = embedding(tokens) → BiLSTM → last states of both directions                       [B, 256]
    i = image weightᵀ + bias, f = tanh(fusion([t, i])), tokens k = [text(t), i]
    y = output(f + Σ softmax(k · f / √128) k), loss = cross-entropy over 2 classes

Embedding 10,000 × 300 with a dense gradient, 128 per direction, image 2048 → 128, fusion 384 → 128;
3,785,026 parameters with PyTorch's two biases in the LSTM. With attention "time" instead (s_t the
states of both directions at word t):
    u_t = tanh(fusion([s_t, i])), y = output(Σ softmax_t(u_t · attention) u_t)
Sizes, all with defaults: attention "modalities", batch 64, time 50, biases (2; 1 where inputs or losses are asked for, see lstm_weights.py), kind (of Adam:
adam.py), layout ("padded", or "packed" with lengths uniform in 5 … time, or the list `lengths`).
direction "forward" and "forward+backward" leave out the later parts; "training" is the whole step.
With mode compile everything but the optimizer is compiled.

{"family": "train", "direction": "training", "losses": N, "inputs": FILE} → the losses of N steps from
the initialisation in FILE, all on one batch. Tensors of FILE, f32; each one that is missing is drawn
at random:
    embedding.weight [10000, 300]
    lstm.weight_input [2, 512, 300]   lstm.weight_hidden [2, 512, 128]   lstm.bias [2, 512]
                                      (directions first; gates i, f, g, o)
    image.weight [128, 2048]          image.bias [128]
    text.weight [128, 256]            text.bias [128]                attention.weight [128]
    fusion.weight [128, 384]          fusion.bias [128]      (inputs: forward, reverse, image)
    output.weight [2, 128]            output.bias [2]
    data.tokens i64 [B, T]   data.image [B, 2048]   data.targets i64 [B]   data.lengths i64 [B]
Results: loss and the parameters after a step, by these names.

The answer has more fields: parameters (how many), peak_mib (of this process so far), and start_s, from
the start of the process to the end of this case's warm-up.
"""

import math
import os
import time

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from torch_cases import adam, lstm_weights
from torch_cases.case import Case

vocabulary, width, hidden, pixels, projected = 10000, 300, 128, 2048, 128


class Pool(torch.nn.Module):
    """Additive attention over time: u [T, B, W], lengths [B] or None → [B, W]."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(projected) * 0.1)

    def forward(self, u, lengths):
        scores = u @ self.weight
        if lengths is not None:
            steps = torch.arange(u.shape[0], device=u.device)
            scores = scores.masked_fill(steps[:, None] >= lengths.to(u.device), -math.inf)
        return (torch.softmax(scores, 0).unsqueeze(2) * u).sum(0)


class Network(torch.nn.Module):
    def __init__(self, over_time):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, width)
        self.lstm = torch.nn.LSTM(width, hidden, bidirectional=True)
        self.image = torch.nn.Linear(pixels, projected)
        self.fusion = torch.nn.Linear(2 * hidden + projected, projected)
        if over_time:
            self.attention = Pool()
        else:
            self.text = torch.nn.Linear(2 * hidden, projected)
        self.over_time = over_time
        self.output = torch.nn.Linear(projected, 2)

    def forward(self, tokens, image, lengths):
        embedded = self.embedding(tokens.t())
        if lengths is not None:
            embedded = pack_padded_sequence(embedded, lengths, enforce_sorted=False)
        read, (states, _) = self.lstm(embedded)
        i = self.image(image)
        if self.over_time:
            if lengths is not None:
                read = pad_packed_sequence(read)[0]
            # The picture's part is the same at every word: computed once, as ours is.
            words, picture = self.fusion.weight.split([2 * hidden, projected], 1)
            u = torch.tanh(F.linear(read, words) + F.linear(i, picture, self.fusion.bias))
            return self.output(self.attention(u, lengths))
        t = torch.cat([states[0], states[1]], 1)
        f = torch.tanh(self.fusion(torch.cat([t, i], 1)))
        keys = torch.stack([self.text(t), i], 1)
        weights = torch.softmax((keys @ f.unsqueeze(2)).squeeze(2) * projected ** -0.5, 1)
        return self.output(f + (weights.unsqueeze(1) @ keys).squeeze(1))


def fill(network, given):
    """Puts what the request's file gives into the network."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name in given:
                if given[name].shape != parameter.shape:
                    raise ValueError(f"{name} in inputs is {list(given[name].shape)}, expected "
                                     f"{list(parameter.shape)}")
                parameter.copy_(given[name])
    lstm = {name: given["lstm." + name] for name in lstm_weights.ours if "lstm." + name in given}
    if len(lstm) == len(lstm_weights.ours):
        lstm_weights.fill(network.lstm, lstm)
    elif lstm:
        raise ValueError(f"inputs has {sorted(lstm)} of the LSTM, expected all of "
                         f"{sorted(lstm_weights.ours)}")


def named_values(network):
    """The parameters by the names at the top."""
    values = {name: parameter for name, parameter in network.named_parameters()
              if not name.startswith("lstm.")}
    for name, theirs in lstm_weights.ours.items():
        values["lstm." + name] = torch.stack([getattr(network.lstm, theirs + suffix)
                                              for suffix in lstm_weights.suffixes])
    return values


def build(request):
    batch, steps = request.size("batch", 64), request.size("time", 50)
    torch.manual_seed(1)
    network = Network(request.size("attention", "modalities") == "time")
    fill(network, request.given)
    one_bias = request.size("biases", 1 if request.given or request.losses else 2) == 1
    if one_bias:
        with torch.no_grad():
            lstm_weights.freeze_second_bias(network.lstm)
    network.to(device=request.device, dtype=request.dtype)
    tokens = request.integers("data.tokens", (batch, steps), 0, vocabulary)
    image = request.tensor("data.image", (batch, pixels))
    targets = request.integers("data.targets", (batch,), 0, 2)
    packed = request.size("layout", "padded") == "packed"
    if packed and request.captured:
        raise ValueError("packed sequences are made on the host in every step: not in a CUDA graph")
    lengths = _lengths(request, batch, steps) if packed else None
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    training = request.direction == "training"
    optimizer, kind = adam.optimizer(trained, request) if training else (None, "none")
    forward = request.wrap(network.forward)
    state = {}

    def step():
        if request.backward:
            network.zero_grad(set_to_none=True)
        loss = F.cross_entropy(forward(tokens, image, lengths), targets)
        if request.backward:
            loss.backward()
        if training:
            optimizer.step()
        state["loss"] = loss.detach()

    started = []

    def extra():
        if not started:
            started.append(_seconds_since_start())
        return {"parameters": sum(parameter.numel() for parameter in trained),
                "peak_mib": _peak_mib(),
                "start_s": started[0]}

    return Case(step, lambda: {**state, **named_values(network)}, records=request.backward,
                note=f"Adam {kind}, {'packed' if packed else 'padded'}, biases "
                     f"{1 if one_bias else 2}", loss=lambda: state["loss"], extra=extra)


def _lengths(request, batch, steps):
    given = request.size("lengths", "uniform")
    if isinstance(given, list):
        return torch.tensor(given, dtype=torch.int64)
    return request.integers("data.lengths", (batch,), min(5, steps), steps + 1).cpu()


def _peak_mib():
    # Not getrusage's figure, which would be the parent's where that was larger before exec.
    with open("/proc/self/status") as file:
        return int(next(line for line in file if line.startswith("VmHWM")).split()[1]) / 1024


def _seconds_since_start():
    with open("/proc/self/stat") as file:
        # After the name in parentheses, which may hold spaces; field 22 counts from 1.
        ticks = int(file.read().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
