#include "core/view.h"

namespace heddle {

bool ConstView::is_contiguous() const {
  std::int64_t expected = 1;
  bool dense = true;
  for (int d = rank() - 1; d >= 0; --d) {
    if (shape[d] == 0) {
      return true;
    }
    dense = dense && (shape[d] == 1 || strides[d] == expected);
    expected *= shape[d];
  }
  return dense;
}

}  // namespace heddle
