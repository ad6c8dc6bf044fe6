#pragma once

#include <string_view>
#include <vector>

#include "kernels/kernels.h"

namespace heddle::kernels {

/// One way to compute a family, from naive to best. Entries of the table that it does not have are
/// null.
template <typename Table>
struct KernelVersion {
  std::string_view name;  // "thread_per_row"
  /// Accuracy class of products of f32 numbers: "f32", "3xtf32", "tf32" or "bf16".
  std::string_view math;
  Table kernels;
};

// Each family twice: as CUDA, and run on the host.
namespace cuda {
#define HEDDLE_FAMILY(name, Table) \
  Table name##_kernels();          \
  const std::vector<KernelVersion<Table>>& name##_versions();
#include "kernels/gpu/families.def"
#undef HEDDLE_FAMILY
}  // namespace cuda

namespace sim {
#define HEDDLE_FAMILY(name, Table) \
  Table name##_kernels();          \
  const std::vector<KernelVersion<Table>>& name##_versions();
#include "kernels/gpu/families.def"
#undef HEDDLE_FAMILY
}  // namespace sim

}  // namespace heddle::kernels

// HEDDLE_VERSIONS(softmax, device): all versions of a family in the backend of `device`.
#if defined(HEDDLE_HAS_CUDA)
#define HEDDLE_VERSIONS(family, device)                                                       \
  ((device).backend == ::heddle::Backend::cuda ? ::heddle::kernels::cuda::family##_versions() \
                                               : ::heddle::kernels::sim::family##_versions())
#else
#define HEDDLE_VERSIONS(family, device) \
  (static_cast<void>(device), ::heddle::kernels::sim::family##_versions())
#endif
