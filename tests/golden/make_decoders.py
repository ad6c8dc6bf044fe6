#!/usr/bin/env python3
"""Writes the fixtures of decoders_test.cpp: what PyTorch computes for Heddle's decoders, and what a beam
search written with it finds.

A decoder's fixture (all f64) holds weights, a target sequence x, a memory with the lengths of its
sentences, the gradient `upstream` of the result, the result, and the gradients of x, the memory and every
parameter. The beam search's holds logits that stand for a model, and for each setting the steps and the
hypotheses.

Needs Python 3 with PyTorch (made with 1.13, Debian 12's python3-torch). Run in this folder:
python3 make_decoders.py
"""

import torch

from golden_decoders import LstmDecoder, TransformerDecoder, beam_search
from make_golden import write_safetensors

WIDTH = 6
BEGIN, END, VOCABULARY = 1, 2, 9


def decoder_fixture(decoder):
    decoder = decoder.double()
    x = torch.randn(5, 3, WIDTH, dtype=torch.float64, requires_grad=True)
    memory = torch.randn(4, 3, WIDTH, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([4, 1, 3])
    upstream = torch.randn(5, 3, WIDTH, dtype=torch.float64)
    result = decoder(x, memory, lengths)
    result.backward(upstream)
    tensors = {"x": x, "memory": memory, "lengths": lengths, "upstream": upstream, "result": result}
    tensors |= {"grad.x": x.grad, "grad.memory": memory.grad}
    for name, (parameter, rows) in decoder.heddle_parameters().items():
        tensors[f"weights.{name}"] = parameter[rows]
        tensors[f"grad.weights.{name}"] = parameter.grad[rows]
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def beam_fixture():
    """Settings are "beam<B>_alpha<10·α>"; a hypothesis is a row of `tokens`, −1 beyond its end."""
    limits = torch.tensor([7, 7, 2, 5])
    logits = 1.5 * torch.randn(4, 7, VOCABULARY, VOCABULARY, dtype=torch.float64)
    logits[:, :, :, BEGIN] -= 8.0
    tensors = {"logits": logits, "limits": limits}
    for beam, alpha in ((1, 0.0), (2, 0.0), (3, 0.6), (4, 2.0)):
        steps, found = beam_search(logits, limits, BEGIN, END, beam, alpha)
        rows = [(s, *hypothesis) for s, hypotheses in enumerate(found) for hypothesis in hypotheses]
        tokens = torch.full((len(rows), int(limits.max())), -1)
        for row, (*_, written) in enumerate(rows):
            tokens[row, : len(written)] = torch.tensor(written)
        name = f"beam{beam}_alpha{round(10 * alpha)}"
        tensors[f"{name}.steps"] = steps.flatten(2)
        tensors[f"{name}.sentence"] = torch.tensor([row[0] for row in rows])
        tensors[f"{name}.score"] = torch.tensor([row[1] for row in rows], dtype=torch.float64)
        tensors[f"{name}.log_probability"] = torch.tensor([row[2] for row in rows], dtype=torch.float64)
        tensors[f"{name}.ended"] = torch.tensor([row[3] for row in rows])
        tensors[f"{name}.tokens"] = tokens
    return tensors


def main():
    torch.set_num_threads(1)
    torch.manual_seed(11)
    write_safetensors("decoder_transformer.safetensors", decoder_fixture(TransformerDecoder(WIDTH, 2, 2, 7)))
    write_safetensors("decoder_lstm_dot.safetensors", decoder_fixture(LstmDecoder(WIDTH, 2, False)))
    write_safetensors("decoder_lstm_additive.safetensors", decoder_fixture(LstmDecoder(WIDTH, 2, True)))
    write_safetensors("beam_search.safetensors", beam_fixture())


if __name__ == "__main__":
    main()
