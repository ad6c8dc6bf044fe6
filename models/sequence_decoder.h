#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "autograd/variable.h"
#include "core/random.h"
#include "layers/visit.h"
#include "models/config.h"
#include "models/sequence_memory.h"

namespace heddle {

/// States of a target sequence, each made from the tokens before it and from a memory. All target
/// tokens are given at once in training (`operator()`); step by step, one token a time, in
/// generation. Both compute the same.
class SequenceDecoder {
 public:
  /// What is kept between steps: S sentences with `rows` hypotheses each, next to one another. A
  /// step costs as much as there are steps before it and keys in the memory, no more.
  class Steps {
   public:
    virtual ~Steps() = default;
    /// x [S · rows, width]: the embedded tokens → states [S · rows, width].
    virtual Variable next(const Variable& x) = 0;
    /// From here on row r goes on from what row parents[r] (i64 [S · rows]) was.
    virtual void choose(const Tensor& parents) = 0;
  };

  virtual ~SequenceDecoder() = default;
  /// x [steps, batch, width] → states [steps, batch, width]; state t sees x up to t.
  virtual Variable operator()(const Variable& x, const SequenceMemory& memory) = 0;
  /// `memory` [keys, S, width], of which each sentence's is shared by its rows. Records nothing.
  virtual std::unique_ptr<Steps> begin(const SequenceMemory& memory, std::int64_t rows) = 0;
  virtual void visit(Visitor& visitor) = 0;
};

/// The decoder `config` names. Errors (InputError): the width does not divide into the heads.
std::unique_ptr<SequenceDecoder> make_sequence_decoder(std::int64_t width,
                                                       const SequenceToSequenceConfig& config,
                                                       const Generator& generator, DType dtype);

}  // namespace heddle
