#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/variable.h"

namespace heddle {

// The table of operations: a row for each, run through every check of
// tests/autograd/operation_test.cpp. A new operation needs a row, or case_table_test.cpp fails.

/// One way to call an operation.
struct Example {
  std::string name;
  /// Of any floating type and device: it follows its inputs.
  DifferentiableFunction function;
  Variables inputs;  // f64 leaves on the host; those with needs_grad are differentiated
  /// The same function composed of other operations; may be empty.
  DifferentiableFunction reference = nullptr;
  // Whether differences can tell derivatives: not from NaN outputs, or through rounding.
  bool first_order = true;
  bool second_order = true;
};

/// A call that must throw an Error whose message contains `message`.
struct WrongCall {
  std::string message;
  std::function<void()> call;
};

struct OperationCase {
  std::string name;
  /// What the examples put on the tape (besides other operations).
  std::vector<std::string> operations;
  std::vector<Example> examples;
  std::vector<WrongCall> wrong_calls;
};

/// All rows.
const std::vector<OperationCase>& operation_cases();

// The parts of the table, one file each.
std::vector<OperationCase> unary_cases();
std::vector<OperationCase> binary_cases();
std::vector<OperationCase> reduction_cases();
std::vector<OperationCase> shape_cases();
std::vector<OperationCase> product_cases();
std::vector<OperationCase> attention_cases();
std::vector<OperationCase> recurrence_cases();
std::vector<OperationCase> lookup_cases();
std::vector<OperationCase> picture_cases();
std::vector<OperationCase> regularisation_cases();
std::vector<OperationCase> loss_cases();

/// The example, too large for differences: its fast paths are held against its reference alone.
inline Example without_differences(Example example) {
  example.first_order = example.second_order = false;
  return example;
}

}  // namespace heddle
