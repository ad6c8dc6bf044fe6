// The table in tests/support/cases.h is complete: an operation written in autograd/ops without a
// row fails here.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "autograd/tape.h"
#include "tests/support/cases.h"

namespace heddle {
namespace {

/// The names in `Operation op("name", …` of all pages.
std::set<std::string> names_in_sources() {
  std::set<std::string> names;
  const std::regex pattern("\\bOperation\\s+\\w+\\(\\s*\"([^\"]+)\"");
  const std::filesystem::path folder = std::filesystem::path(HEDDLE_SOURCE_DIR) / "autograd/ops";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".cpp") {
      continue;
    }
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const std::string page = text.str();
    for (std::sregex_iterator match(page.begin(), page.end(), pattern), end; match != end;
         ++match) {
      names.insert((*match)[1]);
    }
  }
  return names;
}

std::set<std::string> names_on_tape(const OperationCase& row) {
  std::set<std::string> names;
  for (const Example& example : row.examples) {
    Tape tape;
    example.function(example.inputs);
    for (const char* name : tape.names()) {
      names.insert(name);
    }
  }
  return names;
}

TEST(CaseTable, EveryRowRunsWhatItIsAbout) {
  for (const OperationCase& row : operation_cases()) {
    const std::set<std::string> found = names_on_tape(row);
    EXPECT_FALSE(row.operations.empty()) << row.name;
    for (const std::string& operation : row.operations) {
      EXPECT_TRUE(found.contains(operation)) << row.name << " never runs " << operation;
    }
  }
}

TEST(CaseTable, EveryOperationHasARow) {
  std::set<std::string> covered;
  for (const OperationCase& row : operation_cases()) {
    covered.insert(row.operations.begin(), row.operations.end());
  }
  const std::set<std::string> written = names_in_sources();
  EXPECT_GE(written.size(), 50u) << "the pages were not found";
  for (const std::string& name : written) {
    EXPECT_TRUE(covered.contains(name))
        << "operation \"" << name << "\" has no row in tests/support/*_cases.cpp";
  }
  for (const std::string& name : covered) {
    EXPECT_TRUE(written.contains(name)) << "no page in autograd/ops makes \"" << name << "\"";
  }
}

TEST(CaseTable, RowsHaveExamplesAndDifferentNames) {
  std::set<std::string> names;
  for (const OperationCase& row : operation_cases()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " is there twice";
    EXPECT_FALSE(row.examples.empty()) << row.name;
  }
}

}  // namespace
}  // namespace heddle
