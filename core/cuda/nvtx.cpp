#include <nvtx3/nvToolsExt.h>

#include "core/nvtx_range.h"

namespace heddle {

NvtxRange::NvtxRange(const char* name) { nvtxRangePushA(name); }
NvtxRange::~NvtxRange() { nvtxRangePop(); }

}  // namespace heddle
