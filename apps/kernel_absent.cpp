// What a build without the backend sim says of `heddle kernel`.

#include "apps/commands.h"
#include "core/error.h"
#include "kernels/kernels.h"

namespace heddle {

std::vector<std::string> kernel_size_names() { return {}; }

int run(const KernelCommand&) { fail<Unavailable>("kernel: ", why_unavailable({Backend::sim})); }

}  // namespace heddle
