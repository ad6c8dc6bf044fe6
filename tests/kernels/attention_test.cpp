#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct AttentionCase {
  std::int64_t batch, heads, queries, keys, width, value_width;
  bool causal = false;
  std::vector<std::int64_t> key_lengths = {};  // empty: not given
  bool has_mask = false;
};

const std::vector<AttentionCase>& cases() {
  static const std::vector<AttentionCase> all{
      {0, 2, 3, 3, 4, 4},
      {1, 1, 0, 3, 4, 4},
      {1, 2, 3, 0, 4, 4},
      {1, 1, 1, 1, 1, 1},
      {2, 3, 5, 7, 4, 6},
      {2, 2, 7, 7, 8, 8, true},
      {2, 1, 4, 9, 3, 5, true, {9, 0}},
      {2, 1, 9, 4, 3, 5, true},
      {3, 2, 33, 31, 16, 16, false, {31, 5, 0}, true},
      {1, 1, 200, 1500, 32, 32, true},
      {2, 2, 130, 40, 32, 16, false, {}, true},
  };
  return all;
}

struct AttentionTensors {
  AttentionCase sizes;
  AttentionOptions options;
  Tensor q, k, v, key_lengths, mask, out, logsumexp, dout, dq, dk, dv;

  AttentionTensors(const AttentionCase& given, DType dtype) : sizes(given) {
    options = {.scale = 0.7, .causal = sizes.causal};
    // Heads side by side in one row, as projections of a [batch, time, heads · width] tensor are.
    const auto split = [&](std::int64_t time, std::int64_t width, std::uint64_t seed) {
      return sample({sizes.batch, time, sizes.heads, width}, dtype, seed).transpose(1, 2);
    };
    q = split(sizes.queries, sizes.width, 1);
    k = split(sizes.keys, sizes.width, 2);
    v = split(sizes.keys, sizes.value_width, 3);
    dout = split(sizes.queries, sizes.value_width, 4);
    out = unwritten(dout.transpose(1, 2).shape(), dtype).transpose(1, 2);
    dq = unwritten(q.transpose(1, 2).shape(), dtype).transpose(1, 2);
    dk = unwritten(k.transpose(1, 2).shape(), dtype).transpose(1, 2);
    dv = unwritten(v.transpose(1, 2).shape(), dtype).transpose(1, 2);
    logsumexp = unwritten({sizes.batch, sizes.heads, sizes.queries}, dtype);
    if (!sizes.key_lengths.empty()) {
      key_lengths = lengths_tensor(sizes.key_lengths);
    }
    if (sizes.has_mask) {
      Generator generator(5);
      mask = random_bernoulli({sizes.batch, 1, sizes.queries, sizes.keys}, 0.6, generator);
      mask.select(2, sizes.queries / 2).fill_(0.0);  // a query that sees nothing
      mask = mask.expand({sizes.batch, sizes.heads, sizes.queries, sizes.keys});
    }
  }
  ConstView view_or_none(const Tensor& tensor) const {
    return tensor.defined() ? tensor.view() : ConstView{};
  }
  void forward() const {
    cpu_kernels().attention.forward(cpu_stream(), options, q.view(), k.view(), v.view(),
                                    view_or_none(key_lengths), view_or_none(mask),
                                    out.output_view(), logsumexp.output_view());
  }
  void backward() const {
    cpu_kernels().attention.backward(cpu_stream(), options, q.view(), k.view(), v.view(),
                                     view_or_none(key_lengths), view_or_none(mask), out.view(),
                                     logsumexp.view(), dout.view(), dq.output_view(),
                                     dk.output_view(), dv.output_view());
  }
  bool sees(std::int64_t b, std::int64_t h, std::int64_t query, std::int64_t key) const {
    if (sizes.causal && key > query + sizes.keys - sizes.queries) {
      return false;
    }
    if (!sizes.key_lengths.empty() && key >= sizes.key_lengths[static_cast<std::size_t>(b)]) {
      return false;
    }
    return !sizes.has_mask ||
           mask.select(0, b).select(0, h).select(0, query).select(0, key).item<bool>();
  }
};

