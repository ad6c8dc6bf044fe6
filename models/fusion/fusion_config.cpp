#include "models/fusion/fusion_config.h"

#include <algorithm>
#include <cstddef>

#include "core/error.h"

namespace heddle {
namespace {

void check_size(const char* what, std::int64_t value, std::int64_t most) {
  check<InputError>(value >= 1 && value <= most, "model option fusion.", what, " is ", value,
                    "; expected 1 … ", most);
}

}  // namespace

const std::vector<std::string>& fusion_kind_names() {
  static const std::vector<std::string> names = {
      "concat",   "attention", "gated",        "tensor",      "low_rank",
      "bilinear", "memory",    "co_attention", "cross_modal", "late"};
  return names;
}

std::string_view name_of(FusionKind kind) {
  return fusion_kind_names().at(static_cast<std::size_t>(kind));
}

FusionKind fusion_kind_named(std::string_view name) {
  const std::vector<std::string>& names = fusion_kind_names();
  const auto found = std::find(names.begin(), names.end(), name);
  std::string known;
  for (const std::string& candidate : names) {
    known += concat(known.empty() ? "\"" : ", \"", candidate, "\"");
  }
  check<InputError>(found != names.end(), "fusion is \"", name, "\"; expected one of ", known);
  return static_cast<FusionKind>(found - names.begin());
}

bool reads_steps(const FusionConfig& config) {
  switch (config.kind) {
    case FusionKind::memory:
    case FusionKind::co_attention:
    case FusionKind::cross_modal:
      return true;
    case FusionKind::attention:
      return config.tokens == AttentionTokens::steps;
    case FusionKind::concat:
    case FusionKind::gated:
    case FusionKind::tensor:
    case FusionKind::low_rank:
    case FusionKind::bilinear:
    case FusionKind::late:
      break;
  }
  return false;
}

void check_fusion_config(const FusionConfig& config) {
  constexpr std::int64_t largest_size = 4096;
  constexpr std::int64_t most_layers = 64;
  check_size("width", config.width, largest_size);
  check_size("rank", config.rank, largest_size);
  check_size("factors", config.factors, largest_size);
  check_size("heads", config.heads, largest_size);
  check_size("layers", config.layers, most_layers);
  check<InputError>(config.dropout >= 0.0 && config.dropout < 1.0,
                    "model option fusion.dropout is ", config.dropout, "; expected 0 ≤ value < 1");
}

}  // namespace heddle
