"""What the operators of ONNX's operator set 13 that `heddle export --onnx` uses compute, in NumPy.

Written from the format's operator specification (github.com/onnx/onnx, docs/Operators.md), plainly
and in double precision; it is no runtime, and knows nothing of Heddle.
"""

import numpy
import onnx
from onnx import numpy_helper

# The specification leaves open what an LSTM's states are beyond a sequence's length.
UNSPECIFIED = 1e6


def sigmoid(x):
    return 1.0 / (1.0 + numpy.exp(-x))


def gemm(a, b, c=None, alpha=1.0, beta=1.0, transA=0, transB=0):
    product = alpha * (a.T if transA else a) @ (b.T if transB else b)
    return product if c is None else product + beta * c


def softmax(x, axis=-1):
    e = numpy.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def reshape(x, shape):
    return x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(shape)])


def squeeze(x, axes):
    return numpy.squeeze(x, axis=tuple(int(axis) for axis in axes))


def unsqueeze(x, axes):
    for axis in sorted(int(axis) for axis in axes):
        x = numpy.expand_dims(x, axis)
    return x


def reduce_sum(x, axes, keepdims=1):
    return x.sum(axis=tuple(int(axis) for axis in axes), keepdims=bool(keepdims))


def divide(a, b):
    """Of integers: towards zero; none here is negative."""
    return a // b if numpy.issubdtype(a.dtype, numpy.integer) else a / b


def cast(x, to):
    types = {onnx.TensorProto.INT32: numpy.int32, onnx.TensorProto.INT64: numpy.int64,
             onnx.TensorProto.FLOAT: numpy.float64}
    return x.astype(types[to])


def windows(x, kernel, strides):
    """[B, C, spatial…] → [B, C, places…, kernel…]: every window that lies inside x."""
    dims = len(kernel)
    all_of_them = numpy.lib.stride_tricks.sliding_window_view(
        x, tuple(kernel), axis=tuple(range(2, 2 + dims)))
    return all_of_them[(slice(None), slice(None)) + tuple(slice(None, None, s) for s in strides)]


def conv(x, weight, bias=None, kernel_shape=None, strides=None, pads=None):
    dims = x.ndim - 2
    pads = pads or [0] * (2 * dims)
    x = numpy.pad(x, [(0, 0), (0, 0)] + [(pads[d], pads[d + dims]) for d in range(dims)])
    seen = windows(x, kernel_shape, strides or [1] * dims)
    places, inner = list(range(2, 2 + dims)), list(range(2 + dims, 2 + 2 * dims))
    filters = 2 + 2 * dims
    y = numpy.einsum(seen, [0, 1] + places + inner, weight, [filters, 1] + inner,
                     [0, filters] + places)
    return y if bias is None else y + bias.reshape([-1] + [1] * dims)


def pool(reduction):
    def run(x, kernel_shape, strides):
        inner = tuple(range(x.ndim, x.ndim + len(kernel_shape)))
        return reduction(windows(x, kernel_shape, strides), axis=inner)
    return run


def lstm_direction(x, weight, recurrent, bias, lengths, reverse):
    """One direction of x [T, B, I] → states [T, B, H] and each row's last state [B, H]."""
    time, batch, hidden = x.shape[0], x.shape[1], recurrent.shape[1]
    states = numpy.full((time, batch, hidden), UNSPECIFIED)
    last = numpy.zeros((batch, hidden))
    for row in range(batch):
        h, c = numpy.zeros(hidden), numpy.zeros(hidden)
        steps = range(lengths[row])
        for t in reversed(steps) if reverse else steps:
            gates = weight @ x[t, row] + recurrent @ h + bias[:4 * hidden] + bias[4 * hidden:]
            i, o, f, g = numpy.split(gates, 4)
            c = sigmoid(f) * c + sigmoid(i) * numpy.tanh(g)
            h = sigmoid(o) * numpy.tanh(c)
            states[t, row] = h
        last[row] = h
    return states, last


def lstm(x, weight, recurrent, bias=None, lengths=None, hidden_size=0, direction="forward"):
    directions = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[direction]
    assert weight.shape == (len(directions), 4 * hidden_size, x.shape[2]), weight.shape
    if bias is None:
        bias = numpy.zeros((len(directions), 8 * hidden_size))
    if lengths is None:
        lengths = [x.shape[0]] * x.shape[1]
    results = [lstm_direction(x, weight[d], recurrent[d], bias[d], lengths, reverse)
               for d, reverse in enumerate(directions)]
    return (numpy.stack([states for states, _ in results], axis=1),
            numpy.stack([last for _, last in results]))


OPERATORS = {
    "Abs": numpy.abs,
    "Add": numpy.add,
    "AveragePool": pool(numpy.mean),
    "Cast": cast,
    "Concat": lambda *parts, axis: numpy.concatenate(parts, axis),
    "Conv": conv,
    "Div": divide,
    "Flatten": lambda x, axis=1: x.reshape(int(numpy.prod(x.shape[:axis])), -1),
    "Gather": lambda x, indices, axis=0: numpy.take(x, indices, axis=axis),
    "Gemm": gemm,
    "Greater": numpy.greater,
    "LSTM": lstm,
    "Less": numpy.less,
    "MatMul": numpy.matmul,
    "Max": numpy.maximum,
    "MaxPool": pool(numpy.max),
    "Mul": numpy.multiply,
    "Pow": numpy.power,
    "Range": lambda start, limit, delta: numpy.arange(start, limit, delta),
    "ReduceSum": reduce_sum,
    "Relu": lambda x: numpy.maximum(x, 0.0),
    "Reshape": reshape,
    "Sign": numpy.sign,
    "Shape": lambda x: numpy.array(x.shape, numpy.int64),
    "Softmax": softmax,
    "Squeeze": squeeze,
    "Sub": numpy.subtract,
    "Tanh": numpy.tanh,
    "Transpose": lambda x, perm: numpy.transpose(x, perm),
    "Unsqueeze": unsqueeze,
    "Where": numpy.where,
}


def in_double(array):
    return array.astype(numpy.float64) if array.dtype == numpy.float32 else array


def evaluate(model, inputs):
    """All outputs of a model by name. `inputs`: arrays by name."""
    values = {tensor.name: in_double(numpy_helper.to_array(tensor))
              for tensor in model.graph.initializer}
    values.update({name: in_double(array) for name, array in inputs.items()})
    values[""] = None
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        attributes = {name: value.decode() if isinstance(value, bytes) else value
                      for name, value in attributes.items()}
        with numpy.errstate(invalid="ignore"):  # what must not be seen may be not a number
            result = OPERATORS[node.op_type](*[values[name] for name in node.input], **attributes)
        results = result if isinstance(result, tuple) else (result,)
        values.update(zip(node.output, results))
    return {output.name: values[output.name] for output in model.graph.output}
