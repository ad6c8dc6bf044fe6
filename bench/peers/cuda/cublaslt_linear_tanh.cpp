#include "bench/peers/cuda/cublaslt_linear_tanh.h"

#include "core/error.h"
#include "kernels/kernels.h"

namespace heddle::bench {
namespace {

constexpr Device gpu{Backend::cuda, 0};

template <typename AnyView>
AnyView matrix_view(void* data, Element element, std::int64_t rows, std::int64_t cols) {
  AnyView view;
  view.data = data;
  view.dtype = element == Element::bf16 ? DType::bf16 : DType::f32;
  view.device = gpu;
  view.shape = {rows, cols};
  view.strides = {cols, 1};
  view.given = true;
  return view;
}

}  // namespace

CublasLtLinearTanh::CublasLtLinearTanh(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                       const Tensor& dy, PeerMath math, cudaStream_t stream)
    : CudaPeer(stream) {
  check<Unavailable>(math != PeerMath::f16,
                     "cublaslt_linear_tanh: not supported for f16: our tanh kernel takes no f16");
  const Element element = element_of(math);
  x_ = Operand(x, element);
  weight_ = Operand(weight, element);
  bias_ = Operand(bias, element);
  dy_ = Operand(dy, element);
  const std::int64_t rows = x.size(0);
  const std::int64_t in = x.size(1);
  const std::int64_t out = weight.size(0);
  using Extra = CublasLtProduct::Extra;
  y_ = matrix_view<View>(output("y", {rows, out}, element), element, rows, out);
  const LtMatrix x_matrix{x_.data(), rows, in};
  forward_.emplace(x_matrix, LtMatrix{weight_.data(), out, in, true},
                   LtMatrix{y_.pointer<void>(), rows, out}, math, Extra::bias, bias_.data(),
                   stream);
  std::string note = "forward " + forward_->note();
  if (dy.defined()) {
    dy_view_ = matrix_view<ConstView>(dy_.data(), element, rows, out);
    dz_ = matrix_view<View>(output("dz", {rows, out}, element), element, rows, out);
    to_weight_.emplace(LtMatrix{dz_.pointer<void>(), rows, out, true}, x_matrix,
                       LtMatrix{output("dweight", {out, in}, element), out, in}, math,
                       Extra::left_sums, output("dbias", {out}, element), stream);
    to_input_.emplace(LtMatrix{dz_.pointer<void>(), rows, out}, LtMatrix{weight_.data(), out, in},
                      LtMatrix{output("dx", {rows, in}, element), rows, in}, math, Extra::none,
                      nullptr, stream);
    note += "; dweight " + to_weight_->note() + "; dx " + to_input_->note();
  }
  set_note(note);
}

void CublasLtLinearTanh::forward() {
  forward_->run();
  Stream on{gpu, stream()};
  kernels_for(gpu).elementwise.unary(on, UnaryOp::tanh, y_, y_);
}

void CublasLtLinearTanh::backward() {
  check(to_weight_.has_value(),
        "cublaslt_linear_tanh: backward without dy; give it to the constructor");
  Stream on{gpu, stream()};
  kernels_for(gpu).elementwise.unary_backward(on, UnaryOp::tanh, {}, y_, dy_view_, dz_);
  to_weight_->run();
  to_input_->run();
}

}  // namespace heddle::bench
