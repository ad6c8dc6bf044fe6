"""Heddle's models written a second time with PyTorch, from the formulas in models/*.h, each with a
small batch. Used by make_golden.py."""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class BiLstm(nn.Module):
    """Time first; returns states (0 beyond a length) and the final states of both directions."""

    def __init__(self, width, hidden, layers=1):
        super().__init__()
        self.lstm = nn.LSTM(width, hidden, num_layers=layers, bidirectional=True)
        # Heddle has one bias where PyTorch has two that are added.
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("bias_hh"):
                nn.init.zeros_(parameter)
                parameter.requires_grad_(False)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        out, (h, _) = self.lstm(packed)
        states, _ = pad_packed_sequence(out, total_length=x.shape[0])
        return states, torch.cat([h[-2], h[-1]], dim=1)

    def heddle_parameters(self):
        named = dict(self.lstm.named_parameters())
        result = {}
        for k in range(self.lstm.num_layers):
            both = [f"l{k}", f"l{k}_reverse"]
            result[f"{k}.weight_input"] = [(named[f"weight_ih_{d}"], slice(None)) for d in both]
            result[f"{k}.weight_hidden"] = [(named[f"weight_hh_{d}"], slice(None)) for d in both]
            result[f"{k}.bias"] = [(named[f"bias_ih_{d}"], slice(None)) for d in both]
        return result


class AdditiveAttention(nn.Module):
    """softmax over dimension 0 of w · u, masked beyond lengths."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width))

    def forward(self, u, lengths=None):
        scores = u @ self.weight
        if lengths is not None:
            beyond = torch.arange(u.shape[0])[:, None] >= lengths[None, :]
            scores = scores.masked_fill(beyond, float("-inf"))
        return (torch.softmax(scores, dim=0)[:, :, None] * u).sum(0)


class TanhPool(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.linear = nn.Linear(width, hidden)
        self.attention = AdditiveAttention(hidden)

    def forward(self, states, lengths=None):
        return self.attention(torch.tanh(self.linear(states)), lengths)


class Text(nn.Module):
    def __init__(self, vocabulary, embedding, hidden, layers=1):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.lstm = BiLstm(embedding, hidden, layers)

    def forward(self, tokens, lengths):
        return self.lstm(self.embedding(tokens), lengths)


class Audio(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = BiLstm(features, hidden)
        self.pool = TanhPool(2 * hidden, hidden)

    def forward(self, frames, lengths):
        return self.pool(self.lstm(frames, lengths)[0], lengths)


class ConvAudio(nn.Module):
    """Sample by sample, so that padding cannot play a part."""

    def __init__(self, features, channels, hidden):
        super().__init__()
        self.conv0 = nn.Conv1d(features, channels[0], 3, stride=2, padding=1)
        self.conv1 = nn.Conv1d(channels[0], channels[1], 3, stride=2, padding=1)
        self.pool = TanhPool(channels[1], hidden)

    def forward(self, frames, lengths):
        rows = []
        for b, length in enumerate(lengths.tolist()):
            x = frames[:length, b].T[None]
            x = torch.relu(self.conv1(torch.relu(self.conv0(x))))
            rows.append(self.pool(x.permute(2, 0, 1)))
        return torch.cat(rows)


class Features(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.linear = nn.Linear(features, hidden)

    def forward(self, x):
        return self.linear(x)


class Cnn(nn.Module):
    def __init__(self, side, channels, hidden):
        super().__init__()
        self.conv0 = nn.Conv2d(3, channels[0], 3, padding=1)
        self.conv1 = nn.Conv2d(channels[0], channels[1], 3, padding=1)
        self.linear = nn.Linear(channels[1] * (side // 4) ** 2, hidden)

    def forward(self, x):
        for conv in (self.conv0, self.conv1):
            x = functional.max_pool2d(torch.relu(conv(x)), 2)
        return self.linear(x.flatten(1))


class Heads(nn.Module):
    def __init__(self, width, classes, with_score):
        super().__init__()
        self.logits = nn.Linear(width, classes)
        if with_score:
            self.score = nn.Linear(width, 1)

    def forward(self, x):
        return self.logits(x), self.score(x).squeeze(-1) if hasattr(self, "score") else None


def loss_of(outputs, batch):
    logits, score = outputs
    loss = functional.cross_entropy(logits.flatten(0, -2), batch["labels"].flatten(), ignore_index=-1)
    if score is not None:
        loss = loss + 0.5 * functional.mse_loss(score, batch["targets"])
    return loss


class DocumentModel(nn.Module):
    """Words and picture features, attention over time: the source document's model made right."""

    def __init__(self):
        super().__init__()
        hidden = 5
        self.text = Text(23, 6, hidden)
        self.image = Features(7, hidden)
        self.fusion = TanhPool(3 * hidden, hidden)
        self.classifier = Heads(hidden, 2, False)

    def forward(self, batch):
        states, _ = self.text(batch["text.values"], batch["text.lengths"])
        picture = self.image(batch["image.values"]).expand(states.shape[0], -1, -1)
        pooled = self.fusion(torch.cat([states, picture], dim=2), batch["text.lengths"])
        return self.classifier(pooled)

    @staticmethod
    def batch():
        return {
            "text.values": torch.randint(1, 23, (6, 4)),
            "text.lengths": torch.tensor([6, 3, 5, 1]),
            "image.values": torch.randn(4, 7),
            "labels": torch.tensor([0, 1, 1, 0]),
        }


