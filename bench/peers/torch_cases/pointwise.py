"""elementwise, bias_activation and reduce.

elementwise: sizes function (add, tanh, sigmoid, exp, gelu, relu), elements. Inputs x (add: a, b).
bias_activation: sizes function (as above, but add), outer, channels, inner. Inputs x [outer, channels,
inner], bias [channels].
reduce: sizes rows, cols, dim (-1: everything). Input x [rows, cols].
Results y, d<input>.
"""

import torch
import torch.nn.functional as F

from torch_cases.case import differentiable

functions = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "exp": torch.exp, "gelu": F.gelu,
             "relu": torch.relu}


def build_elementwise(request):
    name, shape = request.size("function"), (request.size("elements"),)
    if name == "add":
        return differentiable(request, lambda a, b: a + b,
                              {"a": request.tensor("a", shape), "b": request.tensor("b", shape)})
    if name not in functions:
        raise ValueError(f"function is {name!r}, expected add or one of {', '.join(functions)}")
    return differentiable(request, lambda x: functions[name](x), {"x": request.tensor("x", shape)})


def build_bias_activation(request):
    name, channels = request.size("function"), request.size("channels")
    if name not in functions:
        raise ValueError(f"function is {name!r}, expected one of {', '.join(functions)}")
    shape = (request.size("outer"), channels, request.size("inner"))
    return differentiable(request, lambda x, bias: functions[name](x + bias[:, None]),
                          {"x": request.tensor("x", shape),
                           "bias": request.tensor("bias", (channels,))})


def build_reduce(request):
    x = request.tensor("x", (request.size("rows"), request.size("cols")))
    dim = request.size("dim", -1)
    return differentiable(request, lambda x: x.sum() if dim < 0 else x.sum(dim), {"x": x})
