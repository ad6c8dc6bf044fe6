#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "apps/command_options.h"
#include "apps/commands.h"

namespace heddle {

void add_kernel(CLI::App& app, KernelCommand& command, Chosen& chosen) {
  CLI::App* kernel =
      app.add_subcommand("kernel", "Run a CUDA kernel on the host and count what a profiler would");
  kernel->add_option("family", command.family, "Kernel family (none: lists them)");
  kernel->add_option("--version", command.version, "Version (default: the last of the ladder)");
  kernel->add_option("--dtype", command.dtype, "f32, f64 or bf16")->capture_default_str();
  kernel->add_flag("--backward", command.backward, "The backward kernel");
  kernel->add_option("--html", command.html, "Write a page with pictures of the accesses");
  kernel->add_option("--svg", command.svg,
                     "Folder for pictures of the worst access to global and to shared memory");
  for (const std::string& name : kernel_size_names()) {
    kernel
        ->add_option_function<std::int64_t>(
            "--" + name,
            [&command, name](const std::int64_t& value) {
              command.sizes.emplace_back(name, value);
            },
            "Size, of the families that list it")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 31))
        ->group("Sizes");
  }
  kernel->footer(
      "Examples:\n"
      "  heddle kernel\n"
      "  heddle kernel softmax --version online --rows 64 --cols 1000\n"
      "  heddle kernel matmul --version naive --m 64 --n 64 --k 64 --html naive.html\n"
      "  heddle kernel softmax --version thread_per_row --svg pictures");
  kernel->callback([&] { chosen = [&] { return run(command); }; });
}

void add_bench(CLI::App& app, BenchReportCommand& command, Chosen& chosen) {
  CLI::App* bench = app.add_subcommand("bench", "Look at benchmarks");
  bench->require_subcommand(1);
  CLI::App* report = bench->add_subcommand(
      "report", "One HTML page of benchmark rows and ladders: ratios, rooflines, what was lost");
  report->add_option("files", command.files, "Files that ./dev bench --out or heddle_ladder wrote")
      ->required();
  report->add_option("--html", command.html, "The page to write")->required();
  report->footer(
      "Examples:\n"
      "  heddle bench report rows.json --html bench.html\n"
      "  heddle bench report rows.json ladder.json --html bench.html");
  report->callback([&] { chosen = [&] { return run(command); }; });
}

void add_small_commands(CLI::App& app, InspectCommand& inspect, ShowCommand& show,
                        TasksCommand& tasks, Chosen& chosen) {
  CLI::App* file = app.add_subcommand("inspect", "What is in a safetensors file");
  file->add_option("file", inspect.file, "A .safetensors file")->required();
  file->add_flag("--strict", inspect.strict,
                 "What the format advises against, and tensors without checksum, are errors");
  file->footer("Example:\n  heddle inspect out/demo/best.safetensors");
  file->callback([&] { chosen = [&] { return run(inspect); }; });

  CLI::App* data = app.add_subcommand("data", "Look at data");
  data->require_subcommand(1);
  CLI::App* look = data->add_subcommand("show", "One sample: words, picture, sound, label");
  look->add_option("sample", show.sample, "Name or number of the sample")->capture_default_str();
  look->add_option("--config", show.config, "Configuration whose data to show (default: built-in)");
  look->add_option("--seed", show.seed, "Seed of the built-in data")->capture_default_str();
  look->footer(
      "Examples:\n  heddle data show 17\n  heddle data show --config configs/mosi/bclstm.toml 5");
  look->callback([&] { chosen = [&] { return run(show); }; });

  CLI::App* list =
      app.add_subcommand("tasks", "The tasks there are, and whether their data are there");
  list->add_option("--configs", tasks.configs, "Folder of the configurations")
      ->capture_default_str();
  list->add_flag("--json", tasks.json, "Print JSON");
  list->footer("Example:\n  heddle tasks");
  list->callback([&] { chosen = [&] { return run(tasks); }; });

  CLI::App* doctor =
      app.add_subcommand("doctor", "Processor, threads, CUDA, and which backends work and why not");
  doctor->callback([&] { chosen = [] { return run(DoctorCommand{}); }; });
}

}  // namespace heddle
