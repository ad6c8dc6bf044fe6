// Convolutions of 3 × 3, and a small network of them: conv 3 → 32, relu, pool, conv 32 → 64, relu,
// pool, linear to 10 classes, cross-entropy.

#include "autograd/ops.h"
#include "bench/operation.h"
#include "bench/torch.h"

namespace heddle::bench {
namespace {

constexpr ConvOptions same_size{.padding_rows = 1, .padding_cols = 1};

Case conv_case(std::int64_t channels, std::int64_t filters, std::int64_t size, bool backward) {
  constexpr std::int64_t batch = 64;
  const auto places = static_cast<double>(batch * size * size);
  const auto c = static_cast<double>(channels);
  const auto f = static_cast<double>(filters);
  return case_of({
      .sizes = {{"batch", batch}, {"channels", channels}, {"filters", filters}, {"size", size}},
      .backward = backward,
      // x, weight → y; backward x, weight, dy → dx, dweight.
      .bytes = 4 * (places * (c + f) * (backward ? 3 : 1) + 9 * c * f * (backward ? 3 : 1)),
      .operations = 2 * 9 * places * c * f * (backward ? 3 : 1),
      .function = [](const Variables& in) { return conv2d(in[0], in[1], in[2], same_size); },
      .inputs =
          [=] {
            return std::vector<Tensor>{drawn({batch, channels, size, size}, 1),
                                       drawn({filters, channels, 3, 3}, 2, 0.2),
                                       drawn({filters}, 3, 0.1)};
          },
  });
}

Variable network_loss(const Variables& in) {
  const Variable first = max_pool2d(relu(conv2d(in[0], in[1], in[2], same_size)));
  const Variable second = max_pool2d(relu(conv2d(first, in[3], in[4], same_size)));
  const Variable logits = linear(reshape(second, {in[0].size(0), -1}), in[5], in[6]);
  return cross_entropy(logits, in[7].value());
}

/// Gradients of the weights alone are asked for, as in training.
Case network_case() {
  constexpr std::int64_t batch = 64;
  return case_of({
      .sizes = {{"batch", batch}, {"side", 32}},
      .backward = true,
      .bytes = 0,
      .operations = 2.0 * 9 * batch * (2 * 3 * 32 * 32.0 * 32 + 3 * 32 * 64 * 16.0 * 16) +
                    6.0 * batch * 4096 * 10,
      .function = network_loss,
      .inputs =
          [] {
            return std::vector<Tensor>{drawn({batch, 3, 32, 32}, 1), drawn({32, 3, 3, 3}, 2, 0.3),
                                       drawn({32}, 3, 0.1),          drawn({64, 32, 3, 3}, 4, 0.1),
                                       drawn({64}, 5, 0.1),          drawn({10, 4096}, 6, 0.02),
                                       drawn({10}, 7, 0.1),          drawn_ids({batch}, 10, 8)};
          },
      .without_gradient = {0},
      .name = "network 3 → 32 → 64, 32 × 32, batch 64",
  });
}

}  // namespace

const std::string_view family = "conv";

std::vector<Case> cases(Device /*device*/) {
  std::vector<Case> all;
  for (const bool backward : {false, true}) {
    all.push_back(conv_case(3, 32, 32, backward));
    all.push_back(conv_case(32, 64, 16, backward));
    all.push_back(conv_case(64, 128, 8, backward));
  }
  all.push_back(network_case());
  return all;
}

}  // namespace heddle::bench
