"""Which family's request is built by which function."""

from torch_cases import (adam, attention, conv, embedding, lstm, micro, pointwise, products, rows,
                         train)

builders = {
    "adam": adam.build,
    "attention": attention.build,
    "bias_activation": pointwise.build_bias_activation,
    "conv": conv.build,
    "cross_entropy": rows.build_cross_entropy,
    "elementwise": pointwise.build_elementwise,
    "embedding": embedding.build,
    "layer_norm": rows.build_layer_norm,
    "linear_tanh": products.build_linear_tanh,
    "lstm": lstm.build,
    "matmul": products.build_matmul,
    "micro": micro.build,
    "reduce": pointwise.build_reduce,
    "softmax": rows.build_softmax,
    "train": train.build,
}


def build(request):
    """The case that the request describes. Errors: an unknown family."""
    if request.family not in builders:
        raise ValueError(f"family is {request.family!r}, expected one of {', '.join(builders)}")
    return builders[request.family](request)
