#include "bench/peers/cuda/cudnn_attention.h"

#include <limits>

#include "core/error.h"

namespace heddle::bench {
namespace {

constexpr std::size_t rank = 4;

void check_supported(const CudnnAttentionInputs& inputs, PeerMath math) {
  const std::int64_t width = inputs.q.size(3);
  check<Unavailable>(math == PeerMath::bf16 || math == PeerMath::f16,
                     "cudnn_attention: not supported for ", name_of(math),
                     ": cuDNN's attention takes bf16 and f16 alone");
  check<Unavailable>(width % 8 == 0, "cudnn_attention: not supported for width ", width,
                     ", which is no multiple of 8");
  check<Unavailable>(!inputs.causal || inputs.q.size(2) == inputs.k.size(2),
                     "cudnn_attention: causal is measured with as many queries as keys; got ",
                     inputs.q.shape(), " and ", inputs.k.shape());
  check<Unavailable>(cudnnGetVersion() >= 90600, "cudnn_attention: cuDNN ", cudnn_version(),
                     " is older than 9.6, the first that clears dq's sums itself");
}

/// What stands for −∞: older versions want the lowest number instead.
float minus_infinity() {
  return cudnnGetVersion() < 91000 ? std::numeric_limits<float>::lowest()
                                   : -std::numeric_limits<float>::infinity();
}

DeviceMemory upload_lengths(const std::vector<std::int64_t>& lengths) {
  const std::vector<std::int32_t> values(lengths.begin(), lengths.end());
  return upload_bytes(values.data(), values.size() * sizeof(std::int32_t));
}

}  // namespace

CudnnAttention::CudnnAttention(const CudnnAttentionInputs& inputs, PeerMath math,
                               cudaStream_t stream)
    : CudaPeer(stream),
      batch_(inputs.q.size(0)),
      heads_(inputs.q.size(1)),
      queries_(inputs.q.size(2)),
      keys_(inputs.k.size(2)),
      width_(inputs.q.size(3)),
      scale_(static_cast<float>(inputs.scale)),
      causal_(inputs.causal),
      type_(cudnn_type(element_of(math))) {
  check_supported(inputs, math);
  const Element element = element_of(math);
  q_ = Operand(inputs.q, element);
  k_ = Operand(inputs.k, element);
  v_ = Operand(inputs.v, element);
  dout_ = Operand(inputs.dout, element);
  if (!inputs.key_lengths.empty()) {
    key_lengths_ = upload_lengths(inputs.key_lengths);
    query_lengths_ = upload_lengths(std::vector(inputs.key_lengths.size(), queries_));
  }
  out_ = output("out", inputs.q.shape(), element);
  logsumexp_ = output("logsumexp", {batch_, heads_, queries_}, Element::f32);
  forward_.emplace(forward_graph(), CudnnPlan::Options{}, stream);
  std::string note = "forward " + forward_->note();
  if (inputs.dout.defined()) {
    dq_ = output("dq", inputs.q.shape(), element);
    dk_ = output("dk", inputs.k.shape(), element);
    dv_ = output("dv", inputs.v.shape(), element);
    const auto rows = static_cast<std::size_t>(batch_ * heads_ * queries_);
    dq_sums_ = DeviceMemory(rows * static_cast<std::size_t>(width_) * sizeof(float));
    row_sums_ = DeviceMemory(rows * sizeof(float));
    forward_->run();  // plans of backward are timed on what it saves
    backward_.emplace(backward_graph(), CudnnPlan::Options{}, stream);
    note += "; backward " + backward_->note();
  }
  set_note(note);
}

CudnnAttention::Start CudnnAttention::start(CudnnGraph& graph) const {
  Start start{};
  start.q = graph.tensor(query_shape(), type_, q_.data());
  start.keys_transposed = graph.tensor(transposed(key_shape()), type_, k_.data());
  if (key_lengths_.bytes() > 0) {
    const GraphShape one_each = row_major({batch_, 1, 1, 1});
    start.query_lengths = graph.tensor(one_each, CUDNN_DATA_INT32, query_lengths_.data());
    start.key_lengths = graph.tensor(one_each, CUDNN_DATA_INT32, key_lengths_.data());
  }
  start.scale = graph.scalar(scale_, rank);
  return start;
}

CudnnAttention::Id CudnnAttention::scores(CudnnGraph& graph, const Start& start) const {
  const Id products = graph.between(score_shape());
  graph.matmul(start.q, start.keys_transposed, products,
               {.m = start.query_lengths, .n = start.key_lengths, .k = {}});
  const Id scaled = graph.between(score_shape());
  graph.binary(CUDNN_POINTWISE_MUL, products, start.scale, scaled);
  return start.key_lengths ? mask_padding(graph, start, scaled) : scaled;
}

CudnnAttention::Id CudnnAttention::mask_padding(CudnnGraph& graph, const Start& start,
                                                Id scores) const {
  const Id row = graph.between(score_shape(), CUDNN_DATA_INT32);
  const Id col = graph.between(score_shape(), CUDNN_DATA_INT32);
  const Id row_visible = graph.between(score_shape(), CUDNN_DATA_BOOLEAN);
  const Id col_visible = graph.between(score_shape(), CUDNN_DATA_BOOLEAN);
  const Id visible = graph.between(score_shape(), CUDNN_DATA_BOOLEAN);
  const Id masked = graph.between(score_shape());
  graph.index(scores, 2, row, CUDNN_DATA_INT32);
  graph.index(scores, 3, col, CUDNN_DATA_INT32);
  graph.binary(CUDNN_POINTWISE_CMP_LT, row, *start.query_lengths, row_visible, CUDNN_DATA_BOOLEAN);
  graph.binary(CUDNN_POINTWISE_CMP_LT, col, *start.key_lengths, col_visible, CUDNN_DATA_BOOLEAN);
  graph.binary(CUDNN_POINTWISE_LOGICAL_AND, row_visible, col_visible, visible, CUDNN_DATA_BOOLEAN);
  graph.select(scores, graph.scalar(minus_infinity(), rank), visible, masked);
  return masked;
}

CudnnAttention::Id CudnnAttention::mask_future(CudnnGraph& graph, Id scores) const {
  const Id row = graph.between(score_shape(), CUDNN_DATA_INT32);
  const Id col = graph.between(score_shape(), CUDNN_DATA_INT32);
  const Id visible = graph.between(score_shape(), CUDNN_DATA_BOOLEAN);
  const Id masked = graph.between(score_shape());
  graph.index(scores, 2, row, CUDNN_DATA_FLOAT);
  graph.index(scores, 3, col, CUDNN_DATA_FLOAT);
  graph.binary(CUDNN_POINTWISE_CMP_GE, row, col, visible, CUDNN_DATA_BOOLEAN);
  graph.select(scores, graph.scalar(minus_infinity(), rank), visible, masked);
  return masked;
}

CudnnGraph CudnnAttention::forward_graph() const {
  CudnnGraph graph;
  const Start from = start(graph);
  Id score = scores(graph, from);
  if (causal_) {
    score = mask_future(graph, score);
  }
  // Softmax, with log Σ exp kept for backward.
  const Id largest = graph.between(row_shape());
  const Id shifted = graph.between(score_shape());
  const Id exponential = graph.between(score_shape());
  const Id sum = graph.between(row_shape());
  const Id log_sum = graph.between(row_shape());
  const Id weights = graph.between(score_shape(), type_);
  graph.reduce(CUDNN_REDUCE_TENSOR_MAX, score, largest);
  graph.binary(CUDNN_POINTWISE_SUB, score, largest, shifted);
  graph.unary(CUDNN_POINTWISE_EXP, shifted, exponential);
  graph.reduce(CUDNN_REDUCE_TENSOR_ADD, exponential, sum);
  graph.unary(CUDNN_POINTWISE_LOG, sum, log_sum);
  graph.binary(CUDNN_POINTWISE_ADD, largest, log_sum,
               graph.tensor(row_shape(), CUDNN_DATA_FLOAT, logsumexp_));
  graph.binary(CUDNN_POINTWISE_DIV, exponential, sum, weights);
  const Id v = graph.tensor(key_shape(), type_, v_.data());
  graph.matmul(weights, v, graph.tensor(query_shape(), type_, out_),
               {.m = from.query_lengths, .n = {}, .k = from.key_lengths});
  return graph;
}

CudnnGraph CudnnAttention::backward_graph() const {
  CudnnGraph graph;
  const Start from = start(graph);
  const Id dout = graph.tensor(query_shape(), type_, dout_.data());
  // Σ dout · out of each row, into memory: two chains below read it.
  const Id out = graph.tensor(query_shape(), type_, out_);
  const Id products = graph.between(query_shape());
  const Id sums = graph.between(row_shape());
  const Id row_sums = graph.tensor(row_shape(), CUDNN_DATA_FLOAT, row_sums_.data());
  graph.binary(CUDNN_POINTWISE_MUL, dout, out, products);
  graph.reduce(CUDNN_REDUCE_TENSOR_ADD, products, sums);
  // By 1: where there is dropout, its scale stands here, and the engines look for the product.
  graph.binary(CUDNN_POINTWISE_MUL, sums, graph.scalar(1.0f, rank), row_sums);

  // The weights again, from the saved logarithms.
  const Id logsumexp = graph.tensor(row_shape(), CUDNN_DATA_FLOAT, logsumexp_);
  Id score = graph.between(score_shape());
  graph.binary(CUDNN_POINTWISE_SUB, scores(graph, from), logsumexp, score);
  if (causal_) {
    score = mask_future(graph, score);
  }
  const Id weights = graph.between(score_shape());
  graph.unary(CUDNN_POINTWISE_EXP, score, weights);
  const GraphShape turned = transposed(score_shape());
  const Id weights_turned = graph.between(turned, type_);
  graph.reshape(weights, weights_turned);
  graph.matmul(weights_turned, dout, graph.tensor(key_shape(), type_, dv_),
               {.m = from.key_lengths, .n = {}, .k = from.query_lengths});

  // dscore = weights · (dout vᵀ − row sums) · scale
  const Id values_turned = graph.tensor(transposed(key_shape()), type_, v_.data());
  const Id dweights = graph.between(score_shape());
  const Id less = graph.between(score_shape());
  const Id weighted = graph.between(score_shape());
  const Id dscore = graph.between(score_shape());
  graph.matmul(dout, values_turned, dweights,
               {.m = from.query_lengths, .n = from.key_lengths, .k = {}});
  graph.binary(CUDNN_POINTWISE_SUB, dweights, row_sums, less);
  graph.binary(CUDNN_POINTWISE_MUL, less, weights, weighted);
  graph.binary(CUDNN_POINTWISE_MUL, weighted, from.scale, dscore);
  const Id dscore_turned = graph.between(turned, type_);
  graph.reshape(dscore, dscore_turned);
  graph.matmul(dscore_turned, from.q, graph.tensor(key_shape(), type_, dk_),
               {.m = from.key_lengths, .n = {}, .k = from.query_lengths});
  const Id keys = graph.between(key_shape(), type_);
  graph.reshape(from.keys_transposed, keys);
  const Id dq_sums = graph.tensor(query_shape(), CUDNN_DATA_FLOAT, dq_sums_.data());
  graph.matmul(dscore, keys, dq_sums, {.m = from.query_lengths, .n = {}, .k = from.key_lengths});
  graph.unary(CUDNN_POINTWISE_IDENTITY, dq_sums, graph.tensor(query_shape(), type_, dq_));
  return graph;
}

void CudnnAttention::forward() { forward_->run(); }

void CudnnAttention::backward() {
  check(backward_.has_value(),
        "cudnn_attention: backward without dout; give it to the constructor");
  backward_->run();
}

}  // namespace heddle::bench
