#include "bench/options.h"

#include <sstream>

#include "bench/torch.h"
#include "core/error.h"
#include "train/machine.h"

namespace heddle::bench {

const char* const usage = R"(Measures a kernel family beside its opponents, in turns.

  --device NAME     cpu (default) or cuda
  --threads LIST    numbers of threads, such as 1,2 (default: as many as there are cores)
  --math LIST       accuracy classes of ours, of f32, tf32, bf16, such as f32,bf16 (default f32)
  --case REGEX      only cases whose name and direction match
  --rounds N        turns of each contender (default 7; on cuda 5)
  --seconds S       length of a turn (default 0.05; on cuda 0.01)
  --minutes M       begins no case after so many minutes; those left are listed as not measured
  --torch PYTHON    a Python that has PyTorch, as an opponent; may be given more than once
  --torch-modes LIST  on cuda: of eager,graph,compile,compile+graph (default all)
  --alone           no opponents
  --out FILE        rows as JSON; rows of other families that are in FILE stay
  --list            names of the cases, nothing is measured
)";

namespace {

std::vector<std::string> parts_of(const std::string& name, const std::string& list) {
  std::vector<std::string> parts;
  std::stringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) {
    parts.push_back(part);
  }
  check<UsageError>(!parts.empty(), name, ": got nothing, expected a list such as a,b");
  return parts;
}

int thread_count_in(const std::string& list, const std::string& part) {
  try {
    std::size_t read = 0;
    const int number = std::stoi(part, &read);
    check<UsageError>(read == part.size() && number >= 1, "");
    return number;
  } catch (const std::exception&) {
    fail<UsageError>("--threads ", list, ": expected whole numbers from 1, such as 1,2");
  }
}

double number_in(const std::string& name, const std::string& value) {
  try {
    const double number = std::stod(value);
    check<UsageError>(number > 0, "");
    return number;
  } catch (const std::exception&) {
    fail<UsageError>(name, ' ', value, ": expected a number above 0");
  }
}

/// One option that has a value. `rounds` and `seconds` stay 0 until they are given.
void read_option(const std::string& name, const std::string& value, Options& options) {
  if (name == "--device") {
    options.device = device_named(value);
  } else if (name == "--threads") {
    for (const std::string& part : parts_of(name, value)) {
      options.threads.push_back(thread_count_in(value, part));
    }
  } else if (name == "--math") {
    options.math.clear();
    for (const std::string& part : parts_of(name, value)) {
      options.math.push_back(math_named(part));
    }
  } else if (name == "--case") {
    options.pattern = value;
  } else if (name == "--rounds") {
    options.effort.rounds = static_cast<int>(number_in(name, value));
  } else if (name == "--seconds") {
    options.effort.seconds = number_in(name, value);
  } else if (name == "--minutes") {
    options.minutes = number_in(name, value);
  } else if (name == "--torch") {
    add_torch(value);
  } else if (name == "--torch-modes") {
    choose_torch_modes(parts_of(name, value));
  } else if (name == "--out") {
    options.out = value;
  } else {
    fail<UsageError>(name, ": unknown option\n", usage);
  }
}

/// A graph of many calls needs fewer and shorter turns than a host that others use too.
void fill_in_effort(Options& options) {
  const Effort usual = options.device.backend == Backend::cuda ? Effort{5, 0.01} : Effort{};
  if (options.effort.rounds == 0) {
    options.effort.rounds = usual.rounds;
  }
  if (options.effort.seconds == 0) {
    options.effort.seconds = usual.seconds;
  }
}

}  // namespace

Options options_of(int count, char** arguments) {
  Options options;
  options.effort = {0, 0};
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name == "--alone" || name == "--list") {
      (name == "--alone" ? options.alone : options.list) = true;
      continue;
    }
    if (name == "--help") {
      options.help = true;
      return options;
    }
    check<UsageError>(i + 1 < count, name, ": unknown, or a value is missing\n", usage);
    read_option(name, arguments[++i], options);
  }
  if (options.threads.empty()) {
    options.threads = {processor_count()};
  }
  fill_in_effort(options);
  return options;
}

}  // namespace heddle::bench
