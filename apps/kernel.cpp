// heddle kernel: runs one version of a CUDA kernel on the host and prints what a profiler would
// count.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "apps/commands.h"
#include "core/error.h"
#include "kernels/examples/examples.h"
#include "kernels/gpu/sim/picture.h"
#include "kernels/gpu/sim/profile.h"

namespace heddle {

namespace {

Sizes sizes_of(const KernelExample& example, const KernelCommand& command) {
  Sizes sizes = example.sizes;
  for (const auto& [name, value] : command.sizes) {
    const auto found = sizes.find(name);
    if (found == sizes.end()) {
      std::string known;
      for (const auto& [one, size] : sizes) {
        known += concat(known.empty() ? "--" : ", --", one, " ", size);
      }
      fail<UsageError>("kernel ", example.family, " has no size \"", name, "\"; it has ", known);
    }
    found->second = value;
  }
  return sizes;
}

void list_families() {
  for (const KernelExample& example : kernel_examples()) {
    std::cout << example.family << ':';
    for (const auto& [name, value] : example.sizes) {
      std::cout << " --" << name << ' ' << value;
    }
    std::cout << "\n ";
    for (const ExampleCall& call : example.calls(example.sizes, DType::f32, {Backend::sim})) {
      std::cout << ' ' << call.version << " (" << call.math << ')';
    }
    std::cout << '\n';
  }
}

const ExampleCall& version_of(const std::vector<ExampleCall>& calls, const std::string& family,
                              const std::string& version) {
  std::string known;
  for (const ExampleCall& call : calls) {
    if (call.version == version) {
      return call;
    }
    known += (known.empty() ? "" : ", ") + call.version;
  }
  fail<UsageError>("kernel ", family, " has no version \"", version, "\"; it has ", known);
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  check<InputError>(static_cast<bool>(file.flush()), path.string(), ": could not be written");
}

/// folder/softmax-online-global.svg and …-shared.svg, where the kernels reach shared memory.
void write_pictures(const std::vector<sim::LaunchProfile>& kernels, const KernelCommand& command,
                    const std::string& version) {
  std::error_code problem;
  std::filesystem::create_directories(command.svg, problem);
  check<InputError>(!problem, command.svg, ": the folder could not be made: ", problem.message());
  const char* const direction = command.backward ? "backward" : "forward";
  const std::string stem =
      concat(command.family, '-', version, command.backward ? "-backward" : "");
  for (const sim::Space space : {sim::Space::global, sim::Space::shared}) {
    if (const sim::LineAccess* const worst = sim::worst_line(kernels, space)) {
      const bool is_global = space == sim::Space::global;
      const std::filesystem::path path = std::filesystem::path(command.svg) /
                                         concat(stem, is_global ? "-global.svg" : "-shared.svg");
      write_file(path,
                 sim::to_svg(*worst, concat(command.family, ", version ", version, ", ", direction,
                                            is_global ? ": global memory" : ": shared memory")));
      std::cout << "written: " << path.string() << '\n';
    }
  }
}

}  // namespace

std::vector<std::string> kernel_size_names() {
  std::set<std::string> names;
  for (const KernelExample& example : kernel_examples()) {
    for (const auto& [name, value] : example.sizes) {
      names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

int run(const KernelCommand& command) {
  if (command.family.empty()) {
    list_families();
    return 0;
  }
  const KernelExample& example = example_of(command.family);
  const Sizes sizes = sizes_of(example, command);
  const DType dtype = dtype_named(command.dtype);
  const std::vector<ExampleCall> calls = example.calls(sizes, dtype, {Backend::sim});
  check<UsageError>(!calls.empty(), "kernel ", command.family, " has no versions");
  const ExampleCall& call = version_of(
      calls, command.family, command.version.empty() ? calls.back().version : command.version);
  const std::function<void()>& body = command.backward ? call.backward : call.forward;
  check<UsageError>(static_cast<bool>(body), "kernel ", command.family, ": version ", call.version,
                    " has no ", command.backward ? "backward" : "forward", " kernel");
  sim::Profile profile;
  {
    const sim::RecordScope scope(profile);
    body();
  }
  const std::vector<sim::LaunchProfile> kernels = profile.kernels();
  const Work work = example.work(sizes, dtype, command.backward);
  std::string title = concat(command.family, ", version ", call.version, ", ",
                             command.backward ? "backward" : "forward", ", ", dtype);
  for (const auto& [name, value] : sizes) {
    title += concat(", ", name, ' ', value);
  }
  std::cout << title << "\nat least, whatever the version: " << work.bytes << " bytes, "
            << work.operations << " floating-point operations\n\n"
            << to_text(kernels);
  if (!command.html.empty()) {
    write_file(command.html, to_html(kernels, title));
  }
  if (!command.svg.empty()) {
    write_pictures(kernels, command, call.version);
  }
  return 0;
}

}  // namespace heddle
