#include <gtest/gtest.h>

#include <numeric>

#include "core/random.h"
#include "core/tensor.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

/// The elements one by one, through no copy kernel.
std::vector<double> elements_of(const Tensor& tensor) {
  const Tensor values = tensor.dtype() == DType::f32 ? tensor : tensor.to(DType::f32);
  const float* const first = values.data<float>();
  const std::int64_t count = values.elements();
  std::vector<double> result;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i;
    std::int64_t position = 0;
    for (int d = values.rank() - 1; d >= 0; --d) {
      position += rest % values.size(d) * values.strides()[d];
      rest /= values.size(d);
    }
    result.push_back(static_cast<double>(first[position]));
  }
  return result;
}

std::vector<Tensor> awkward_views() {
  Generator generator(5);
  const Tensor cube = random_uniform({7, 37, 41}, -1.0, 1.0, generator);
  const Tensor large = random_uniform({300, 500}, -1.0, 1.0, generator);
  return {cube,
          cube.transpose(0, 1),
          cube.transpose(1, 2),
          cube.permute({2, 0, 1}),
          cube.permute({2, 1, 0}),
          cube.slice(2, 3, -2, 3),
          cube.slice(1, 1, -1).transpose(0, 2),
          cube.select(1, 5).unsqueeze(1).expand({7, 9, 41}),
          cube.slice(0, 2, 3),
          large,
          large.transpose(0, 1),
          large.slice(0, 0, Tensor::end, 2).transpose(0, 1),
          Tensor::scalar(4.0).expand({3, 70000}),
          Tensor::scalar(4.0)};
}

TEST(Copy, EveryLayoutIsReadRight) {
  for (const Tensor& view : awkward_views()) {
    const std::vector<double> expected = elements_of(view);
    const Tensor copy = view.clone();
    EXPECT_TRUE(copy.is_contiguous());
    EXPECT_EQ(elements_of(copy), expected) << view.shape() << view.strides();
    EXPECT_EQ(elements_of(view.to(DType::f64)), expected) << view.shape() << view.strides();
  }
}

TEST(Copy, EveryLayoutIsWrittenRight) {
  for (const Tensor& view : awkward_views()) {
    const std::vector<double> expected = elements_of(view);
    const int rank = view.rank();
    Shape turned = view.shape();
    for (int d = 0; d < rank; ++d) {
      turned[d] = view.size(rank - 1 - d);
    }
    Dims back = Dims::filled(rank, 0);
    for (int d = 0; d < rank; ++d) {
      back[d] = rank - 1 - d;
    }
    Tensor target = Tensor::zeros(turned).permute(back);
    target.copy_(view);
    EXPECT_EQ(elements_of(target), expected) << view.shape() << view.strides();
  }
}

TEST(Copy, LeavesTheRestOfTheStorageAlone) {
  Tensor x = Tensor::zeros({4, 6});
  Tensor window = x.slice(0, 1, 3).slice(1, 1, Tensor::end, 2);
  window.copy_(Tensor::from<float>({1, 2, 3}, {3}));
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{0, 0, 0, 0, 0, 0,  //
                                                      0, 1, 0, 2, 0, 3,  //
                                                      0, 1, 0, 2, 0, 3,  //
                                                      0, 0, 0, 0, 0, 0}));
  window.fill_(9.0);
  EXPECT_EQ(x.select(0, 2).to_vector<float>(), (std::vector<float>{0, 9, 0, 9, 0, 9}));
}

TEST(Copy, OverlappingViewsOfOneStorage) {
  for (const std::int64_t shift : {1, 2, 50000}) {
    const std::int64_t count = 100000;
    const Tensor x = Tensor::arange(count + shift);
    Tensor forward = x.clone();
    forward.slice(0, shift).copy_(forward.slice(0, 0, count));
    EXPECT_TRUE(same_bits(forward.slice(0, shift), x.slice(0, 0, count)));
    Tensor backward = x.clone();
    backward.slice(0, 0, count).copy_(backward.slice(0, shift));
    EXPECT_TRUE(same_bits(backward.slice(0, 0, count), x.slice(0, shift)));
  }
  Tensor square = Tensor::arange(250000).reshape({500, 500});
  const Tensor expected = square.transpose(0, 1).clone();
  square.copy_(square.transpose(0, 1));
  EXPECT_TRUE(same_bits(square, expected));
}

TEST(Copy, ToItselfChangesNothingButTheVersion) {
  Tensor x = Tensor::arange(5);
  x.copy_(x);
  EXPECT_EQ(x.to_vector<std::int64_t>(), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(x.version(), 1);
}

TEST(Copy, BroadcastsAndConverts) {
  Tensor x = Tensor::zeros({2, 3}, DType::i64);
  x.copy_(Tensor::from<double>({1.9, -1.9}, {2, 1}));
  EXPECT_EQ(x.to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 1, 1, -1, -1, -1}));
}

TEST(Copy, ErrorsNameTheOperation) {
  Tensor x = Tensor::zeros({2, 3});
  EXPECT_EQ(message_of([&] {
              x.copy_(Tensor::zeros({2, 1, 3}), "assign");
            }),
            "assign: source is [2, 1, 3], which does not broadcast to [2, 3]");
  EXPECT_THROW(x.copy_(Tensor::zeros({2})), Error);
  Tensor repeated = Tensor::zeros({3}).expand({2, 3});
  EXPECT_EQ(message_of([&] { repeated.copy_(x); }),
            "copy_: dimension 0 of [2, 3] repeats one element (it was expanded); copy into "
            "contiguous() instead");
  EXPECT_EQ(message_of([&] { x.copy_(Tensor()); }), "copy_: the source is undefined");
}

TEST(Copy, ContiguousCopiesOnlyWhatIsNot) {
  const Tensor x = Tensor::zeros({2, 3});
  EXPECT_TRUE(x.contiguous().shares_storage_with(x));
  EXPECT_TRUE(x.slice(0, 1).contiguous().shares_storage_with(x));
  EXPECT_FALSE(x.transpose(0, 1).contiguous().shares_storage_with(x));
  EXPECT_TRUE(Tensor::zeros({1, 3}).transpose(0, 1).is_contiguous());
  EXPECT_TRUE(x.to(DType::f32).shares_storage_with(x));
}

}  // namespace
}  // namespace heddle
