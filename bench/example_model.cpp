#include "bench/example_model.h"

#include <cmath>

#include "autograd/ops.h"
#include "bench/draw.h"

namespace heddle::bench {
namespace {

constexpr std::int64_t width = 300;
constexpr std::int64_t hidden = 128;

}  // namespace

ExampleModel::ExampleModel(const Generator& generator, ExampleReading reading)
    : embedding(words, width, generator.named("1")),
      lstm(width, hidden, generator.named("2"), {.bidirectional = true}),
      image_projection(image_width, hidden, generator.named("3")),
      fusion(3 * hidden, hidden, generator.named("4")),
      output(hidden, 2, generator.named("6")) {
  if (reading == ExampleReading::time) {
    attention.emplace(hidden, generator.named("5"));
  } else {
    text_projection.emplace(2 * hidden, hidden, generator.named("5"));
  }
}

Variable ExampleModel::operator()(const Tensor& ids, const Tensor& image, const Tensor& lengths) {
  const LstmResult read = lstm(embedding(ids), lengths);
  const Variable picture = image_projection(Variable(image));
  if (attention.has_value()) {
    return output((*attention)(fusion(read.y, picture), lengths).values);
  }
  const Variable sentence = final_states(read);
  const Variable fused = fusion(concat({sentence, picture}, 1));
  const Variable tokens = stack({(*text_projection)(sentence), picture}, 1);  // [batch, 2, hidden]
  const Variable query = reshape(fused, {fused.size(0), 1, hidden});
  const Variable scores =
      sum(tokens * query, {2}) * (1.0 / std::sqrt(static_cast<double>(hidden)));  // [batch, 2]
  const Variable shares = reshape(softmax(scores), {fused.size(0), 2, 1});
  return output(fused + sum(tokens * shares, {1}));
}

void ExampleModel::visit(Visitor& visitor) {
  visitor.layer("embedding", embedding);
  visitor.layer("lstm", lstm.layers.front());
  visitor.layer("image", image_projection);
  visitor.layer("fusion", fusion);
  if (attention.has_value()) {
    visitor.layer("attention", *attention);
  } else {
    visitor.layer("text", *text_projection);
  }
  visitor.layer("output", output);
}

ExampleBatch example_batch(bool ragged) {
  constexpr std::int64_t time = 50;
  constexpr std::int64_t batch = 64;
  ExampleBatch made{drawn_ids({time, batch}, ExampleModel::words, 11),
                    drawn({batch, ExampleModel::image_width}, 12),
                    drawn_ids({batch}, 2, 13),
                    {}};
  if (ragged) {
    made.lengths = drawn_ids({batch}, time - 4, 14);
    auto* const values = made.lengths.mutable_data<std::int64_t>();
    for (std::int64_t i = 0; i < batch; ++i) {
      values[i] += 5;
    }
  }
  return made;
}

}  // namespace heddle::bench
