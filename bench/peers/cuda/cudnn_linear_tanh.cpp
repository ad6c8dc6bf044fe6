#include "bench/peers/cuda/cudnn_linear_tanh.h"

#include "core/error.h"

namespace heddle::bench {
namespace {

GraphShape matrix(std::int64_t rows, std::int64_t cols) { return row_major({1, rows, cols}); }

/// The same memory as a picture of `rows` pixels with `cols` channels: of this shape cuDNN 9.19
/// sums over rows, of a matrix it does not.
GraphShape picture(std::int64_t rows, std::int64_t cols) {
  return {{1, cols, rows, 1}, {rows * cols, 1, cols, cols}};
}

}  // namespace

CudnnLinearTanh::CudnnLinearTanh(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                 const Tensor& dy, PeerMath math, cudaStream_t stream)
    : CudaPeer(stream),
      rows_(x.size(0)),
      in_(x.size(1)),
      out_(weight.size(0)),
      math_(math),
      options_{.exact_f32 = math == PeerMath::f32},
      x_(x, element_of(math)),
      weight_(weight, element_of(math)),
      bias_(bias, element_of(math)),
      dy_(dy, element_of(math)),
      y_(output("y", {rows_, out_}, element_of(math))) {
  forward_ = forward_plan();
  if (dy.defined()) {
    plan_backward();
  }
  std::string note = "forward " + forward_->note();
  for (const CudnnPlan& plan : backward_) {
    note += "; backward " + plan.note();
  }
  set_note(note);
}

CudnnPlan CudnnLinearTanh::forward_plan() {
  const cudnnDataType_t type = cudnn_type(element_of(math_));
  CudnnGraph graph;
  const auto x = graph.tensor(matrix(rows_, in_), type, x_.data());
  const auto weight = graph.tensor(transposed(matrix(out_, in_)), type, weight_.data());
  const auto bias = graph.tensor(matrix(1, out_), type, bias_.data());
  const auto y = graph.tensor(matrix(rows_, out_), type, y_);
  const auto product = graph.between(matrix(rows_, out_));
  const auto z = graph.between(matrix(rows_, out_));
  graph.matmul(x, weight, product);
  graph.binary(CUDNN_POINTWISE_ADD, product, bias, z);
  graph.unary(CUDNN_POINTWISE_TANH_FWD, z, y);
  return {std::move(graph), options_, stream()};
}

CudnnGraph CudnnLinearTanh::dz_graph() const {
  const cudnnDataType_t type = cudnn_type(element_of(math_));
  const GraphShape shape = picture(rows_, out_);
  CudnnGraph graph;
  const auto y = graph.tensor(shape, type, y_);
  const auto dy = graph.tensor(shape, type, dy_.data());
  const auto dz = graph.tensor(shape, type, dz_);
  const auto square = graph.between(shape);
  const auto lost = graph.between(shape);
  graph.binary(CUDNN_POINTWISE_MUL, y, y, square);
  graph.binary(CUDNN_POINTWISE_MUL, square, dy, lost);
  graph.binary(CUDNN_POINTWISE_SUB, dy, lost, dz);
  graph.reduce(CUDNN_REDUCE_TENSOR_ADD, dz,
               graph.tensor(picture(1, out_), CUDNN_DATA_FLOAT, dbias_));
  return graph;
}

void CudnnLinearTanh::plan_backward() {
  const Element element = element_of(math_);
  const cudnnDataType_t type = cudnn_type(element);
  dz_ = output("dz", {rows_, out_}, element);
  dx_ = output("dx", {rows_, in_}, element);
  dweight_ = output("dweight", {out_, in_}, element);
  dbias_ = output("dbias", {out_}, Element::f32);
  backward_.emplace_back(dz_graph(), options_, stream());
  CudnnGraph to_input;
  {
    const auto dz = to_input.tensor(matrix(rows_, out_), type, dz_);
    const auto weight = to_input.tensor(matrix(out_, in_), type, weight_.data());
    to_input.matmul(dz, weight, to_input.tensor(matrix(rows_, in_), type, dx_));
  }
  backward_.emplace_back(std::move(to_input), options_, stream());
  CudnnGraph to_weight;
  {
    const auto dz = to_weight.tensor(transposed(matrix(rows_, out_)), type, dz_);
    const auto x = to_weight.tensor(matrix(rows_, in_), type, x_.data());
    to_weight.matmul(dz, x, to_weight.tensor(matrix(out_, in_), type, dweight_));
  }
  backward_.emplace_back(std::move(to_weight), options_, stream());
}

void CudnnLinearTanh::forward() { forward_->run(); }

void CudnnLinearTanh::backward() {
  check(!backward_.empty(), "cudnn_linear_tanh: backward without dy; give it to the constructor");
  for (const CudnnPlan& plan : backward_) {
    plan.run();
  }
}

}  // namespace heddle::bench