/// out and logsumexp, each row-major, in plain loops.
void reference(const AttentionTensors& tensors, std::vector<double>& out,
               std::vector<double>& logsumexp) {
  const AttentionCase& sizes = tensors.sizes;
  const std::vector<double> q = tensors.q.to_vector<double>();
  const std::vector<double> k = tensors.k.to_vector<double>();
  const std::vector<double> v = tensors.v.to_vector<double>();
  out.clear();
  logsumexp.clear();
  for (std::int64_t b = 0; b < sizes.batch; ++b) {
    for (std::int64_t h = 0; h < sizes.heads; ++h) {
      for (std::int64_t query = 0; query < sizes.queries; ++query) {
        const std::int64_t plane = b * sizes.heads + h;
        std::vector<double> row(static_cast<std::size_t>(sizes.value_width), 0.0);
        double total = 0;
        for (std::int64_t key = 0; key < sizes.keys; ++key) {
          if (!tensors.sees(b, h, query, key)) {
            continue;
          }
          double score = 0;
          for (std::int64_t i = 0; i < sizes.width; ++i) {
            score +=
                q[static_cast<std::size_t>((plane * sizes.queries + query) * sizes.width + i)] *
                k[static_cast<std::size_t>((plane * sizes.keys + key) * sizes.width + i)];
          }
          const double weight = std::exp(tensors.options.scale * score);
          total += weight;
          for (std::int64_t j = 0; j < sizes.value_width; ++j) {
            row[static_cast<std::size_t>(j)] +=
                weight *
                v[static_cast<std::size_t>((plane * sizes.keys + key) * sizes.value_width + j)];
          }
        }
        for (const double value : row) {
          out.push_back(total > 0 ? value / total : 0.0);
        }
        logsumexp.push_back(std::log(total));
      }
    }
  }
}

TEST(Attention, AgreesWithPlainLoops) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const AttentionCase& sizes : cases()) {
      const AttentionTensors tensors(sizes, dtype);
      tensors.forward();
      std::vector<double> out;
      std::vector<double> logsumexp;
      reference(tensors, out, logsumexp);
      const std::string what = concat(sizes.queries, " queries, ", sizes.keys, " keys");
      expect_near(tensors.out, out, tolerance_of(dtype), what);
      const std::vector<double> got = tensors.logsumexp.to_vector<double>();
      for (std::size_t i = 0; i < logsumexp.size(); ++i) {
        if (std::isinf(logsumexp[i])) {
          ASSERT_EQ(got[i], logsumexp[i]) << what;
        } else {
          ASSERT_NEAR(got[i], logsumexp[i], tolerance_of(dtype) * 10) << what;
        }
      }
    }
  }
}

TEST(Attention, GradientsAgreeWithDifferences) {
  for (const AttentionCase& sizes :
       {AttentionCase{2, 2, 3, 4, 3, 2, true, {4, 2}, true}, AttentionCase{1, 2, 4, 3, 2, 3},
        AttentionCase{2, 1, 4, 2, 2, 2, true}}) {
    const AttentionTensors tensors(sizes, DType::f64);
    tensors.forward();
    tensors.backward();
    const auto loss = [&] {
      tensors.forward();
      return weighted_sum(tensors.out, tensors.dout);
    };
    const auto check_all = [&](const Tensor& input, const Tensor& gradient,
                               const std::string& what) {
      // Differences walk over memory in order; gradients of a transposed view must do so too.
      expect_gradient(input.transpose(1, 2), gradient.transpose(1, 2).clone(), loss, what);
    };
    check_all(tensors.q, tensors.dq, "q");
    check_all(tensors.k, tensors.dk, "k");
    check_all(tensors.v, tensors.dv, "v");
  }
}

TEST(Attention, BothTypesGiveTheSameGradients) {
  for (const AttentionCase& sizes : cases()) {
    const AttentionTensors narrow(sizes, DType::f32);
    const AttentionTensors wide(sizes, DType::f64);
    narrow.forward();
    narrow.backward();
    wide.forward();
    wide.backward();
    expect_near(narrow.dq, wide.dq.to_vector<double>(), 2e-5, "dq");
    expect_near(narrow.dk, wide.dk.to_vector<double>(), 2e-5, "dk");
    expect_near(narrow.dv, wide.dv.to_vector<double>(), 2e-5, "dv");
  }
}

TEST(Attention, NotANumberInAQueryShows) {
  const AttentionTensors tensors({1, 1, 3, 4, 2, 2}, DType::f32);
  tensors.q.select(2, 1).fill_(std::numeric_limits<double>::quiet_NaN());
  tensors.forward();
  const std::vector<double> out = tensors.out.to_vector<double>();
  EXPECT_TRUE(std::isfinite(out[0]));
  EXPECT_TRUE(std::isnan(out[2]));
  EXPECT_TRUE(std::isfinite(out[4]));
}

TEST(Attention, SameBitsForAnyThreads) {
  expect_same_bits_for_any_threads([] {
    const AttentionTensors tensors({3, 2, 150, 70, 24, 20, true, {70, 3, 50}}, DType::f32);
    tensors.forward();
    tensors.backward();
    return std::vector<Tensor>{tensors.out, tensors.logsumexp, tensors.dq, tensors.dk, tensors.dv};
  });
}

}  // namespace
}  // namespace heddle::testing
