"""embedding: sizes ids, vocabulary, width. Inputs weight [vocabulary, width], ids i64 [ids]; results
y [ids, width], dweight (dense)."""

import torch.nn.functional as F

from torch_cases.case import differentiable


def build(request):
    vocabulary = request.size("vocabulary")
    ids = request.integers("ids", (request.size("ids"),), 0, vocabulary)
    weight = request.tensor("weight", (vocabulary, request.size("width")))
    return differentiable(request, lambda weight, ids: F.embedding(ids, weight), {"weight": weight},
                          {"ids": ids})
