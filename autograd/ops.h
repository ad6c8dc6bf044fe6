#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "autograd/operation.h"
#include "core/random.h"
#include "kernels/attention.h"
#include "kernels/bias_activation.h"
#include "kernels/conv.h"
#include "kernels/cross_entropy.h"
#include "kernels/elementwise.h"
#include "kernels/pool.h"

namespace heddle {

// Operations on variables. Each has a page in autograd/ops with its formula, shape rule, forward,
// backward and (fused ones) reference. Shapes in brackets; operands of one operation share type and
// device, nothing is converted silently. `where` is filled in by the compiler.

// Element by element.
Variable negate(const Variable& x, Where where = Where::current());
Variable absolute(const Variable& x, Where where = Where::current());
Variable exp(const Variable& x, Where where = Where::current());
Variable log(const Variable& x, Where where = Where::current());
Variable sqrt(const Variable& x, Where where = Where::current());
Variable square(const Variable& x, Where where = Where::current());
Variable reciprocal(const Variable& x, Where where = Where::current());
Variable tanh(const Variable& x, Where where = Where::current());
Variable sigmoid(const Variable& x, Where where = Where::current());
Variable relu(const Variable& x, Where where = Where::current());
Variable gelu(const Variable& x, Where where = Where::current());
Variable softplus(const Variable& x, Where where = Where::current());

// Two operands, broadcast as in NumPy.
Variable add(const Variable& a, const Variable& b, Where where = Where::current());
Variable subtract(const Variable& a, const Variable& b, Where where = Where::current());
Variable multiply(const Variable& a, const Variable& b, Where where = Where::current());
Variable divide(const Variable& a, const Variable& b, Where where = Where::current());
Variable power(const Variable& base, const Variable& exponent, Where where = Where::current());
Variable minimum(const Variable& a, const Variable& b, Where where = Where::current());
Variable maximum(const Variable& a, const Variable& b, Where where = Where::current());
/// alpha·x + beta.
Variable affine(const Variable& x, double alpha, double beta, Where where = Where::current());
/// a where condition (bool, broadcast with a and b), else b.
Variable where(const Tensor& condition, const Variable& a, const Variable& b,
               Where where = Where::current());
/// To f32, f64 or bf16.
Variable cast(const Variable& x, DType dtype, Where where = Where::current());
/// Not differentiable: a bool tensor, broadcast.
Tensor compare(CompareOp op, const Tensor& a, const Tensor& b);
/// 0, 1, …, count − 1 as i64 on a device. Not to be changed: it is kept there, so that only the
/// first call with a larger count than ever sends anything to the device.
Tensor positions(std::int64_t count, Device device);

/// An operand of an operator, which brings along the line the operator stands on.
struct Located {
  const Variable& variable;
  Where where;
  Located(const Variable& v, Where w = Where::current())  // NOLINT(google-explicit-constructor)
      : variable(v), where(w) {}
};
inline Variable operator+(Located a, const Variable& b) { return add(a.variable, b, a.where); }
inline Variable operator-(Located a, const Variable& b) { return subtract(a.variable, b, a.where); }
inline Variable operator*(Located a, const Variable& b) { return multiply(a.variable, b, a.where); }
inline Variable operator/(Located a, const Variable& b) { return divide(a.variable, b, a.where); }
inline Variable operator-(Located a) { return negate(a.variable, a.where); }
inline Variable operator+(Located a, double b) { return affine(a.variable, 1.0, b, a.where); }
inline Variable operator-(Located a, double b) { return affine(a.variable, 1.0, -b, a.where); }
inline Variable operator*(Located a, double b) { return affine(a.variable, b, 0.0, a.where); }
inline Variable operator/(Located a, double b) { return affine(a.variable, 1.0 / b, 0.0, a.where); }
inline Variable operator+(double a, Located b) { return affine(b.variable, 1.0, a, b.where); }
inline Variable operator-(double a, Located b) { return affine(b.variable, -1.0, a, b.where); }
inline Variable operator*(double a, Located b) { return affine(b.variable, a, 0.0, b.where); }

// Reductions over `dims` (all where empty), which disappear or, with `keep`, stay as size 1.
Variable sum(const Variable& x, Dims dims = {}, bool keep = false, Where where = Where::current());
Variable mean(const Variable& x, Dims dims = {}, bool keep = false, Where where = Where::current());
Variable logsumexp(const Variable& x, Dims dims = {}, bool keep = false,
                   Where where = Where::current());
/// Over one dimension; the gradient goes to the first largest (smallest) place.
Variable max(const Variable& x, int dim, bool keep = false, Where where = Where::current());
Variable min(const Variable& x, int dim, bool keep = false, Where where = Where::current());
/// Not differentiable: i64 index of the first largest value along `dim`.
Tensor argmax(const Tensor& x, int dim, bool keep = false);
/// Sums broadcast dimensions back to `shape`: the inverse of expand.
Variable sum_to(const Variable& x, const Shape& shape, Where where = Where::current());

// Shape.
Variable reshape(const Variable& x, const Shape& shape, Where where = Where::current());
Variable permute(const Variable& x, const Dims& order, Where where = Where::current());
Variable transpose(const Variable& x, int left, int right, Where where = Where::current());
Variable slice(const Variable& x, int dim, std::int64_t begin, std::int64_t end = Tensor::end,
               std::int64_t step = 1, Where where = Where::current());
Variable select(const Variable& x, int dim, std::int64_t index, Where where = Where::current());
Variable expand(const Variable& x, const Shape& shape, Where where = Where::current());
Variable concat(const Variables& parts, int dim, Where where = Where::current());
/// A new dimension at `dim`.
Variable stack(const Variables& parts, int dim, Where where = Where::current());

// Products.
/// [.., m, k] · [.., k, n] → [.., m, n]; leading dimensions broadcast.
Variable matmul(const Variable& a, const Variable& b, Where where = Where::current());
/// x weightᵀ + bias: x [.., in], weight [out, in], bias [out] or undefined → [.., out].
Variable linear(const Variable& x, const Variable& weight, const Variable& bias,
                Where where = Where::current());
/// tanh(x weightᵀ + bias), fused: x [.., in], weight [out, in], bias [out], or [groups, out] with
/// groups equal to x's size before the last (x [time, groups, in]: a bias per row of the batch, the
/// same at all times), or undefined → [.., out].
Variable linear_tanh(const Variable& x, const Variable& weight, const Variable& bias,
                     Where where = Where::current());
/// activation(x + bias), fused, with the bias along dimension `dim` of x: −1 behind `linear`, 1
/// behind a convolution. bias [x's size there].
Variable bias_activation(const Variable& x, const Variable& bias, Activation activation,
                         int dim = -1, Where where = Where::current());

// Attention. Lengths are i64 tensors or undefined.
/// Over the last dimension: x [.., cols], lengths of the leading shape; 0 beyond a length.
Variable softmax(const Variable& x, const Tensor& lengths = {}, Where where = Where::current());
Variable log_softmax(const Variable& x, const Tensor& lengths = {}, Where where = Where::current());
struct Pooled {
  Variable values;   // [batch, hidden]
  Variable weights;  // [time, batch]
};
/// u [time, batch, hidden], w [hidden], lengths [batch] (kernels/attention_pool.h).
Pooled attention_pool(const Variable& u, const Variable& w, const Tensor& lengths = {},
                      Where where = Where::current());
/// q [batch, heads, queries, width], k, v likewise; key_lengths [batch]; mask bool, broadcast to
/// [batch, heads, queries, keys], true = visible (kernels/attention.h). scale 0 means 1/√width.
Variable attention(const Variable& q, const Variable& k, const Variable& v,
                   const Tensor& key_lengths = {}, const Tensor& mask = {}, bool causal = false,
                   double scale = 0.0, Where where = Where::current());

// Recurrence.
struct LstmResult {
  Variable y;    // [time, batch, directions·hidden]
  Variable h_n;  // [directions, batch, hidden]
  Variable c_n;  // [directions, batch, hidden]
};
/// One layer, one or both directions (kernels/lstm.h). bias, lengths, h0, c0 may be undefined.
LstmResult lstm(const Variable& x, const Variable& weight_input, const Variable& weight_hidden,
                const Variable& bias, const Tensor& lengths = {}, const Variable& h0 = {},
                const Variable& c0 = {}, Where where = Where::current());

// Lookup.
/// table [rows, width], ids i64 of any shape → ids' shape + [width].
Variable embedding(const Variable& table, const Tensor& ids, Where where = Where::current());
/// Elements of x along `dim` by index (i64, x's shape but for `dim`).
Variable gather(const Variable& x, const Tensor& index, int dim, Where where = Where::current());

// Pictures and signals.
Variable conv2d(const Variable& x, const Variable& weight, const Variable& bias,
                const ConvOptions& options = {}, Where where = Where::current());
/// x [batch, channels, length], weight [filters, channels, kernel]; bias [filters] or undefined.
Variable conv1d(const Variable& x, const Variable& weight, const Variable& bias,
                std::int64_t stride = 1, std::int64_t padding = 0, std::int64_t dilation = 1,
                Where where = Where::current());
Variable max_pool2d(const Variable& x, const PoolOptions& options = {},
                    Where where = Where::current());
Variable average_pool2d(const Variable& x, const PoolOptions& options = {},
                        Where where = Where::current());
Variable max_pool1d(const Variable& x, std::int64_t kernel, std::int64_t stride,
                    std::int64_t padding = 0, Where where = Where::current());
Variable average_pool1d(const Variable& x, std::int64_t kernel, std::int64_t stride,
                        std::int64_t padding = 0, Where where = Where::current());

// Normalisation and regularisation.
/// Over the last dimension: x [.., cols], scale and shift [cols].
Variable layer_norm(const Variable& x, const Variable& scale, const Variable& shift,
                    double epsilon = 1e-5, Where where = Where::current());
/// Draws from `generator` and moves it on. p = 0 returns x.
Variable dropout(const Variable& x, double p, Generator& generator, Where where = Where::current());

// Losses, each one single value: the mean over what counts.
/// logits [.., classes], targets i64 of the leading shape, class_weights [classes] or undefined
/// (kernels/cross_entropy.h). No row counted: 0.
Variable cross_entropy(const Variable& logits, const Tensor& targets,
                       const Tensor& class_weights = {}, const CrossEntropyOptions& options = {},
                       Where where = Where::current());
/// Means over all elements; `weights` (same shape as x, or undefined) counts elements: Σ w·loss / Σ
/// w.
Variable binary_cross_entropy(const Variable& logits, const Tensor& targets,
                              const Tensor& weights = {}, Where where = Where::current());
Variable mean_squared_error(const Variable& x, const Tensor& targets, const Tensor& weights = {},
                            Where where = Where::current());
Variable mean_absolute_error(const Variable& x, const Tensor& targets, const Tensor& weights = {},
                             Where where = Where::current());

/// Runs `body` now without saving what its operations would save, and again during backward: memory
/// for time. Leaves that body uses beside `inputs` (parameters) get their gradients too. Generators
/// that body draws from are put back for the second run.
/// Chen et al., arXiv 1604.06174.
Variables checkpoint(const std::function<Variables(const Variables&)>& body,
                     const Variables& inputs, std::initializer_list<Generator*> generators = {},
                     Where where = Where::current());

}  // namespace heddle
