"""Heddle's decoders (models/*_decoder.h) and its beam search written a second time with PyTorch. Used by
make_decoders.py."""

import torch
from torch import nn


class TransformerDecoder(nn.Module):
    """nn.TransformerDecoder in pre-norm order, time first, with a causal mask and padded memory."""

    NAMES = {
        "norm1": "self_norm",
        "norm2": "cross_norm",
        "norm3": "feed_norm",
        "linear1": "feed_in",
        "linear2": "feed_out",
        "self_attn.out_proj": "self.out",
        "multihead_attn.out_proj": "cross.out",
    }

    def __init__(self, width, heads, layers, feed_forward):
        super().__init__()
        layer = nn.TransformerDecoderLayer(
            width, heads, feed_forward, dropout=0.0, activation="gelu", norm_first=True
        )
        self.stack = nn.TransformerDecoder(layer, layers, norm=nn.LayerNorm(width))
        for parameter in self.stack.parameters():
            nn.init.normal_(parameter, std=0.5)

    def forward(self, x, memory, lengths):
        steps = x.shape[0]
        later = torch.triu(torch.ones(steps, steps, dtype=torch.bool), diagonal=1)
        return self.stack(x, memory, tgt_mask=later, memory_key_padding_mask=beyond(memory, lengths))

    def heddle_parameters(self):
        result = {}
        for k, layer in enumerate(self.stack.layers):
            for ours, attention in (("self", layer.self_attn), ("cross", layer.multihead_attn)):
                width = attention.embed_dim
                for place, name in enumerate(("query", "key", "value")):
                    rows = slice(place * width, (place + 1) * width)
                    result[f"{k}.{ours}.{name}.weight"] = (attention.in_proj_weight, rows)
                    result[f"{k}.{ours}.{name}.bias"] = (attention.in_proj_bias, rows)
            for theirs, ours in self.NAMES.items():
                module = layer.get_submodule(theirs)
                pair = ("scale", "shift") if isinstance(module, nn.LayerNorm) else ("weight", "bias")
                result[f"{k}.{ours}.{pair[0]}"] = (module.weight, slice(None))
                result[f"{k}.{ours}.{pair[1]}"] = (module.bias, slice(None))
        result["norm.scale"] = (self.stack.norm.weight, slice(None))
        result["norm.shift"] = (self.stack.norm.bias, slice(None))
        return result


class LstmDecoder(nn.Module):
    """nn.LSTM (one per layer, for each begins from a state of its own) that looks at the memory."""

    def __init__(self, width, layers, additive):
        super().__init__()
        self.first = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.lstm = nn.ModuleList(nn.LSTM(width, width) for _ in range(layers))
        self.memory = nn.Linear(width, width, bias=False)
        self.query = nn.Linear(width, width) if additive else None
        self.score = nn.Linear(width, 1, bias=False) if additive else None
        self.join = nn.Linear(2 * width, width)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.5)
        for lstm in self.lstm:  # Heddle has one bias where PyTorch has two that are added
            nn.init.zeros_(lstm.bias_hh_l0)

    def scores(self, states, memory):
        """[steps, batch, keys]"""
        keys = self.memory(memory)
        if self.query is None:
            return torch.einsum("tbw,kbw->tbk", states, keys) / memory.shape[2] ** 0.5
        inside = self.query(states)[:, :, None] + keys.transpose(0, 1)[None]
        return self.score(torch.tanh(inside)).squeeze(3)

    def forward(self, x, memory, lengths):
        counts = ~beyond(memory, lengths)  # [batch, keys]
        mean = torch.einsum("bk,kbw->bw", counts.to(x.dtype), memory) / lengths[:, None]
        states = x
        for first, lstm in zip(self.first, self.lstm):
            h = torch.tanh(first(mean))[None]
            states, _ = lstm(states, (h, torch.zeros_like(h)))
        weights = torch.softmax(self.scores(states, memory).masked_fill(~counts[None], float("-inf")), dim=2)
        context = torch.einsum("tbk,kbw->tbw", weights, memory)
        return torch.tanh(self.join(torch.cat([context, states], dim=2)))

    def heddle_parameters(self):
        whole = slice(None)
        result = {}
        for k, (first, lstm) in enumerate(zip(self.first, self.lstm)):
            result[f"lstm.{k}.weight_input"] = (lstm.weight_ih_l0, whole)
            result[f"lstm.{k}.weight_hidden"] = (lstm.weight_hh_l0, whole)
            result[f"lstm.{k}.bias"] = (lstm.bias_ih_l0, whole)
            result[f"first.{k}.weight"] = (first.weight, whole)
            result[f"first.{k}.bias"] = (first.bias, whole)
        result["attention.memory.weight"] = (self.memory.weight, whole)
        if self.query is not None:
            result["attention.query.weight"] = (self.query.weight, whole)
            result["attention.query.bias"] = (self.query.bias, whole)
            result["attention.score.weight"] = (self.score.weight, whole)
        result["join.weight"] = (self.join.weight, whole)
        result["join.bias"] = (self.join.bias, whole)
        return result


def beyond(memory, lengths):
    """[batch, keys]: true where a key is padding."""
    return torch.arange(memory.shape[0])[None, :] >= lengths[:, None]


def penalty(length, alpha):
    return ((5.0 + length) / 6.0) ** alpha


def beam_search(logits, limits, begin, end, beam, alpha):
    """All sentences at once, with topk and gather. `logits` [sentences, step, last token, next token]
    stands for the model. Returns what each step was asked (last tokens and the rows they go on from,
    −1 where a sentence is done) and each sentence's hypotheses, the best first."""
    sentences, _, _, vocabulary = logits.shape
    written = torch.zeros(sentences, beam, 0, dtype=torch.int64)
    last = torch.full((sentences, beam), begin)
    total = torch.full((sentences, beam), float("-inf"), dtype=torch.float64)
    total[:, 0] = 0.0
    finished = [[] for _ in range(sentences)]
    done = torch.zeros(sentences, dtype=torch.bool)
    asked = []
    rows = torch.arange(sentences)[:, None]
    parents = torch.arange(beam).expand(sentences, beam)
    for step in range(int(limits.max())):
        asked.append(torch.stack([last, rows * beam + parents]).masked_fill(done[None, :, None], -1))
        following = torch.log_softmax(logits[rows, step, last], dim=2)
        values, places = (total[:, :, None] + following).flatten(1).topk(2 * beam, dim=1)
        source = torch.div(places, vocabulary, rounding_mode="floor")
        token = places % vocabulary
        ends = token == end
        for s in range(sentences):
            for rank in range(beam):
                if not done[s] and ends[s, rank]:
                    value = values[s, rank].item()
                    tokens = written[s, source[s, rank]].tolist()
                    finished[s].append((value / penalty(len(tokens) + 1, alpha), value, True, tokens))
        kept = ends.to(torch.int8).argsort(dim=1, stable=True)[:, :beam]
        total, last, parents = values.gather(1, kept), token.gather(1, kept), source.gather(1, kept)
        written = torch.cat([written[rows, parents], last[:, :, None]], dim=2)
        for s in range(sentences):
            if not done[s] and step + 1 == limits[s]:
                for b in range(beam):
                    value = total[s, b].item()
                    finished[s].append((value / penalty(step + 1, alpha), value, False, written[s, b].tolist()))
        counts = torch.tensor([len(found) for found in finished])
        done = done | (counts >= beam) | (step + 1 >= limits)
        if done.all():
            break
    best = [sorted(found, key=lambda hypothesis: -hypothesis[0])[:beam] for found in finished]
    return torch.stack(asked), best
