// Views against a naive map from index to value, kept as an explicit list of positions.
#include "core/view.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/random.h"
#include "core/tensor.h"
#include "tests/core/throws.h"

namespace heddle {
namespace {

/// An array that stores, for each of its elements in row-major order, the number it shows.
struct NaiveArray {
  Shape shape;
  std::vector<std::int64_t> values;

  static NaiveArray counting(const Shape& shape) {
    NaiveArray array{shape,
                     std::vector<std::int64_t>(static_cast<std::size_t>(element_count(shape)))};
    std::iota(array.values.begin(), array.values.end(), std::int64_t{0});
    return array;
  }

  std::int64_t at(const Dims& index) const {
    std::int64_t position = 0;
    for (int d = 0; d < shape.rank(); ++d) {
      position = position * shape[d] + index[d];
    }
    return values[static_cast<std::size_t>(position)];
  }

  /// The array of `to` whose element at index i is this one's at source(i).
  template <typename Source>
  NaiveArray mapped(const Shape& to, const Source& source) const {
    NaiveArray result{to, {}};
    Dims index = Dims::filled(to.rank(), 0);
    for (std::int64_t i = 0; i < element_count(to); ++i) {
      std::int64_t rest = i;
      for (int d = to.rank() - 1; d >= 0; --d) {
        index[d] = rest % to[d];
        rest /= to[d];
      }
      result.values.push_back(at(source(index)));
    }
    return result;
  }
};

void expect_same(const Tensor& tensor, const NaiveArray& naive) {
  ASSERT_EQ(tensor.shape(), naive.shape);
  EXPECT_EQ(tensor.to_vector<std::int64_t>(), naive.values);
}

TEST(View, TransposeAndPermute) {
  const Tensor x = Tensor::arange(24).reshape({2, 3, 4});
  const NaiveArray naive = NaiveArray::counting({2, 3, 4});
  expect_same(x.transpose(0, -1), naive.mapped({4, 3, 2}, [](const Dims& i) {
    return Dims{i[2], i[1], i[0]};
  }));
  expect_same(x.permute({1, -1, 0}), naive.mapped({3, 4, 2}, [](const Dims& i) {
    return Dims{i[2], i[0], i[1]};
  }));
}

TEST(View, SliceTakesStepsAndNegativeBounds) {
  const Tensor x = Tensor::arange(30).reshape({5, 6});
  const NaiveArray naive = NaiveArray::counting({5, 6});
  expect_same(x.slice(1, 1, -1, 2), naive.mapped({5, 2}, [](const Dims& i) {
    return Dims{i[0], 1 + 2 * i[1]};
  }));
  expect_same(x.slice(0, -2), naive.mapped({2, 6}, [](const Dims& i) {
    return Dims{3 + i[0], i[1]};
  }));
  expect_same(x.slice(-1, 0, Tensor::end, 100), naive.mapped({5, 1}, [](const Dims& i) {
    return Dims{i[0], 0};
  }));
  expect_same(x.slice(0, 1, 5, 2).slice(1, 5).slice(0, 1), naive.mapped({1, 1}, [](const Dims&) {
    return Dims{3, 5};
  }));
  EXPECT_EQ(x.slice(0, 3, 3).shape(), (Shape{0, 6}));
  EXPECT_EQ(x.slice(0, 5).shape(), (Shape{0, 6}));
  EXPECT_EQ(x.slice(0, 4, 1).elements(), 0);
}

TEST(View, SelectExpandSqueezeUnsqueeze) {
  const Tensor x = Tensor::arange(6).reshape({2, 3});
  const NaiveArray naive = NaiveArray::counting({2, 3});
  expect_same(x.select(1, -1), naive.mapped({2}, [](const Dims& i) { return Dims{i[0], 2}; }));
  expect_same(x.unsqueeze(1).expand({4, 2, 5, 3}), naive.mapped({4, 2, 5, 3}, [](const Dims& i) {
    return Dims{i[1], i[3]};
  }));
  EXPECT_EQ(x.unsqueeze(-1).shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(x.unsqueeze(0).squeeze(0).shape(), x.shape());
  EXPECT_EQ(Tensor::scalar(2.0).unsqueeze(0).shape(), (Shape{1}));
}

TEST(View, ReshapeIsAViewWhereStridesAllow) {
  const Tensor x = Tensor::arange(24).reshape({2, 3, 4});
  EXPECT_TRUE(x.reshape({6, -1}).shares_storage_with(x));
  EXPECT_TRUE(x.slice(0, 1).reshape({3, 2, 2, 1}).shares_storage_with(x));
  EXPECT_TRUE(x.slice(2, 0, 4, 2).reshape({6, 2}).shares_storage_with(x));
  EXPECT_TRUE(x.transpose(1, 2).reshape({2, 4, 3, 1}).shares_storage_with(x));
  const Tensor turned = x.transpose(0, 1).reshape({-1});
  EXPECT_FALSE(turned.shares_storage_with(x));
  expect_same(turned, NaiveArray::counting({2, 3, 4}).mapped({24}, [](const Dims& i) {
    return Dims{i[0] / 4 % 2, i[0] / 8, i[0] % 4};
  }));
}

TEST(View, RandomChainsOfViewsAgree) {
  Generator generator(11);
  for (int round = 0; round < 300; ++round) {
    const Shape start{static_cast<std::int64_t>(1 + generator.below(4)),
                      static_cast<std::int64_t>(1 + generator.below(4)),
                      static_cast<std::int64_t>(1 + generator.below(4))};
    Tensor x = Tensor::arange(element_count(start)).reshape(start);
    NaiveArray naive = NaiveArray::counting(start);
    for (int step = 0; step < 4; ++step) {
      const int rank = x.rank();
      const int dim = static_cast<int>(generator.below(static_cast<std::uint64_t>(rank)));
      const int other = static_cast<int>(generator.below(static_cast<std::uint64_t>(rank)));
      switch (generator.below(4)) {
        case 0: {
          x = x.transpose(dim, other);
          naive = naive.mapped(x.shape(), [&](Dims i) {
            std::swap(i[dim], i[other]);
            return i;
          });
          break;
        }
        case 1: {
          const auto begin = static_cast<std::int64_t>(
              generator.below(static_cast<std::uint64_t>(x.size(dim)) + 1));
          const auto stride = static_cast<std::int64_t>(1 + generator.below(3));
          x = x.slice(dim, begin, Tensor::end, stride);
          naive = naive.mapped(
              x.shape(), [&](const Dims& i) { return i.replaced(dim, begin + stride * i[dim]); });
          break;
        }
        case 2: {
          const Shape flat{x.elements()};
          x = x.reshape(flat).reshape(x.shape());
          break;
        }
        default: {
          if (rank < Dims::max_rank) {
            const std::int64_t repeats = static_cast<std::int64_t>(generator.below(3));
            x = x.unsqueeze(0).expand(x.shape().inserted(0, repeats));
            naive = naive.mapped(x.shape(), [&](const Dims& i) { return i.erased(0); });
          }
        }
      }
      expect_same(x, naive);
    }
  }
}

TEST(View, ErrorsSayWhatIsWrong) {
  const Tensor x = Tensor::zeros({2, 3});
  EXPECT_EQ(message_of([&] { x.slice(1, 4); }),
            "slice: begin is 4 in dimension 1 of size 3; expected -3 to 3");
  EXPECT_EQ(message_of([&] { x.slice(0, 0, -3); }),
            "slice: end is -3 in dimension 0 of size 2; expected -2 to 2");
  EXPECT_EQ(message_of([&] { x.slice(0, 0, 2, 0); }), "slice: got step 0, expected 1 or more");
  EXPECT_EQ(message_of([&] {
              x.reshape({4, 2});
            }),
            "reshape: [2, 3] has 6 elements but [4, 2] has 8");
  EXPECT_EQ(message_of([&] {
              x.reshape({4, -1});
            }),
            "reshape: [2, 3] has 6 elements, which [4, -1] does not divide into");
  EXPECT_EQ(message_of([&] { x.reshape({-1, -1}); }), "reshape: [-1, -1] has more than one -1");
  EXPECT_THROW(Tensor::zeros({0}).reshape({0, -1}), Error);
  EXPECT_EQ(message_of([&] {
              x.permute({0, -2});
            }),
            "permute: order [0, -2] names dimension 0 twice");
  EXPECT_EQ(message_of([&] { x.permute({0}); }),
            "permute: order [0] has 1 entries but the tensor is [2, 3]");
  EXPECT_EQ(message_of([&] { x.select(0, 2); }),
            "select: got index 2 in dimension 0 of shape [2, 3]");
  EXPECT_EQ(message_of([&] {
              x.expand({3, 3});
            }),
            "expand: [2, 3] cannot become [3, 3]: size 2 is neither 1 nor 3");
  EXPECT_EQ(message_of([&] { x.squeeze(0); }),
            "squeeze: dimension 0 of [2, 3] has size 2, expected 1");
  EXPECT_EQ(message_of([] { Tensor::scalar(1.0).slice(0, 0); }),
            "slice: got dimension 0 of a tensor of rank 0; it has no dimensions");
  EXPECT_EQ(message_of([] { Tensor().reshape({1}); }), "reshape: the tensor is undefined");
}

TEST(View, TypedViewsCheckRankAndType) {
  const Tensor x = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  const Matrix<const float> turned = matrix_of<float>(x.transpose(0, 1).view(), "matmul");
  EXPECT_EQ(turned.rows, 3);
  EXPECT_EQ(turned(2, 1), 5.0f);
  EXPECT_EQ(turned.row(1)(1), 4.0f);
  EXPECT_EQ(row_of<float>(x.select(1, 1).view(), "bias")(1), 4.0f);
  EXPECT_EQ(batch_of<float>(x.unsqueeze(0).view(), "batch")[0](1, 0), 3.0f);
  EXPECT_EQ(message_of([&] { row_of<float>(x.view(), "bias"); }),
            "bias: got shape [2, 3], expected rank 1");
  EXPECT_EQ(message_of([&] { matrix_of<double>(x.view(), "matmul"); }),
            "matmul: got f32, expected f64");
}

}  // namespace
}  // namespace heddle
