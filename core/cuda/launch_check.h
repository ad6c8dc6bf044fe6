#pragma once

#include "core/stream.h"

namespace heddle::cuda {

/// To be called after each kernel was started. Errors: the start was refused. With HEDDLE_SYNC=1 in
/// the environment it also waits for the kernel (not in a capture), so that the error is the
/// kernel's own; names the kernel.
void after_launch(const char* kernel, const Stream& stream);

/// What HEDDLE_SYNC says, unless set here.
void set_sync(bool sync);

}  // namespace heddle::cuda
