#include "autograd/ops.h"
#include "autograd/ops/adjoints.h"
#include "tests/support/cases.h"
#include "tests/support/samples.h"

namespace heddle {
namespace {

/// index [..] → [.., count]: 1 where the last place is the index.
Variable one_hot(const Tensor& index, std::int64_t count, const Variable& like) {
  const Tensor places = Tensor::arange(count).to(like.device());
  const Tensor hit = compare(CompareOp::equal, beside(index, like).unsqueeze(index.rank()), places);
  return Variable(hit.to(like.dtype()));
}

OperationCase embedding_case() {
  const auto look_up = [](const Tensor& ids) -> DifferentiableFunction {
    return [ids](const Variables& in) -> Variables {
      return {square(embedding(in[0], beside(ids, in[0])))};
    };
  };
  const Tensor ids = integers({2, 0, 2, 1, 2, 0}, {2, 3});
  return {
      .name = "embedding",
      .operations = {"embedding"},
      .examples = {{"repeated ids",
                    look_up(ids),
                    {leaf({4, 2}, 1)},
                    [ids](const Variables& in) -> Variables {
                      return {square(matmul(one_hot(ids, 4, in[0]), in[0]))};
                    }},
                   {"strided ids", look_up(ids.transpose(0, 1)), {leaf({3, 2}, 2)}},
                   {"every second id", look_up(ids.flatten().slice(0, 0, 6, 2)), {leaf({3, 2}, 5)}},
                   {"one id", look_up(integers({1}, {})), {leaf({3, 2}, 3)}},
                   {"no ids", look_up(Tensor::empty({0, 2}, DType::i64)), {leaf({3, 2}, 4)}}},
      .wrong_calls = {{"3",
                       [ids] {
                         embedding(zeros_of({2, 4}), integers({0, 3}, {2}));
                       }},
                      {"-1",
                       [ids] {
                         embedding(zeros_of({2, 4}), integers({-1}, {1}));
                       }},
                      {"embedding: table is [4]; expected [rows, width]",
                       [ids] { embedding(zeros_of({4}), ids); }},
                      {"embedding: ids is [2] f32; expected [2] i64", [] {
                         embedding(zeros_of({4, 2}), Tensor::zeros({2}));
                       }}}};
}

OperationCase gather_case() {
  const auto look_up = [](const Tensor& index, int dim) -> DifferentiableFunction {
    return [index, dim](const Variables& in) -> Variables {
      return {square(gather(in[0], beside(index, in[0]), dim))};
    };
  };
  const Tensor index = integers({2, 0, 2, 2, 1, 1}, {2, 3});
  return {
      .name = "gather",
      .operations = {"gather"},
      .examples = {{"last, repeated",
                    look_up(index, 1),
                    {leaf({2, 4}, 1)},
                    [index](const Variables& in) -> Variables {
                      const Variable x = reshape(in[0], in[0].shape().inserted(1, 1));
                      return {square(sum(one_hot(index, in[0].size(1), in[0]) * x, {2}))};
                    }},
                   {"first", look_up(index, 0), {leaf({3, 3}, 2)}},
                   {"middle, broadcast index",
                    look_up(index.unsqueeze(0).expand({2, 2, 3}), 1),
                    {leaf({2, 3, 3}, 3)}},
                   {"nothing", look_up(Tensor::empty({2, 0}, DType::i64), 1), {leaf({2, 3}, 4)}}},
      .wrong_calls = {{"3",
                       [] {
                         gather(zeros_of({2, 3}), integers({0, 3}, {2, 1}), 1);
                       }},
                      {"gather: index is [3, 1] i64; expected [2, 1] i64",
                       [] {
                         gather(zeros_of({2, 3}), integers({0, 1, 2}, {3, 1}), 1);
                       }},
                      {"gather: x is [2, 3] but index has another rank",
                       [] {
                         gather(zeros_of({2, 3}), integers({0}, {1}), 1);
                       }},
                      {"gather: index is [2, 1] f32", [] {
                         gather(zeros_of({2, 3}), Tensor::zeros({2, 1}), 1);
                       }}}};
}

}  // namespace

std::vector<OperationCase> lookup_cases() {
  const Tensor ids = integers({2, 0, 2}, {3});
  return {embedding_case(),
          {.name = "embedding_gradient",
           .operations = {"embedding_gradient"},
           .examples = {{"repeated ids",
                         [ids](const Variables& in) -> Variables {
                           return {square(embedding_gradient(in[0], beside(ids, in[0]), 4))};
                         },
                         {leaf({3, 2}, 1)},
                         [ids](const Variables& in) -> Variables {
                           const Variable hits = one_hot(ids, 4, in[0]);
                           return {square(matmul(transpose(hits, 0, 1), in[0]))};
                         }}},
           .wrong_calls = {}},
          gather_case(),
          {.name = "scatter_add",
           .operations = {"scatter_add"},
           .examples = {{"repeated index",
                         [ids](const Variables& in) -> Variables {
                           return {square(scatter_add(in[0], beside(ids, in[0]), 0, 4))};
                         },
                         {leaf({3}, 1)},
                         [ids](const Variables& in) -> Variables {
                           const Variable hits = one_hot(ids, 4, in[0]);
                           return {square(reshape(matmul(reshape(in[0], {1, 3}), hits), {4}))};
                         }}},
           .wrong_calls = {{"scatter_add: index is [3] i64; expected [2] i64",
                            [ids] { scatter_add(zeros_of({2}), ids, 0, 4); }}}}};
}

}  // namespace heddle
