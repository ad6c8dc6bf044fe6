#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct PoolCase {
  std::int64_t time, batch, hidden;
  std::vector<std::int64_t> lengths = {};  // empty: not given
};

const std::vector<PoolCase>& cases() {
  static const std::vector<PoolCase> all{
      {3, 0, 4, {}},        {0, 2, 4, {}},   {1, 1, 1, {}},
      {4, 3, 5, {0, 4, 2}}, {7, 33, 31, {}}, {50, 6, 128, {50, 1, 0, 33, 7, 49}},
      {5, 2, 0, {3, 5}},
  };
  return all;
}

struct PoolTensors {
  PoolCase sizes;
  Tensor u, w, lengths, a, pooled, dpooled, da, du, dw;

  PoolTensors(const PoolCase& given, DType dtype) : sizes(given) {
    u = sample({sizes.time, sizes.batch, sizes.hidden}, dtype, 1);
    w = sample({sizes.hidden}, dtype, 2);
    if (!sizes.lengths.empty()) {
      lengths = lengths_tensor(sizes.lengths);
    }
    a = unwritten({sizes.time, sizes.batch}, dtype);
    pooled = unwritten({sizes.batch, sizes.hidden}, dtype);
    dpooled = sample(pooled.shape(), dtype, 3);
    da = sample(a.shape(), dtype, 4);
    du = unwritten(u.shape(), dtype);
    dw = unwritten(w.shape(), dtype);
  }
  ConstView lengths_view() const { return lengths.defined() ? lengths.view() : ConstView{}; }
  void forward() const {
    cpu_kernels().attention_pool.forward(cpu_stream(), u.view(), w.view(), lengths_view(),
                                         a.output_view(), pooled.output_view());
  }
  void backward(bool with_da) const {
    cpu_kernels().attention_pool.backward(
        cpu_stream(), u.view(), w.view(), lengths_view(), a.view(), dpooled.view(),
        with_da ? da.view() : ConstView{}, du.output_view(), dw.output_view());
  }
};

/// a and pooled in plain loops.
void reference(const PoolTensors& tensors, std::vector<double>& a, std::vector<double>& pooled) {
  const std::int64_t time = tensors.sizes.time;
  const std::int64_t batch = tensors.sizes.batch;
  const std::int64_t hidden = tensors.sizes.hidden;
  const std::vector<std::int64_t>& lengths = tensors.sizes.lengths;
  const std::vector<double> u = tensors.u.to_vector<double>();
  const std::vector<double> w = tensors.w.to_vector<double>();
  a.assign(static_cast<std::size_t>(time * batch), 0.0);
  pooled.assign(static_cast<std::size_t>(batch * hidden), 0.0);
  for (std::int64_t b = 0; b < batch; ++b) {
    const std::int64_t length = lengths.empty() ? time : lengths[static_cast<std::size_t>(b)];
    const auto at = [&](std::int64_t t) { return static_cast<std::size_t>(t * batch + b); };
    double total = 0;
    for (std::int64_t t = 0; t < length; ++t) {
      double score = 0;
      for (std::int64_t j = 0; j < hidden; ++j) {
        score += u[at(t) * static_cast<std::size_t>(hidden) + static_cast<std::size_t>(j)] *
                 w[static_cast<std::size_t>(j)];
      }
      a[at(t)] = std::exp(score);
      total += a[at(t)];
    }
    for (std::int64_t t = 0; t < length; ++t) {
      a[at(t)] /= total;
      for (std::int64_t j = 0; j < hidden; ++j) {
        pooled[static_cast<std::size_t>(b * hidden + j)] +=
            a[at(t)] * u[at(t) * static_cast<std::size_t>(hidden) + static_cast<std::size_t>(j)];
      }
    }
  }
}

TEST(AttentionPool, AgreesWithPlainLoops) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const PoolCase& sizes : cases()) {
      const PoolTensors tensors(sizes, dtype);
      tensors.forward();
      std::vector<double> a;
      std::vector<double> pooled;
      reference(tensors, a, pooled);
      expect_near(tensors.a, a, tolerance_of(dtype), concat("a, time ", sizes.time));
      expect_near(tensors.pooled, pooled, tolerance_of(dtype), concat("pooled, time ", sizes.time));
    }
  }
}

TEST(AttentionPool, LargeScoresDoNotOverflow) {
  const Tensor u = Tensor::from<float>({300.0f, 200.0f, 299.0f, -1000.0f}, {2, 2, 1});
  const Tensor w = Tensor::from<float>({1.0f}, {1});
  const Tensor a = unwritten({2, 2}, DType::f32);
  const Tensor pooled = unwritten({2, 1}, DType::f32);
  cpu_kernels().attention_pool.forward(cpu_stream(), u.view(), w.view(), ConstView{},
                                       a.output_view(), pooled.output_view());
  const double first = 1.0 / (1.0 + std::exp(-1.0));
  expect_near(a, {first, 1.0, 1.0 - first, 0.0}, 1e-6, "a");
}

TEST(AttentionPool, GradientsAgreeWithDifferences) {
  for (const bool with_da : {false, true}) {
    for (const PoolCase& sizes : {PoolCase{4, 3, 5, {0, 4, 2}}, PoolCase{3, 6, 2, {}}}) {
      const PoolTensors tensors(sizes, DType::f64);
      tensors.forward();
      tensors.backward(with_da);
      const Tensor du = tensors.du.clone();
      const Tensor dw = tensors.dw.clone();
      const auto loss = [&] {
        tensors.forward();
        return weighted_sum(tensors.pooled, tensors.dpooled) +
               (with_da ? weighted_sum(tensors.a, tensors.da) : 0.0);
      };
      expect_gradient(tensors.u, du, loss, "u");
      expect_gradient(tensors.w, dw, loss, "w");
    }
  }
}

TEST(AttentionPool, BothTypesGiveTheSameGradients) {
  for (const PoolCase& sizes : cases()) {
    const PoolTensors narrow(sizes, DType::f32);
    const PoolTensors wide(sizes, DType::f64);
    narrow.forward();
    narrow.backward(true);
    wide.forward();
    wide.backward(true);
    expect_near(narrow.du, wide.du.to_vector<double>(), 2e-5, concat("du, time ", sizes.time));
    expect_near(narrow.dw, wide.dw.to_vector<double>(), 2e-5, concat("dw, time ", sizes.time));
  }
}

TEST(AttentionPool, SameBitsForAnyThreads) {
  expect_same_bits_for_any_threads([] {
    const PoolTensors tensors({12, 70, 33, {}}, DType::f32);
    tensors.forward();
    tensors.backward(true);
    return std::vector<Tensor>{tensors.a, tensors.pooled, tensors.du, tensors.dw};
  });
}

}  // namespace
}  // namespace heddle::testing
