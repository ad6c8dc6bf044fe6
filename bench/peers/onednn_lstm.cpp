#include "bench/peers/onednn_lstm.h"

#include <omp.h>

#include <cstring>
#include <dnnl.hpp>
#include <limits>
#include <unordered_map>

#include "core/error.h"

namespace heddle::bench {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
constexpr auto f32 = memory::data_type::f32;

memory::desc described(const memory::dims& dims, Tag tag) { return {dims, f32, tag}; }

void clear(const memory& values) {
  std::memset(values.get_data_handle(), 0, values.get_desc().get_size());
}

}  // namespace

struct OneDnnLstm::State {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::int64_t time, batch, input, hidden;
  bool training;
  Tensor y, dx;
  memory weights_layer, weights_iter, weights_layer_back, weights_iter_back;
  memory dweights_layer, dweights_iter, dbias;
  dnnl::lstm_forward run_forward;
  dnnl::lstm_backward run_backward;
  std::unordered_map<int, memory> forward, backward;

  memory fresh(const memory::desc& of) const {
    memory made(of, engine);
    clear(made);
    return made;
  }
  /// Memory of ours, seen as oneDNN sees it.
  memory seen(const Tensor& tensor, const memory::desc& as) const {
    return {as, engine, const_cast<void*>(static_cast<const void*>(tensor.data<float>()))};
  }
  void convert(memory from, memory to) {
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
  }
};

OneDnnLstm::OneDnnLstm(const Tensor& x, const Tensor& weight_input, const Tensor& weight_hidden,
                       const Tensor& bias, const Tensor& dy, bool training, int threads)
    : state_(std::make_unique<State>()) {
  omp_set_num_threads(threads);
  State& s = *state_;
  s.time = x.size(0);
  s.batch = x.size(1);
  s.input = x.size(2);
  s.hidden = weight_hidden.size(2);
  s.training = training;
  const auto x_desc = described({s.time, s.batch, s.input}, Tag::tnc);
  const auto y_desc = described({s.time, s.batch, 2 * s.hidden}, Tag::tnc);
  const auto h_desc = described({1, 2, s.batch, s.hidden}, Tag::ldnc);
  const auto bias_desc = described({1, 2, 4, s.hidden}, Tag::ldgo);
  const memory::dims layer{1, 2, s.input, 4, s.hidden};
  const memory::dims iter{1, 2, s.hidden, 4, s.hidden};
  const auto any_layer = described(layer, Tag::any);
  const auto any_iter = described(iter, Tag::any);
  using Direction = dnnl::rnn_direction;
  const dnnl::lstm_forward::primitive_desc plan(
      {training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
       Direction::bidirectional_concat, x_desc, h_desc, h_desc, any_layer, any_iter, bias_desc,
       y_desc, h_desc, h_desc},
      s.engine);
  s.y = Tensor::empty({s.time, s.batch, 2 * s.hidden});
  s.weights_layer = s.fresh(plan.weights_layer_desc());
  s.weights_iter = s.fresh(plan.weights_iter_desc());
  s.convert(s.seen(weight_input, described(layer, Tag::ldgoi)), s.weights_layer);
  s.convert(s.seen(weight_hidden, described(iter, Tag::ldgoi)), s.weights_iter);
  s.run_forward = dnnl::lstm_forward(plan);
  const memory bias_memory = s.seen(bias, bias_desc);
  s.forward = {{DNNL_ARG_SRC_LAYER, s.seen(x, x_desc)},   {DNNL_ARG_SRC_ITER, s.fresh(h_desc)},
               {DNNL_ARG_SRC_ITER_C, s.fresh(h_desc)},    {DNNL_ARG_WEIGHTS_LAYER, s.weights_layer},
               {DNNL_ARG_WEIGHTS_ITER, s.weights_iter},   {DNNL_ARG_BIAS, bias_memory},
               {DNNL_ARG_DST_LAYER, s.seen(s.y, y_desc)}, {DNNL_ARG_DST_ITER, s.fresh(h_desc)},
               {DNNL_ARG_DST_ITER_C, s.fresh(h_desc)}};
  if (!training) {
    return;
  }
  s.forward[DNNL_ARG_WORKSPACE] = memory(plan.workspace_desc(), s.engine);
  const dnnl::lstm_backward::primitive_desc back({dnnl::prop_kind::backward,
                                                  Direction::bidirectional_concat,
                                                  x_desc,
                                                  h_desc,
                                                  h_desc,
                                                  any_layer,
                                                  any_iter,
                                                  bias_desc,
                                                  y_desc,
                                                  h_desc,
                                                  h_desc,
                                                  x_desc,
                                                  h_desc,
                                                  h_desc,
                                                  any_layer,
                                                  any_iter,
                                                  bias_desc,
                                                  y_desc,
                                                  h_desc,
                                                  h_desc},
                                                 s.engine, plan);
  s.run_backward = dnnl::lstm_backward(back);
  s.dx = Tensor::empty(x.shape());
  s.weights_layer_back = s.fresh(back.weights_layer_desc());
  s.weights_iter_back = s.fresh(back.weights_iter_desc());
  s.dweights_layer = s.fresh(back.diff_weights_layer_desc());
  s.dweights_iter = s.fresh(back.diff_weights_iter_desc());
  s.dbias = s.fresh(bias_desc);
  s.backward = s.forward;
  s.backward[DNNL_ARG_WEIGHTS_LAYER] = s.weights_layer_back;
  s.backward[DNNL_ARG_WEIGHTS_ITER] = s.weights_iter_back;
  s.backward[DNNL_ARG_DIFF_SRC_LAYER] = s.seen(s.dx, x_desc);
  s.backward[DNNL_ARG_DIFF_SRC_ITER] = s.fresh(h_desc);
  s.backward[DNNL_ARG_DIFF_SRC_ITER_C] = s.fresh(h_desc);
  s.backward[DNNL_ARG_DIFF_WEIGHTS_LAYER] = s.dweights_layer;
  s.backward[DNNL_ARG_DIFF_WEIGHTS_ITER] = s.dweights_iter;
  s.backward[DNNL_ARG_DIFF_BIAS] = s.dbias;
  s.backward[DNNL_ARG_DIFF_DST_LAYER] = s.seen(dy, y_desc);
  s.backward[DNNL_ARG_DIFF_DST_ITER] = s.fresh(h_desc);
  s.backward[DNNL_ARG_DIFF_DST_ITER_C] = s.fresh(h_desc);
}

