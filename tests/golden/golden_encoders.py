"""The other encoders, written a second time with PyTorch, and two models made of them. Used by
make_golden.py."""

import math

import torch
from torch import nn
from torch.nn import functional

from golden_models import BiLstm, ConvAudio, Heads, TanhPool


class TextCnn(nn.Module):
    """Sentence by sentence, so that padding cannot play a part; PyTorch's own "same" padding."""

    def __init__(self, vocabulary, embedding, widths, filters):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.widths = widths
        for width in widths:
            setattr(self, f"conv{width}", nn.Conv1d(embedding, filters, width, padding="same"))

    def forward(self, tokens, lengths):
        rows = []
        for b, length in enumerate(lengths.tolist()):
            x = self.embedding(tokens[:length, b]).T[None]
            found = [torch.relu(getattr(self, f"conv{width}")(x)) for width in self.widths]
            rows.append(torch.cat(found, dim=1).amax(dim=2))
        return torch.cat(rows)


class Encoder(nn.Module):
    """nn.TransformerEncoder, time first; `learned` places, or sinusoids where it is 0."""

    NAMES = {
        "norm1": "self_norm",
        "norm2": "feed_norm",
        "linear1": "feed_in",
        "linear2": "feed_out",
        "self_attn.out_proj": "self.out",
    }

    def __init__(self, width, heads, layers, feed_forward, learned=0):
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            width, heads, feed_forward, dropout=0.0, activation="gelu", norm_first=True
        )
        self.stack = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width))
        for parameter in self.stack.parameters():
            nn.init.normal_(parameter, std=0.5)
        self.learned = nn.Parameter(torch.randn(learned, width)) if learned else None

    def places(self, x):
        if self.learned is not None:
            return self.learned[: x.shape[0]]
        width = x.shape[2]
        table = torch.zeros(x.shape[0], width, dtype=torch.float64)
        for t in range(x.shape[0]):
            for i in range(0, width, 2):
                angle = t / math.pow(10000.0, i / width)
                table[t, i] = math.sin(angle)
                if i + 1 < width:
                    table[t, i + 1] = math.cos(angle)
        return table.to(x.dtype)

    def forward(self, x, lengths=None):
        beyond = None
        if lengths is not None:
            beyond = torch.arange(x.shape[0])[None, :] >= lengths[:, None]
        return self.stack(x + self.places(x)[:, None], src_key_padding_mask=beyond)

    def heddle_parameters(self):
        result = {} if self.learned is None else {"positions.learned": [(self.learned, slice(None))]}
        for k, layer in enumerate(self.stack.layers):
            attention = layer.self_attn
            width = attention.embed_dim
            for place, name in enumerate(("query", "key", "value")):
                rows = slice(place * width, (place + 1) * width)
                result[f"block{k}.self.{name}.weight"] = [(attention.in_proj_weight, rows)]
                result[f"block{k}.self.{name}.bias"] = [(attention.in_proj_bias, rows)]
            for theirs, ours in self.NAMES.items():
                module = layer.get_submodule(theirs)
                pair = ("scale", "shift") if isinstance(module, nn.LayerNorm) else ("weight", "bias")
                result[f"block{k}.{ours}.{pair[0]}"] = [(module.weight, slice(None))]
                result[f"block{k}.{ours}.{pair[1]}"] = [(module.bias, slice(None))]
        result["norm.scale"] = [(self.stack.norm.weight, slice(None))]
        result["norm.shift"] = [(self.stack.norm.bias, slice(None))]
        return result


class TextTransformer(nn.Module):
    def __init__(self, vocabulary, width, heads, layers, feed_forward):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.encoder = Encoder(width, heads, layers, feed_forward)

    def forward(self, tokens, lengths):
        return self.encoder(self.embedding(tokens), lengths)


class AudioTransformer(nn.Module):
    def __init__(self, features, width, heads, layers, feed_forward, max_steps, hidden):
        super().__init__()
        self.input = nn.Linear(features, width)
        self.encoder = Encoder(width, heads, layers, feed_forward, learned=max_steps)
        self.pool = TanhPool(width, hidden)

    def forward(self, frames, lengths):
        return self.pool(self.encoder(self.input(frames), lengths), lengths)


class ConvLstmAudio(ConvAudio):
    """The convolutions of ConvAudio, sample by sample, then the final states of a BiLSTM."""

    def __init__(self, features, channels, hidden):
        super().__init__(features, channels, hidden)
        del self.pool
        self.lstm = BiLstm(channels[1], hidden)

    def forward(self, frames, lengths):
        rows = []
        for b, length in enumerate(lengths.tolist()):
            x = frames[:length, b].T[None]
            x = torch.relu(self.conv1(torch.relu(self.conv0(x)))).permute(2, 0, 1)
            rows.append(self.lstm(x, torch.tensor([x.shape[0]]))[1])
        return torch.cat(rows)


