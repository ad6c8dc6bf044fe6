#include "tests/kernels/lstm_reference.h"
#include "tests/kernels/samples.h"

namespace heddle::testing {
namespace {

struct LstmCase {
  std::int64_t time, batch, input, hidden, directions;
  std::vector<std::int64_t> lengths = {};  // empty: not given
  bool has_state = false;                  // h0 and c0 given
};

struct LstmTensors {
  LstmCase sizes;
  DType dtype;
  Tensor x, weight_input, weight_hidden, bias, lengths, h0, c0;
  Tensor y, h_n, c_n, gates, cells;
  Tensor dy, dh_n, dc_n;
  Tensor dx, dweight_input, dweight_hidden, dbias, dh0, dc0;

  LstmTensors(const LstmCase& given, DType type) : sizes(given), dtype(type) {
    const auto& [time, batch, input, hidden, directions, row_lengths, has_state] = sizes;
    x = sample({time, batch, input}, dtype, 1);
    weight_input = sample({directions, 4 * hidden, input}, dtype, 2);
    weight_hidden = sample({directions, 4 * hidden, hidden}, dtype, 3);
    bias = sample({directions, 4 * hidden}, dtype, 4);
    if (!row_lengths.empty()) {
      lengths = lengths_tensor(row_lengths);
    }
    h0 = has_state ? sample({directions, batch, hidden}, dtype, 5)
                   : Tensor::zeros({directions, batch, hidden}, dtype);
    c0 = has_state ? sample({directions, batch, hidden}, dtype, 6)
                   : Tensor::zeros({directions, batch, hidden}, dtype);
    y = unwritten({time, batch, directions * hidden}, dtype);
    h_n = unwritten(h0.shape(), dtype);
    c_n = unwritten(h0.shape(), dtype);
    gates = unwritten({directions, time, batch, 4 * hidden}, dtype);
    cells = unwritten({directions, time, batch, hidden}, dtype);
    dy = sample(y.shape(), dtype, 7);
    dh_n = sample(h_n.shape(), dtype, 8);
    dc_n = sample(c_n.shape(), dtype, 9);
    dx = unwritten(x.shape(), dtype);
    dweight_input = unwritten(weight_input.shape(), dtype);
    dweight_hidden = unwritten(weight_hidden.shape(), dtype);
    dbias = unwritten(bias.shape(), dtype);
    dh0 = unwritten(h0.shape(), dtype);
    dc0 = unwritten(c0.shape(), dtype);
  }

  LstmInputs inputs() const {
    LstmInputs inputs{x.view(), weight_input.view(), weight_hidden.view(), bias.view(), {}, {}, {}};
    if (lengths.defined()) {
      inputs.lengths = lengths.view();
    }
    if (sizes.has_state) {
      inputs.h0 = h0.view();
      inputs.c0 = c0.view();
    }
    return inputs;
  }
  void forward() const {
    cpu_kernels().lstm.forward(cpu_stream(), inputs(),
                               {y.output_view(), h_n.output_view(), c_n.output_view(),
                                gates.output_view(), cells.output_view()});
  }
  void backward() const {
    cpu_kernels().lstm.backward(
        cpu_stream(), inputs(), {y.view(), gates.view(), cells.view()},
        {dy.view(), dh_n.view(), dc_n.view()},
        {dx.output_view(), dweight_input.output_view(), dweight_hidden.output_view(),
         dbias.output_view(), dh0.output_view(), dc0.output_view()});
  }
  LstmReference reference() const {
    std::vector<std::int64_t> all = sizes.lengths;
    if (all.empty()) {
      all.assign(static_cast<std::size_t>(sizes.batch), sizes.time);
    }
    return {sizes.time,
            sizes.batch,
            sizes.input,
            sizes.hidden,
            sizes.directions,
            x.to_vector<double>(),
            weight_input.to_vector<double>(),
            weight_hidden.to_vector<double>(),
            bias.to_vector<double>(),
            h0.to_vector<double>(),
            c0.to_vector<double>(),
            all,
            {},
            {},
            {}};
  }
};

std::vector<std::int64_t> mixed_lengths(std::int64_t batch, std::int64_t time) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < batch; ++i) {
    lengths.push_back(i * 7 % (time + 1));
  }
  return lengths;
}

