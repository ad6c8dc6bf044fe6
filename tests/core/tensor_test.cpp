#include "core/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/cuda_cards.h"
#include "core/stream.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

TEST(Tensor, MakesValuesOfEveryType) {
  EXPECT_EQ(Tensor::full({2}, 1.5).to_vector<float>(), (std::vector<float>{1.5f, 1.5f}));
  EXPECT_EQ(Tensor::full({2}, 3, DType::i64).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{3, 3}));
  EXPECT_EQ(Tensor::full({2}, 1, DType::boolean).to_vector<bool>(),
            (std::vector<bool>{true, true}));
  EXPECT_EQ(Tensor::zeros({1, 2}, DType::f64).to_vector<double>(), (std::vector<double>{0, 0}));
  EXPECT_EQ(Tensor::scalar(2.5).rank(), 0);
  EXPECT_EQ(Tensor::scalar(2.5).item<double>(), 2.5);
  EXPECT_EQ(Tensor::arange(3).to_vector<std::int64_t>(), (std::vector<std::int64_t>{0, 1, 2}));
}

TEST(Tensor, EmptyTensorsHaveNoElementsButAShape) {
  const Tensor x = Tensor::zeros({3, 0, 2});
  EXPECT_TRUE(x.defined());
  EXPECT_EQ(x.elements(), 0);
  EXPECT_TRUE(x.is_contiguous());
  EXPECT_TRUE(x.to_vector<float>().empty());
  EXPECT_EQ(x.transpose(0, 2).contiguous().shape(), (Shape{2, 0, 3}));
  EXPECT_EQ(x.to(DType::i64).shape(), x.shape());
}

TEST(Tensor, UndefinedTensorsSaySo) {
  const Tensor none;
  EXPECT_FALSE(none.defined());
  const std::string expected =
      "tensor: it is undefined (default-constructed); give it a value first";
  EXPECT_EQ(message_of([&] { none.view(); }), expected);
  EXPECT_EQ(message_of([&] { none.device(); }), expected);
  EXPECT_THROW(none.clone(), Error);
  EXPECT_THROW(none.item<float>(), Error);
  EXPECT_THROW(none.data<float>(), Error);
}

TEST(Tensor, HandlesShareMemoryAndVersion) {
  Tensor x = Tensor::zeros({2, 2});
  const Tensor row = x.select(0, 1);
  EXPECT_EQ(x.version(), 0);
  EXPECT_STREQ(x.last_change(), "");
  x.mutable_data<float>("test")[3] = 7.0f;
  EXPECT_EQ(row.to_vector<float>(), (std::vector<float>{0.0f, 7.0f}));
  EXPECT_EQ(row.version(), 1);
  EXPECT_STREQ(row.last_change(), "test");
  x.fill_(2.0);
  x.copy_(Tensor::scalar(3.0), "assign");
  EXPECT_EQ(row.version(), 3);
  EXPECT_STREQ(row.last_change(), "assign");
  x.output_view();
  EXPECT_EQ(row.version(), 3);
  EXPECT_EQ(x.clone().version(), 0);
}

TEST(Tensor, FromCountsItsValues) {
  EXPECT_EQ(message_of([] {
              Tensor::from<float>({1, 2, 3}, {2, 2});
            }),
            "from: got 3 values for shape [2, 2], expected 4");
}

TEST(Tensor, DataChecksTheType) {
  const Tensor x = Tensor::zeros({2});
  EXPECT_EQ(message_of([&] { x.data<double>(); }),
            "data: the tensor is f32, asked for as f64; convert it with to()");
  EXPECT_EQ(message_of([&] { x.item<float>(); }), "item: the tensor is [2], expected one element");
}

