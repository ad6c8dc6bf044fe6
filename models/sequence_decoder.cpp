#include "models/sequence_decoder.h"

#include "models/lstm_decoder.h"
#include "models/transformer_decoder.h"

namespace heddle {

std::unique_ptr<SequenceDecoder> make_sequence_decoder(std::int64_t width,
                                                       const SequenceToSequenceConfig& config,
                                                       const Generator& generator, DType dtype) {
  if (config.decoder == SequenceCoderKind::lstm) {
    return std::make_unique<LstmDecoder>(width, config, generator, dtype);
  }
  return std::make_unique<TransformerDecoder>(width, config, generator, dtype);
}

}  // namespace heddle
