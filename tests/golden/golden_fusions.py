"""Models with Heddle's fusions (models/fusion/*.h) written a second time with PyTorch, each with a
small batch in which samples lack a modality. Every sample is computed by itself, from what it has, so
that no mask is needed. Used by make_golden.py."""

import math

import torch
from torch import nn

from golden_models import Audio, BiLstm, Features, Heads, Text


def sequence_batch():
    """Words, features and frames of four samples."""
    return {
        "text.values": torch.randint(1, 11, (5, 4)),
        "text.lengths": torch.tensor([5, 2, 3, 4]),
        "text.present": torch.tensor([True, True, False, True]),
        "image.values": torch.randn(4, 7),
        "image.present": torch.tensor([True, False, True, True]),
        "audio.values": torch.randn(6, 4, 3),
        "audio.lengths": torch.tensor([3, 6, 2, 5]),
        "audio.present": torch.tensor([True, True, True, False]),
        "labels": torch.tensor([1, 0, 1, 0]),
        "targets": torch.tensor([0.5, -1.5, 2.0, 0.25]),
    }


class TextPool(nn.Module):
    def __init__(self, vocabulary, embedding, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.lstm = BiLstm(embedding, hidden)
        self.pool = Audio(1, hidden).pool

    def forward(self, tokens, lengths):
        return self.pool(self.lstm(self.embedding(tokens), lengths)[0], lengths)


class LowRank(nn.Module):
    def __init__(self, modalities, width, rank):
        super().__init__()
        self.rank, self.width = rank, width
        self.modalities = modalities
        self.factors = nn.ModuleDict({m: nn.Linear(width, rank * width) for m in modalities})

    def forward(self, vectors):
        """One sample: modality → vector, 0 where absent."""
        product = torch.ones(self.rank, self.width, dtype=self.factors["text"].weight.dtype)
        for m in self.modalities:
            weight = self.factors[m].weight.reshape(self.rank, self.width, self.width)
            bias = self.factors[m].bias.reshape(self.rank, self.width)
            product = product * (torch.einsum("roi,i->ro", weight, vectors[m]) + bias)
        return product.sum(0)


class LowRankModel(nn.Module):
    def __init__(self):
        super().__init__()
        hidden = 4
        self.text = TextPool(11, 3, hidden)
        self.image = Features(7, hidden)
        self.audio = Audio(3, hidden)
        self.fusion = LowRank(["text", "image", "audio"], hidden, 3)
        self.classifier = Heads(hidden, 2, True)

    def forward(self, batch):
        rows = []
        for b in range(4):
            absent = torch.zeros(4, dtype=self.classifier.logits.weight.dtype)
            vectors = {"text": absent, "image": absent, "audio": absent}
            if batch["text.present"][b]:
                vectors["text"] = self.text(batch["text.values"][:, b : b + 1], batch["text.lengths"][b : b + 1])[0]
            if batch["image.present"][b]:
                vectors["image"] = self.image(batch["image.values"][b])
            if batch["audio.present"][b]:
                vectors["audio"] = self.audio(batch["audio.values"][:, b : b + 1], batch["audio.lengths"][b : b + 1])[0]
            rows.append(self.fusion(vectors))
        return self.classifier(torch.stack(rows))

    @staticmethod
    def batch():
        return sequence_batch()


class Frames(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = BiLstm(features, hidden)

    def forward(self, frames, lengths):
        return self.lstm(frames, lengths)[0]


class StepModel(nn.Module):
    """Words and frames step by step, features as one step; projected to `hidden`."""

    HIDDEN = 4

    def __init__(self):
        super().__init__()
        hidden = self.HIDDEN
        self.text = Text(11, 3, hidden)
        self.text_projection = nn.Linear(2 * hidden, hidden)
        self.image = Features(7, hidden)
        self.audio = Frames(3, hidden)
        self.audio_projection = nn.Linear(2 * hidden, hidden)
        self.classifier = Heads(hidden, 2, True)

    def steps_of(self, batch, b):
        """Modality → [T, hidden], T = 0 where absent."""
        none = torch.zeros(0, self.HIDDEN, dtype=self.classifier.logits.weight.dtype)
        steps = {"text": none, "image": none, "audio": none}
        if batch["text.present"][b]:
            length = batch["text.lengths"][b : b + 1]
            states, _ = self.text(batch["text.values"][: int(length), b : b + 1], length)
            steps["text"] = self.text_projection(states[:, 0])
        if batch["image.present"][b]:
            steps["image"] = self.image(batch["image.values"][b : b + 1])
        if batch["audio.present"][b]:
            length = batch["audio.lengths"][b : b + 1]
            states = self.audio(batch["audio.values"][: int(length), b : b + 1], length)
            steps["audio"] = self.audio_projection(states[:, 0])
        return steps

    def forward(self, batch):
        return self.classifier(torch.stack([self.fusion(self.steps_of(batch, b)) for b in range(4)]))

    @staticmethod
    def batch():
        return sequence_batch()


class CoAttentionPair(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.affinity = nn.Linear(width, width, bias=False)
        self.p = nn.Linear(width, width, bias=False)
        self.q = nn.Linear(width, width, bias=False)
        self.left_attention = Weight(width)
        self.right_attention = Weight(width)

    def forward(self, a, b):
        c = torch.tanh(self.affinity(a) @ b.T)
        states_a = torch.tanh(self.p(a) + c @ self.q(b))
        states_b = torch.tanh(self.q(b) + c.T @ self.p(a))
        weights_a = torch.softmax(states_a @ self.left_attention.weight, dim=0)
        weights_b = torch.softmax(states_b @ self.right_attention.weight, dim=0)
        return torch.cat([weights_a @ a, weights_b @ b])


class Weight(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width))


class CoAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.text = nn.ModuleDict({"image": CoAttentionPair(width), "audio": CoAttentionPair(width)})
        self.image = nn.ModuleDict({"audio": CoAttentionPair(width)})
        self.linear = nn.Linear(6 * width, width)

    def forward(self, steps):
        parts = [
            self.text["image"](steps["text"], steps["image"]),
            self.text["audio"](steps["text"], steps["audio"]),
            self.image["audio"](steps["image"], steps["audio"]),
        ]
        return torch.tanh(self.linear(torch.cat(parts)))


class CoAttentionModel(StepModel):
    def __init__(self):
        super().__init__()
        self.fusion = CoAttention(self.HIDDEN)


class Attention(nn.Module):
    """nn.MultiheadAttention, whose one input projection is three layers in Heddle."""

    def __init__(self, width, heads):
        super().__init__()
        self.inner = nn.MultiheadAttention(width, heads)
        nn.init.normal_(self.inner.in_proj_bias, std=0.3)
        nn.init.normal_(self.inner.out_proj.bias, std=0.3)
        split = self.inner.in_proj_weight.detach().chunk(3), self.inner.in_proj_bias.detach().chunk(3)
        for name, weight, bias in zip(("query", "key", "value"), *split):
            layer = nn.Linear(width, width)
            layer.weight.data.copy_(weight)
            layer.bias.data.copy_(bias)
            setattr(self, name, layer)
        self.out = self.inner.out_proj
        self.width, self.heads = width, heads
        del self.inner

    def forward(self, queries, keys):
        if keys.shape[0] == 0:  # nothing to see
            return self.out(torch.zeros_like(queries))
        weight = torch.cat([self.query.weight, self.key.weight, self.value.weight])
        bias = torch.cat([self.query.bias, self.key.bias, self.value.bias])
        mixed, _ = nn.functional.multi_head_attention_forward(
            queries[:, None], keys[:, None], keys[:, None], self.width, self.heads, weight, bias, None, None, False, 0.0, self.out.weight, self.out.bias, need_weights=False
        )
        return mixed[:, 0]


class Block(nn.Module):
    """A pre-norm Transformer block: across (attends to a memory) or within."""

    def __init__(self, width, heads, crosses):
        super().__init__()
        if crosses:
            self.cross_norm = nn.LayerNorm(width)
            self.memory_norm = nn.LayerNorm(width)
            self.cross = Attention(width, heads)
        else:
            self.self_norm = nn.LayerNorm(width)
            self.self = Attention(width, heads)
        self.feed_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, 4 * width)
        self.feed_out = nn.Linear(4 * width, width)

    def forward(self, x, memory=None):
        if memory is not None:
            x = x + self.cross(self.cross_norm(x), self.memory_norm(memory))
        else:
            x = x + self.self(self.self_norm(x), self.self_norm(x))
        return x + self.feed_out(nn.functional.gelu(self.feed_in(self.feed_norm(x))))


class Stack(nn.ModuleDict):
    def __init__(self, width, heads, layers, crosses):
        super().__init__({str(k): Block(width, heads, crosses) for k in range(layers)})
        self["norm"] = nn.LayerNorm(width)
        self.layers = layers

    def forward(self, x, *memory):
        for k in range(self.layers):
            x = self[str(k)](x, *memory)
        return self["norm"](x)


class CrossModal(nn.Module):
    MODALITIES = ("text", "image", "audio")

    def __init__(self, width, heads, layers):
        super().__init__()
        self.width = width
        self.across = nn.ModuleDict(
            {
                target: nn.ModuleDict({source: Stack(width, heads, layers, True) for source in self.MODALITIES if source != target})
                for target in self.MODALITIES
            }
        )
        self.within = nn.ModuleDict({target: Stack(2 * width, heads, layers, False) for target in self.MODALITIES})
        self.linear = nn.Linear(6 * width, width)

    def placed(self, x):
        position = torch.arange(x.shape[0], dtype=torch.float64)[:, None]
        angle = position * 10000.0 ** (-(torch.arange(0, self.width, 2, dtype=torch.float64)) / self.width)
        table = torch.stack([torch.sin(angle), torch.cos(angle)], dim=2).flatten(1)
        return x * math.sqrt(self.width) + table.to(x.dtype)

    def forward(self, steps):
        placed = {m: self.placed(x) for m, x in steps.items()}
        pooled = []
        for target in self.MODALITIES:
            if placed[target].shape[0] == 0:
                pooled.append(torch.zeros(2 * self.width, dtype=self.linear.weight.dtype))
                continue
            across = [self.across[target][s](placed[target], placed[s]) for s in self.MODALITIES if s != target]
            pooled.append(self.within[target](torch.cat(across, dim=1)).mean(0))
        return torch.tanh(self.linear(torch.cat(pooled)))


class CrossModalModel(StepModel):
    def __init__(self):
        super().__init__()
        self.fusion = CrossModal(self.HIDDEN, heads=2, layers=1)
        for module in self.fusion.modules():
            if isinstance(module, nn.LayerNorm):
                nn.init.normal_(module.weight, 1.0, 0.3)
                nn.init.normal_(module.bias, std=0.3)
