#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// How what the modalities say becomes one vector; formulas and papers are in the headers of
/// models/fusion.
enum class FusionKind : std::uint8_t {
  concat,
  attention,
  gated,
  tensor,
  low_rank,
  bilinear,
  memory,
  co_attention,
  cross_modal,
  late,
};
/// What additive attention chooses among.
enum class AttentionTokens : std::uint8_t { modalities, steps };
/// How the states of a cross-modal Transformer become one vector.
enum class StatePool : std::uint8_t { mean, last };
/// How the classifiers of late fusion are weighed.
enum class LateWeights : std::uint8_t { learned, equal };

struct FusionConfig {
  FusionKind kind = FusionKind::concat;
  AttentionTokens tokens = AttentionTokens::modalities;  // attention
  std::int64_t width = 12;                               // tensor: of each factor of the product
  std::int64_t rank = 4;                                 // low_rank
  std::int64_t factors = 5;                              // bilinear: products summed per number
  std::int64_t heads = 4;                                // cross_modal
  std::int64_t layers = 2;           // cross_modal: of each Transformer (across, then within)
  double dropout = 0.0;              // cross_modal: inside the Transformers
  StatePool pool = StatePool::mean;  // cross_modal
  LateWeights weights = LateWeights::learned;  // late
};

/// In the order of the enumerators.
const std::vector<std::string>& fusion_kind_names();
std::string_view name_of(FusionKind kind);
/// Errors (InputError): an unknown name; lists those there are.
FusionKind fusion_kind_named(std::string_view name);

/// Whether a fusion of this kind reads sequences where modalities have them; others take one vector
/// of each.
bool reads_steps(const FusionConfig& config);

/// Errors (InputError): an option out of range; says which and what is expected.
void check_fusion_config(const FusionConfig& config);

}  // namespace heddle