class FinalModel(nn.Module):
    """The other reading: a token per modality, each fused with all of them, attention over those."""

    def __init__(self):
        super().__init__()
        hidden = 5
        self.text = Text(23, 6, 4, layers=2)
        self.text_projection = nn.Linear(8, hidden)
        self.image = Features(7, hidden)
        self.audio = Audio(3, hidden)
        self.fusion = TanhPool(4 * hidden, hidden)
        self.classifier = Heads(hidden, 3, True)

    def forward(self, batch):
        _, final = self.text(batch["text.values"], batch["text.lengths"])
        tokens = [
            self.text_projection(final),
            self.image(batch["image.values"]),
            self.audio(batch["audio.values"], batch["audio.lengths"]),
        ]
        context = torch.cat(tokens, dim=1)
        fused = torch.stack([torch.cat([token, context], dim=1) for token in tokens])
        return self.classifier(self.fusion(fused))

    @staticmethod
    def batch():
        return {
            "text.values": torch.randint(1, 23, (5, 4)),
            "text.lengths": torch.tensor([2, 5, 3, 4]),
            "image.values": torch.randn(4, 7),
            "audio.values": torch.randn(7, 4, 3),
            "audio.lengths": torch.tensor([7, 2, 1, 4]),
            "labels": torch.tensor([2, 1, 1, 0]),
            "targets": torch.tensor([0.5, -1.5, 2.0, 0.25]),
        }


class MissingModel(nn.Module):
    """Words, pixels and sound, attention over time, with samples that lack a modality."""

    def __init__(self):
        super().__init__()
        hidden = 4
        self.text = Text(11, 3, hidden)
        self.text_missing = nn.Parameter(torch.randn(2 * hidden))
        self.image = Cnn(8, (3, 5), hidden)
        self.image_missing = nn.Parameter(torch.randn(hidden))
        self.audio = ConvAudio(3, (4, 6), hidden)
        self.audio_missing = nn.Parameter(torch.randn(hidden))
        self.fusion = TanhPool(4 * hidden, hidden)
        self.classifier = Heads(hidden, 2, True)

    def forward(self, batch):
        """One sample at a time, from what it has."""
        pooled = []
        for b in range(batch["labels"].shape[0]):
            words, image, audio = self.text_missing[None, None], self.image_missing, self.audio_missing
            if batch["text.present"][b]:
                length = batch["text.lengths"][b : b + 1]
                words, _ = self.text(batch["text.values"][: int(length), b : b + 1], length)
            if batch["image.present"][b]:
                image = self.image(batch["image.values"][b : b + 1])[0]
            if batch["audio.present"][b]:
                audio = self.audio(batch["audio.values"][:, b : b + 1], batch["audio.lengths"][b : b + 1])[0]
            context = torch.cat([image, audio]).expand(words.shape[0], 1, -1)
            pooled.append(self.fusion(torch.cat([words, context], dim=2)))
        return self.classifier(torch.cat(pooled))

    @staticmethod
    def batch():
        return {
            "text.values": torch.randint(1, 11, (4, 5)),
            "text.lengths": torch.tensor([4, 2, 3, 1, 4]),
            "text.present": torch.tensor([True, True, False, True, False]),
            "image.values": torch.randn(5, 3, 8, 8),
            "image.present": torch.tensor([True, False, True, True, True]),
            "audio.values": torch.randn(9, 5, 3),
            "audio.lengths": torch.tensor([9, 4, 5, 1, 8]),
            "audio.present": torch.tensor([False, True, True, True, True]),
            "labels": torch.tensor([1, 1, 0, 0, 1]),
            "targets": torch.tensor([0.5, -1.5, 2.0, 0.25, 0.0]),
        }


class ContextualModel(nn.Module):
    """bc-LSTM over the utterances of three videos."""

    WIDTHS = {"text": 6, "audio": 3, "video": 4}

    def __init__(self):
        super().__init__()
        self.projections = nn.ModuleDict({name: nn.Linear(width, 4) for name, width in self.WIDTHS.items()})
        self.lstm = BiLstm(12, 5)
        self.dense = nn.Linear(10, 4)
        self.classifier = Heads(4, 2, False)

    def forward(self, batch):
        x = torch.cat([torch.tanh(self.projections[m](batch[f"{m}.values"])) for m in self.WIDTHS], dim=2)
        states, _ = self.lstm(x, batch["group_lengths"])
        return self.classifier(torch.tanh(self.dense(states)))

    @classmethod
    def batch(cls):
        lengths = torch.tensor([5, 2, 4])
        labels = torch.randint(0, 2, (5, 3))
        labels[torch.arange(5)[:, None] >= lengths[None, :]] = -1
        values = {f"{name}.values": torch.randn(5, 3, width) for name, width in cls.WIDTHS.items()}
        return {**values, "group_lengths": lengths, "labels": labels}
