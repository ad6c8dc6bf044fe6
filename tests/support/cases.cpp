#include "tests/support/cases.h"

#include <iterator>
#include <utility>

namespace heddle {

const std::vector<OperationCase>& operation_cases() {
  static const std::vector<OperationCase> all = [] {
    std::vector<OperationCase> rows;
    for (const auto part :
         {unary_cases, binary_cases, reduction_cases, shape_cases, product_cases, attention_cases,
          recurrence_cases, lookup_cases, picture_cases, regularisation_cases, loss_cases}) {
      std::vector<OperationCase> more = part();
      std::move(more.begin(), more.end(), std::back_inserter(rows));
    }
    return rows;
  }();
  return all;
}

}  // namespace heddle
