// Scaled dot product attention.

#include "autograd/ops.h"
#include "bench/gpu/opponents.h"
#include "bench/operation.h"

namespace heddle::bench {
namespace {

struct Shapes {
  std::int64_t batch, heads, steps, width;
};

Case attention_case(const Shapes& of, bool causal, bool backward) {
  const auto scores = static_cast<double>(of.batch * of.heads * of.steps * of.steps);
  const auto numbers = static_cast<double>(of.batch * of.heads * of.steps * of.width);
  return case_of({
      .sizes = {{"batch", of.batch},
                {"heads", of.heads},
                {"queries", of.steps},
                {"width", of.width},
                {"causal", causal ? 1 : 0}},
      .backward = backward,
      // q, k, v → out; backward q, k, v, out, dout → dq, dk, dv. Half the scores where causal.
      .bytes = 4 * numbers * (backward ? 12 : 4),
      .operations =
          (causal ? 0.5 : 1.0) * scores * static_cast<double>(of.width) * (backward ? 14 : 4),
      .function =
          [causal](const Variables& inputs) {
            return attention(inputs[0], inputs[1], inputs[2], {}, {}, causal);
          },
      .inputs =
          [=] {
            const Shape shape{of.batch, of.heads, of.steps, of.width};
            return std::vector<Tensor>{drawn(shape, 1), drawn(shape, 2), drawn(shape, 3)};
          },
      .opponents = [causal](
                       const std::shared_ptr<Operation>& ours,
                       const Setting& setting) { return cudnn_attentions(ours, causal, setting); },
  });
}

}  // namespace

const std::string_view family = "attention";

std::vector<Case> cases(Device device) {
  std::vector<Case> all;
  if (device.backend == Backend::cuda) {
    for (const Shapes& of : {Shapes{64, 8, 50, 64}, Shapes{64, 8, 128, 64}, Shapes{64, 8, 512, 64},
                             Shapes{8, 8, 512, 64}, Shapes{8, 8, 1024, 64}, Shapes{64, 8, 256, 64},
                             Shapes{8, 8, 50, 64}, Shapes{8, 8, 128, 64}, Shapes{8, 8, 256, 64},
                             Shapes{64, 8, 1024, 64}}) {
      for (const bool backward : {false, true}) {
        all.push_back(attention_case(of, false, backward));
        if (of.batch == 64 && (of.steps == 128 || of.steps == 512)) {
          all.push_back(attention_case(of, true, backward));
        }
      }
    }
    return all;
  }
  for (const bool backward : {false, true}) {
    all.push_back(attention_case({32, 8, 128, 64}, false, backward));
    all.push_back(attention_case({32, 8, 128, 64}, true, backward));
    all.push_back(attention_case({64, 8, 50, 64}, false, backward));
  }
  return all;
}

}  // namespace heddle::bench