const std::vector<LstmCase>& cases() {
  static const std::vector<LstmCase> all{
      {0, 3, 2, 2, 2, {}},
      {4, 0, 2, 2, 1, {}},
      {3, 1, 1, 1, 1, {}},
      {4, 2, 0, 3, 2, {}},
      {5, 3, 4, 3, 1, {5, 0, 2}, true},
      {5, 3, 4, 3, 2, {0, 5, 3}, true},
      {3, 4, 2, 2, 2, {0, 0, 0, 0}, true},
      {6, 33, 31, 17, 2, mixed_lengths(33, 6), true},
      {6, 64, 32, 32, 2, mixed_lengths(64, 6)},
      {20, 9, 40, 64, 1, mixed_lengths(9, 20)},
  };
  return all;
}

TEST(Lstm, ForwardAgreesWithPlainLoops) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const LstmCase& sizes : cases()) {
      const LstmTensors tensors(sizes, dtype);
      tensors.forward();
      LstmReference reference = tensors.reference();
      reference.run();
      const std::string what = concat("T", sizes.time, " B", sizes.batch, " H", sizes.hidden);
      expect_near(tensors.y, reference.y, tolerance_of(dtype), what + " y");
      expect_near(tensors.h_n, reference.h_n, tolerance_of(dtype), what + " h_n");
      expect_near(tensors.c_n, reference.c_n, tolerance_of(dtype), what + " c_n");
    }
  }
}

double loss_of(LstmReference reference, const LstmTensors& tensors) {
  reference.run();
  const auto sum = [](const std::vector<double>& values, const Tensor& weights) {
    const std::vector<double> factors = weights.to_vector<double>();
    double total = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      total += values[i] * factors[i];
    }
    return total;
  };
  return sum(reference.y, tensors.dy) + sum(reference.h_n, tensors.dh_n) +
         sum(reference.c_n, tensors.dc_n);
}

TEST(Lstm, GradientsAgreeWithDifferences) {
  for (const LstmCase& sizes :
       {LstmCase{4, 3, 2, 3, 2, {4, 0, 2}, true}, LstmCase{3, 5, 3, 2, 1, {}, true},
        LstmCase{3, 2, 2, 2, 2, {1, 3}, false}}) {
    const LstmTensors tensors(sizes, DType::f64);
    tensors.forward();
    tensors.backward();
    const auto loss = [&] { return loss_of(tensors.reference(), tensors); };
    expect_gradient(tensors.x, tensors.dx, loss, "x");
    expect_gradient(tensors.weight_input, tensors.dweight_input, loss, "weight_input");
    expect_gradient(tensors.weight_hidden, tensors.dweight_hidden, loss, "weight_hidden");
    expect_gradient(tensors.bias, tensors.dbias, loss, "bias");
    expect_gradient(tensors.h0, tensors.dh0, loss, "h0");
    expect_gradient(tensors.c0, tensors.dc0, loss, "c0");
  }
}

TEST(Lstm, BothTypesGiveTheSameGradients) {
  for (const LstmCase& sizes : cases()) {
    const LstmTensors narrow(sizes, DType::f32);
    const LstmTensors wide(sizes, DType::f64);
    narrow.forward();
    narrow.backward();
    wide.forward();
    wide.backward();
    const auto compare = [&](const Tensor& left, const Tensor& right, const std::string& what) {
      expect_near(left, right.to_vector<double>(), 5e-5, what);
    };
    compare(narrow.dx, wide.dx, "dx");
    compare(narrow.dweight_input, wide.dweight_input, "dweight_input");
    compare(narrow.dweight_hidden, wide.dweight_hidden, "dweight_hidden");
    compare(narrow.dbias, wide.dbias, "dbias");
    compare(narrow.dh0, wide.dh0, "dh0");
    compare(narrow.dc0, wide.dc0, "dc0");
  }
}

