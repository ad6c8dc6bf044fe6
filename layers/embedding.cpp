#include "layers/embedding.h"

#include "autograd/ops.h"
#include "core/error.h"
#include "layers/initialise.h"

namespace heddle {

Embedding::Embedding(std::int64_t rows, std::int64_t width, const Generator& generator,
                     EmbeddingOptions options) {
  check(rows > 0 && width > 0, "Embedding: got ", rows, " rows of width ", width,
        "; expected at least 1 of each");
  Generator stream = generator.named("weight");
  weight = Variable(embedding_normal(rows, width, options.deviation, stream, options.dtype), true);
}

Variable Embedding::operator()(const Tensor& ids) const { return embedding(weight, ids); }

void Embedding::visit(Visitor& visitor) { visitor.parameter("weight", weight); }

}  // namespace heddle
