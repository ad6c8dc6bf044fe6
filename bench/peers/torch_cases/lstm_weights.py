"""Our names and layout of an LSTM's weights (kernels/lstm.h), put into PyTorch's and taken back."""

import torch

# Ours, with directions first → PyTorch's.
ours = {"weight_input": "weight_ih_l0", "weight_hidden": "weight_hh_l0", "bias": "bias_ih_l0"}
suffixes = ("", "_reverse")


def fill(module, weights):
    """Copies weights (ours) into the module; its second bias becomes 0 and is trained no more, as
    ours has one: two would each get the gradient, and Adam would move their sum twice as far."""
    with torch.no_grad():
        for name, theirs in ours.items():
            for direction, values in enumerate(weights[name]):
                getattr(module, theirs + suffixes[direction]).copy_(values)
    freeze_second_bias(module)


def freeze_second_bias(module):
    for suffix in suffixes[:2 if module.bidirectional else 1]:
        bias = getattr(module, "bias_hh_l0" + suffix)
        bias.requires_grad_(False)
        bias.zero_()
        bias.grad = None


def gradients(module):
    """{"dweight_input": [D, 4H, I], …} of the module's .grad."""
    used = suffixes[:2 if module.bidirectional else 1]
    return {"d" + name: torch.stack([getattr(module, theirs + suffix).grad for suffix in used])
            for name, theirs in ours.items()}
