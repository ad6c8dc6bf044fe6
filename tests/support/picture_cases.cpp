#include "autograd/ops.h"
#include "autograd/ops/references.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

Variable third_or_none(const Variables& in) { return in.size() > 2 ? in[2] : Variable(); }

Example conv_example(const char* name, const ConvOptions& options, Variables leaves) {
  return {name,
          [options](const Variables& in) -> Variables {
            return {conv2d(in[0], in[1], third_or_none(in), options)};
          },
          std::move(leaves),
          [options](const Variables& in) -> Variables {
            return {conv2d_reference({in[0], in[1], third_or_none(in)}, options)};
          }};
}

OperationCase conv2d_case() {
  OperationCase row{.name = "conv2d", .operations = {"conv2d"}, .examples = {}, .wrong_calls = {}};
  row.examples = {
      conv_example("plain", {}, {leaf({2, 2, 3, 3}, 1), leaf({2, 2, 2, 2}, 2), leaf({2}, 3)}),
      conv_example("padding", {.padding_rows = 1, .padding_cols = 2},
                   {leaf({1, 1, 3, 2}, 4), leaf({2, 1, 3, 3}, 5), leaf({2}, 6)}),
      conv_example("stride", {.stride_rows = 2, .stride_cols = 3},
                   {leaf({1, 2, 4, 5}, 7), leaf({1, 2, 2, 2}, 8), leaf({1}, 9)}),
      conv_example("dilation", {.padding_cols = 1, .dilation_rows = 2, .dilation_cols = 2},
                   {leaf({1, 1, 4, 4}, 10), leaf({2, 1, 2, 2}, 11)}),
      conv_example("1 by 1", {}, {leaf({2, 3, 2, 2}, 12), leaf({2, 3, 1, 1}, 13), leaf({2}, 14)}),
      conv_example("no batch", {}, {leaf({0, 1, 3, 3}, 15), leaf({2, 1, 2, 2}, 16), leaf({2}, 17)}),
      without_differences(conv_example(
          "larger", {.stride_cols = 2, .padding_rows = 2, .padding_cols = 1},
          {leaf({3, 5, 17, 13}, 21), leaf({9, 5, 5, 3}, 22, -0.3, 0.3), leaf({9}, 23)})),
      {"one dimension",
       [](const Variables& in) -> Variables { return {conv1d(in[0], in[1], in[2], 2, 1)}; },
       {leaf({2, 2, 5}, 18), leaf({2, 2, 3}, 19), leaf({2}, 20)},
       [](const Variables& in) -> Variables {
         const Variable y =
             conv2d_reference({reshape(in[0], {2, 2, 1, 5}), reshape(in[1], {2, 2, 1, 3}), in[2]},
                              {.stride_cols = 2, .padding_cols = 1});
         return {reshape(y, y.shape().erased(2))};
       }}};
  const Variable x = zeros_of({1, 2, 3, 3});
  row.wrong_calls = {
      {"conv2d: x is [1, 2, 3, 3] but weight is [4, 3, 2, 2]; expected weight [filters, 2,",
       [x] {
         conv2d(x, zeros_of({4, 3, 2, 2}), {});
       }},
      {"conv2d: x is [2, 3, 3]; expected [batch, channels, rows, cols]",
       [] {
         conv2d(zeros_of({2, 3, 3}), zeros_of({4, 2, 2, 2}), {});
       }},
      {"conv2d: weight is [4, 2, 2, 2] but bias is [2]; expected [4]",
       [x] {
         conv2d(x, zeros_of({4, 2, 2, 2}), zeros_of({2}));
       }},
      {"conv2d: a kernel of 5 rows (dilation 1) does not fit into 3 rows with padding 0",
       [x] {
         conv2d(x, zeros_of({4, 2, 5, 2}), {});
       }},
      {"conv2d: stride of cols is 0",
       [x] {
         conv2d(x, zeros_of({4, 2, 2, 2}), {}, {.stride_cols = 0});
       }},
      {"conv2d: padding of rows is -1",
       [x] {
         conv2d(x, zeros_of({4, 2, 2, 2}), {}, {.padding_rows = -1});
       }},
      {"conv2d: dilation of rows is 4611686018427387904",
       [x] {
         conv2d(x, zeros_of({4, 2, 2, 2}), {}, {.dilation_rows = std::int64_t{1} << 62});
       }},
      {"conv1d: x is [2, 3]", [] {
         conv1d(zeros_of({2, 3}), zeros_of({2, 3, 1}), {});
       }}};
  return row;
}

using Pool = Variable (*)(const Variable&, const PoolOptions&, Where);
using Pool1d = Variable (*)(const Variable&, std::int64_t, std::int64_t, std::int64_t, Where);
using PoolReference = Variable (*)(const Variables&, const PoolOptions&);

OperationCase pool_case(const char* name, Pool pool, Pool1d pool1d, PoolReference reference) {
  OperationCase row{.name = name, .operations = {name}, .examples = {}, .wrong_calls = {}};
  const auto example = [&](const char* what, const PoolOptions& options, const Shape& shape) {
    row.examples.push_back(
        {what,
         [=](const Variables& in) -> Variables {
           return {square(pool(in[0], options, Where::current()))};
         },
         {leaf_of_distinct(shape, row.examples.size() + 1)},
         [=](const Variables& in) -> Variables { return {square(reference(in, options))}; }});
  };
  example("2 by 2", {}, {2, 2, 4, 4});
  example("overlapping, padded",
          {.kernel_rows = 3,
           .kernel_cols = 2,
           .stride_rows = 2,
           .stride_cols = 1,
           .padding_rows = 1,
           .padding_cols = 1},
          {1, 2, 5, 3});
  example("rest left over", {}, {1, 1, 3, 5});
  example("no batch", {}, {0, 2, 4, 4});
  example("larger", {.kernel_rows = 3, .kernel_cols = 3, .padding_rows = 1}, {3, 5, 21, 19});
  row.examples.back().inputs = {leaf({3, 5, 21, 19}, 1)};
  row.examples.back() = without_differences(row.examples.back());
  row.examples.push_back({"one dimension",
                          [=](const Variables& in) -> Variables {
                            return {square(pool1d(in[0], 3, 2, 1, Where::current()))};
                          },
                          {leaf_of_distinct({2, 2, 5}, 9)}});
  const std::string prefix = std::string(name) + ": ";
  row.wrong_calls = {{prefix + "x is [2, 3]",
                      [=] {
                        pool(zeros_of({2, 3}), {}, Where::current());
                      }},
                     {prefix + "a kernel of 2 rows (dilation 1) does not fit into 1 rows",
                      [=] {
                        pool(zeros_of({1, 1, 1, 4}), {}, Where::current());
                      }},
                     {prefix + "padding is 2, 0 for a kernel of 2, 2; expected at most half",
                      [=] {
                        pool(zeros_of({1, 1, 4, 4}), {.padding_rows = 2}, Where::current());
                      }},
                     {"expected [batch, channels, length]",
                      [=] { pool1d(zeros_of({4}), 2, 2, 0, Where::current()); }}};
  return row;
}

}  // namespace

std::vector<OperationCase> picture_cases() {
  return {conv2d_case(), pool_case("max_pool2d", max_pool2d, max_pool1d, max_pool2d_reference),
          pool_case("average_pool2d", average_pool2d, average_pool1d, average_pool2d_reference)};
}

}  // namespace heddle