class Residual(nn.Module):
    def __init__(self, channels, filters, stride, groups):
        super().__init__()
        self.first = nn.Conv2d(channels, filters, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.GroupNorm(groups, filters)
        self.second = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.second_norm = nn.GroupNorm(groups, filters)
        if channels != filters or stride != 1:
            self.shortcut = nn.Conv2d(channels, filters, 1, stride=stride, bias=False)
            self.shortcut_norm = nn.GroupNorm(groups, filters)

    def forward(self, x):
        inside = self.second_norm(self.second(torch.relu(self.first_norm(self.first(x)))))
        past = self.shortcut_norm(self.shortcut(x)) if hasattr(self, "shortcut") else x
        return torch.relu(inside + past)


class ResNet(nn.Module):
    def __init__(self, groups, hidden):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.stem_norm = nn.GroupNorm(groups, 4)
        self.block0 = Residual(4, 4, 1, groups)
        self.block1 = Residual(4, 6, 2, groups)
        self.block2 = Residual(6, 6, 1, groups)
        self.linear = nn.Linear(6, hidden)
        for module in self.modules():
            if isinstance(module, nn.GroupNorm):
                nn.init.normal_(module.weight, mean=1.0, std=0.3)
                nn.init.normal_(module.bias, std=0.3)

    def forward(self, x):
        x = torch.relu(self.stem_norm(self.stem(x)))
        x = self.block2(self.block1(self.block0(x)))
        return self.linear(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Vit(nn.Module):
    """The patches' projection is a convolution whose stride is its kernel."""

    def __init__(self, side, patch, width, heads, layers, hidden):
        super().__init__()
        self.patch = patch
        self.patches = nn.Linear(3 * patch * patch, width)
        self.encoder = Encoder(width, heads, layers, 4 * width, learned=(side // patch) ** 2)
        self.linear = nn.Linear(width, hidden)

    def forward(self, x):
        kernel = self.patches.weight.view(-1, 3, self.patch, self.patch)
        map = functional.conv2d(x, kernel, self.patches.bias, stride=self.patch)
        return self.linear(self.encoder(map.flatten(2).permute(2, 0, 1)).mean(0))


class ConvolvingModel(nn.Module):
    """TextCNN, ResNet and convolutions + BiLSTM; attention over the modalities' tokens."""

    def __init__(self):
        super().__init__()
        hidden = 5
        self.text = TextCnn(13, 4, (2, 3), 3)
        self.text_projection = nn.Linear(6, hidden)
        self.image = ResNet(2, hidden)
        self.audio = ConvLstmAudio(3, (4, 6), 4)
        self.audio_projection = nn.Linear(8, hidden)
        self.fusion = TanhPool(4 * hidden, hidden)
        self.classifier = Heads(hidden, 3, True)

    def forward(self, batch):
        tokens = [
            self.text_projection(self.text(batch["text.values"], batch["text.lengths"])),
            self.image(batch["image.values"]),
            self.audio_projection(self.audio(batch["audio.values"], batch["audio.lengths"])),
        ]
        context = torch.cat(tokens, dim=1)
        fused = torch.stack([torch.cat([token, context], dim=1) for token in tokens])
        return self.classifier(self.fusion(fused))

    @staticmethod
    def batch():
        return {
            "text.values": torch.randint(1, 13, (5, 4)),
            "text.lengths": torch.tensor([2, 5, 1, 4]),
            "image.values": torch.randn(4, 3, 8, 8),
            "audio.values": torch.randn(9, 4, 3),
            "audio.lengths": torch.tensor([9, 2, 1, 6]),
            "labels": torch.tensor([2, 1, 1, 0]),
            "targets": torch.tensor([0.5, -1.5, 2.0, 0.25]),
        }


class AttendingModel(nn.Module):
    """Transformer encoders for words, patches and frames; attention over the words."""

    def __init__(self):
        super().__init__()
        hidden = 5
        self.text = TextTransformer(13, 6, 2, 2, 7)
        self.image = Vit(8, 4, 6, 3, 2, hidden)
        self.audio = AudioTransformer(3, 4, 2, 1, 5, 9, hidden)
        self.fusion = TanhPool(6 + 2 * hidden, hidden)
        self.classifier = Heads(hidden, 2, True)

    def forward(self, batch):
        lengths = batch["text.lengths"]
        words = self.text(batch["text.values"], lengths)
        vectors = [self.image(batch["image.values"]), self.audio(batch["audio.values"], batch["audio.lengths"])]
        context = torch.cat(vectors, dim=1).expand(words.shape[0], -1, -1)
        return self.classifier(self.fusion(torch.cat([words, context], dim=2), lengths))

    @staticmethod
    def batch():
        return {
            "text.values": torch.randint(1, 13, (6, 4)),
            "text.lengths": torch.tensor([6, 3, 1, 4]),
            "image.values": torch.randn(4, 3, 8, 8),
            "audio.values": torch.randn(7, 4, 3),
            "audio.lengths": torch.tensor([7, 2, 1, 5]),
            "labels": torch.tensor([0, 1, 1, 0]),
            "targets": torch.tensor([0.5, -1.5, 2.0, 0.25]),
        }