OneDnnLstm::~OneDnnLstm() = default;

std::string OneDnnLstm::name() {
  const dnnl_version_t* const version = dnnl_version();
  return concat("oneDNN ", version->major, '.', version->minor, '.', version->patch);
}

void OneDnnLstm::forward() {
  state_->run_forward.execute(state_->stream, state_->forward);
  state_->stream.wait();
}

void OneDnnLstm::backward() {
  State& s = *state_;
  s.convert(s.weights_layer, s.weights_layer_back);
  s.convert(s.weights_iter, s.weights_iter_back);
  clear(s.dweights_layer);  // it adds
  clear(s.dweights_iter);
  clear(s.dbias);
  s.run_backward.execute(s.stream, s.backward);
  s.stream.wait();
}

std::vector<Tensor> OneDnnLstm::results(bool with_gradients) const {
  State& s = *state_;
  std::vector<Tensor> all{s.y};
  if (!with_gradients) {
    return all;
  }
  const Tensor dweight_input = Tensor::empty({2, 4 * s.hidden, s.input});
  const Tensor dweight_hidden = Tensor::empty({2, 4 * s.hidden, s.hidden});
  const Tensor dbias = Tensor::empty({2, 4 * s.hidden});
  s.convert(s.dweights_layer,
            s.seen(dweight_input, described({1, 2, s.input, 4, s.hidden}, Tag::ldgoi)));
  s.convert(s.dweights_iter,
            s.seen(dweight_hidden, described({1, 2, s.hidden, 4, s.hidden}, Tag::ldgoi)));
  s.convert(s.dbias, s.seen(dbias, described({1, 2, 4, s.hidden}, Tag::ldgo)));
  all.insert(all.end(), {s.dx, dweight_input, dweight_hidden, dbias});
  return all;
}

void OneDnnLstm::poison() {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  state_->y.fill_(nan);
  if (state_->training) {
    state_->dx.fill_(nan);
  }
}

}  // namespace heddle::bench
