#include <cstdio>

#include "core/processor.h"

const char* heddle::missing_instruction_set() noexcept { return "AVX2"; }

namespace {

struct Announcement {
  Announcement() { std::puts("another initialiser ran first"); }
};
const Announcement announcement;

}  // namespace

int main() {
  std::puts("main ran");
  return 0;
}