TEST(Tensor, ConversionsSaturateAndNeverTrap) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor x = Tensor::from<double>({-2.9, 2.9, NAN, infinity, -infinity, 1e19, -1e19}, {7});
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(x.to(DType::i64).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{-2, 2, 0, most, least, most, least}));
  EXPECT_EQ(x.to(DType::f32).to(DType::i64).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{-2, 2, 0, most, least, most, least}));
  EXPECT_EQ(Tensor::from<double>({0.0, -0.0, 0.5, NAN}, {4}).to(DType::boolean).to_vector<bool>(),
            (std::vector<bool>{false, false, true, true}));
  EXPECT_EQ(Tensor::from<bool>({true, false}, {2}).to_vector<double>(),
            (std::vector<double>{1.0, 0.0}));
}

TEST(Tensor, SameBitsTellsZerosApartAndNanFromNothing) {
  EXPECT_TRUE(same_bits(Tensor::full({2}, NAN), Tensor::full({2}, NAN)));
  EXPECT_FALSE(same_bits(Tensor::full({2}, 0.0), Tensor::full({2}, -0.0)));
  EXPECT_FALSE(same_bits(Tensor::zeros({2}), Tensor::zeros({1, 2})));
  EXPECT_FALSE(same_bits(Tensor::zeros({2}), Tensor::zeros({2}, DType::f64)));
  const Tensor x = Tensor::arange(6).reshape({2, 3});
  EXPECT_TRUE(same_bits(x.transpose(0, 1), x.transpose(0, 1).contiguous()));
}

TEST(Device, NamesGoBothWays) {
  for (const char* name : {"cpu", "sim", "cuda", "cuda:1"}) {
    EXPECT_EQ(to_string(device_named(name)), name);
  }
  EXPECT_EQ(message_of<InputError>([] { device_named("gpu"); }),
            "device: got \"gpu\", expected cpu, sim, cuda or cuda:N");
  for (const char* name : {"", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "cuda:99999999999"}) {
    EXPECT_THROW(device_named(name), InputError) << name;
  }
}

TEST(Device, SimSharesTheHostsMemory) {
  const Tensor x = Tensor::from<float>({1, 2, 3, 4}, {2, 2});
  const Tensor y = x.transpose(0, 1).to(Device{Backend::sim, 0});
  EXPECT_EQ(y.device(), (Device{Backend::sim, 0}));
  EXPECT_FALSE(y.shares_storage_with(x));
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{1, 3, 2, 4}));
  synchronize(y.device());
  EXPECT_EQ(current_stream(y.device()).device, y.device());
}

TEST(Device, AbsentOnesSayWhy) {
  EXPECT_THROW(Tensor::zeros({2}, DType::f32, {Backend::cpu, 1}), Unavailable);
  const std::string reason = why_cuda_unavailable(0);
  if (reason.empty()) {
    EXPECT_NO_THROW(synchronize({Backend::cuda, 0}));
    return;
  }
  const std::string message = message_of<Unavailable>([] {
    Tensor::zeros({2}, DType::f32, {Backend::cuda, 0});
  });
  EXPECT_NE(message.find(reason), std::string::npos) << message;
  EXPECT_TRUE(message.starts_with("device cuda: ")) << message;
  EXPECT_TRUE(message.ends_with("use cpu or sim") || message.ends_with("use device cpu") ||
              message.find("cmake -B build") != std::string::npos)
      << message;
  EXPECT_THROW(synchronize({Backend::cuda, 0}), Unavailable);
}

TEST(DType, NamesGoBothWays) {
  for (const DType dtype : {DType::f32, DType::f64, DType::i64, DType::boolean}) {
    EXPECT_EQ(dtype_named(name_of(dtype)), dtype);
  }
  EXPECT_EQ(size_of(DType::f32) + size_of(DType::f64) + size_of(DType::i64), 20u);
  EXPECT_EQ(message_of<InputError>([] { dtype_named("f16"); }),
            "type: got \"f16\", expected f32, f64, i64, bool or bf16");
  EXPECT_EQ(message_of([] { dispatch_floating(DType::i64, "tanh", [](auto) {}); }),
            "tanh: got i64, expected f32 or f64");
}

}  // namespace
}  // namespace heddle
