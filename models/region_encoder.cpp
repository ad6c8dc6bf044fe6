#include "models/region_encoder.h"

#include "models/input_watch.h"

namespace heddle {

RegionEncoder::RegionEncoder(std::int64_t features, std::int64_t width, double dropout_,
                             const Generator& generator, DType dtype)
    : dropout(dropout_, generator.named("dropout")),
      linear(features, width, generator.named("linear"), {.dtype = dtype}) {}

EncodedSteps RegionEncoder::operator()(const Tensor& regions, const Tensor& lengths) {
  return {linear(dropout(InputWatch::seen(regions, Variable(regions)))), lengths, {}};
}

void RegionEncoder::visit(Visitor& visitor) {
  visitor.layer("dropout", dropout);
  visitor.layer("linear", linear);
}

}  // namespace heddle
