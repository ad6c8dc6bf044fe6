#include <exception>
#include <iostream>
#include <new>

#include "apps/command_line.h"
#include "core/error.h"

namespace {

// Exit codes; `heddle --help` lists them.
constexpr int failed = 1;
constexpr int bad_usage = 2;
constexpr int out_of_memory = 3;
constexpr int bad_input = 4;
constexpr int numeric_failure = 5;

int complain(const char* what, int code) {
  std::cerr << "heddle: " << what << '\n';
  return code;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return heddle::run_command_line(count, arguments);
  } catch (const heddle::UsageError& error) {
    return complain(error.what(), bad_usage);
  } catch (const heddle::OutOfMemory& error) {
    return complain(error.what(), out_of_memory);
  } catch (const heddle::InputError& error) {
    return complain(error.what(), bad_input);
  } catch (const heddle::NumericError& error) {
    return complain(error.what(), numeric_failure);
  } catch (const std::bad_alloc&) {
    return complain("out of memory", out_of_memory);
  } catch (const std::exception& error) {
    return complain(error.what(), failed);
  }
}
