"""attention: sizes batch, heads, queries, keys (default: queries), width, causal (default 0), padding
(default 0), backend.

padding 1: row b of the batch sees its first lengths[b] keys (i64, uniform in 1 … keys), given to
PyTorch as a bool mask. backend: "composed" (softmax(q kᵀ) v in three calls), or one of
F.scaled_dot_product_attention, which needs PyTorch 2: "flash", "efficient", "cudnn", "math", "auto"
(what it picks itself). Default: auto where there is one, else composed.
Inputs q, k, v [batch, heads, queries or keys, width], lengths; results y, dq, dk, dv.
"""

import torch
import torch.nn.functional as F

from torch_cases.case import differentiable

backends = {"flash": "FLASH_ATTENTION", "efficient": "EFFICIENT_ATTENTION",
            "cudnn": "CUDNN_ATTENTION", "math": "MATH"}


def build(request):
    batch, heads, queries, width = (request.size(name)
                                    for name in ("batch", "heads", "queries", "width"))
    keys = request.size("keys", queries)
    causal = bool(request.size("causal", 0))
    inputs = {"q": request.tensor("q", (batch, heads, queries, width)),
              "k": request.tensor("k", (batch, heads, keys, width)),
              "v": request.tensor("v", (batch, heads, keys, width))}
    mask = _mask(request, batch, queries, keys, causal)
    fused = hasattr(F, "scaled_dot_product_attention")
    backend = request.size("backend", "auto" if fused else "composed")
    if backend == "composed":
        return differentiable(request, _composed, inputs, {"mask": mask}, note="composed")
    if not fused:
        raise ValueError(f"backend {backend!r} needs PyTorch 2, this is {torch.__version__}")
    if mask is not None and not request.size("padding", 0):
        mask = None  # is_causal says it, and lets every backend do it

    def call(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask,
                                              is_causal=causal and mask is None)

    case = differentiable(request, _named(call, backend), inputs, note=backend)
    return case


def _named(call, backend):
    if backend == "auto":
        return call
    if backend not in backends:
        raise ValueError(f"backend is {backend!r}, expected composed, auto or one of "
                         f"{', '.join(backends)}")
    from torch.nn.attention import SDPBackend, sdpa_kernel
    chosen = getattr(SDPBackend, backends[backend])

    def with_backend(q, k, v):
        with sdpa_kernel(chosen):
            return call(q, k, v)

    return with_backend


def _mask(request, batch, queries, keys, causal):
    """bool, true where visible, or None where all is; of a shape that expands to the scores'."""
    mask = None
    if causal:
        mask = torch.ones(queries, keys, dtype=torch.bool, device=request.device)
        mask = mask.tril(keys - queries)[None, None]
    if request.size("padding", 0):
        lengths = request.integers("lengths", (batch,), 1, keys + 1)
        visible = torch.arange(keys, device=request.device) < lengths[:, None]
        visible = visible[:, None, None, :]
        mask = visible if mask is None else mask & visible
    return mask


def _composed(q, k, v, mask):
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return torch.softmax(scores, -1) @ v