TEST(Lstm, WhatStandsBeyondALengthReachesNothing) {
  LstmTensors tensors({6, 3, 4, 5, 2, {2, 6, 0}}, DType::f32);
  tensors.forward();
  tensors.backward();
  const Tensor y = tensors.y.clone();
  const Tensor dweight_input = tensors.dweight_input.clone();
  const Tensor dweight_hidden = tensors.dweight_hidden.clone();
  const Tensor dx = tensors.dx.clone();
  for (const std::int64_t row : {0, 2}) {
    const std::int64_t length = tensors.sizes.lengths[static_cast<std::size_t>(row)];
    tensors.x.select(1, row).slice(0, length).fill_(std::numeric_limits<double>::infinity());
    tensors.dy.select(1, row).slice(0, length).fill_(std::numeric_limits<double>::quiet_NaN());
  }
  tensors.forward();
  tensors.backward();
  EXPECT_TRUE(same_bits(tensors.y, y));
  EXPECT_TRUE(same_bits(tensors.dx, dx));
  EXPECT_TRUE(same_bits(tensors.dweight_input, dweight_input));
  EXPECT_TRUE(same_bits(tensors.dweight_hidden, dweight_hidden));
}

TEST(Lstm, GradientsMayBeLeftOut) {
  const LstmTensors tensors({4, 3, 4, 5, 2, {2, 4, 0}}, DType::f32);
  tensors.forward();
  tensors.backward();
  const Tensor dweight_hidden = unwritten(tensors.weight_hidden.shape(), DType::f32);
  LstmInputGradients wanted;
  wanted.dweight_hidden = dweight_hidden.output_view();
  cpu_kernels().lstm.backward(cpu_stream(), tensors.inputs(),
                              {tensors.y.view(), tensors.gates.view(), tensors.cells.view()},
                              {tensors.dy.view(), tensors.dh_n.view(), tensors.dc_n.view()},
                              wanted);
  EXPECT_TRUE(same_bits(dweight_hidden, tensors.dweight_hidden));
}

TEST(Lstm, SameBitsForAnyThreads) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    expect_same_bits_for_any_threads([&] {
      std::vector<Tensor> results;
      for (const std::int64_t directions : {1, 2}) {
        const LstmTensors tensors({7, 50, 20, 24, directions, mixed_lengths(50, 7)}, dtype);
        tensors.forward();
        tensors.backward();
        results.insert(results.end(),
                       {tensors.y, tensors.h_n, tensors.c_n, tensors.dx, tensors.dweight_input,
                        tensors.dweight_hidden, tensors.dbias, tensors.dh0, tensors.dc0});
      }
      return results;
    });
  }
}

TEST(Lstm, ARowAloneGivesTheSameBitsAsInABatch) {
  const LstmTensors all({6, 20, 8, 12, 2, mixed_lengths(20, 6)}, DType::f32);
  all.forward();
  for (const std::int64_t row : {1, 6, 19}) {
    LstmTensors one({6, 1, 8, 12, 2, {all.sizes.lengths[static_cast<std::size_t>(row)]}},
                    DType::f32);
    one.x.copy_(all.x.slice(1, row, row + 1));
    one.forward();
    EXPECT_TRUE(same_bits(one.y, all.y.slice(1, row, row + 1).contiguous())) << "row " << row;
  }
}

TEST(Lstm, RefusesALengthBeyondTime) {
  const LstmTensors tensors({4, 2, 3, 3, 1, {2, 5}}, DType::f32);
  try {
    tensors.forward();
    FAIL() << "length 5 of 4 steps was accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("lengths[1] is 5; expected 0 … 4"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace heddle::testing
