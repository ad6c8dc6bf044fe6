#include <iostream>

#include "apps/commands.h"
#include "core/build_info.h"
#include "core/cuda_driver.h"
#include "core/parallel.h"
#include "kernels/kernels.h"
#include "train/machine.h"

namespace heddle {

namespace {

void print_driver() {
  const CudaDriver driver = cuda_driver();
  std::cout << "CUDA driver    ";
  if (driver.version > 0) {
    std::cout << "supports CUDA " << driver.version / 1000 << '.' << driver.version % 1000 / 10;
  }
  if (!driver.problem.empty()) {
    std::cout << (driver.version > 0 ? "; " : "none: ") << driver.problem;
  }
  std::cout << '\n';
  for (const std::string& device : driver.devices) {
    std::cout << "GPU            " << device << '\n';
  }
}

}  // namespace

int run(const DoctorCommand&) {
  const BuildInfo& build = build_info();
  std::cout << "heddle         " << build.version
            << (build.commit[0] != '\0' ? std::string(" (") + build.commit + ")" : "") << '\n'
            << "compiler       " << build.compiler << ", " << build.build_type << ", "
            << build.flags << '\n';
  if (build.sanitizers[0] != '\0') {
    std::cout << "sanitizers     " << build.sanitizers << '\n';
  }
  std::cout << "system         " << system_name() << '\n'
            << "processor      " << processor_name() << ", " << processor_count()
            << " cores for this process\n"
            << "threads        " << thread_count() << " (HEDDLE_THREADS or --threads changes it)\n"
            << "CUDA toolkit   "
            << (build.cuda_toolkit[0] != '\0' ? build.cuda_toolkit
                                              : "none in this build (see -DHEDDLE_CUDA=ON)")
            << '\n';
  print_driver();
  for (const Backend backend : {Backend::cpu, Backend::sim, Backend::cuda}) {
    const char* reason = why_unavailable({backend, 0});
    const bool works = reason == nullptr || *reason == '\0';
    std::cout << "backend " << name_of(backend) << std::string(7 - name_of(backend).size(), ' ')
              << (works ? "works" : std::string("does not work: ") + reason) << '\n';
  }
  return 0;
}

}  // namespace heddle
