#include <iostream>

#include "apps/commands.h"
#include "core/build_info.h"
#include "core/cuda_cards.h"
#include "core/cuda_driver.h"
#include "core/parallel.h"
#include "kernels/gpu/cublas.h"
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
  // A build with CUDA says more of each GPU, below.
  if (build_info().cuda_toolkit[0] == '\0') {
    for (const std::string& device : driver.devices) {
      std::cout << "GPU            " << device << '\n';
    }
  }
}

/// What this build can do with CUDA; nothing where it has none.
void print_cuda() {
  const BuildInfo& build = build_info();
  if (build.cuda_toolkit[0] == '\0') {
    std::cout << "CUDA toolkit   none in this build (see -DHEDDLE_CUDA=ON)\n";
    return;
  }
  std::cout << "CUDA toolkit   " << build.cuda_toolkit << ", code for sm "
            << build.cuda_architectures << '\n'
            << "cuBLAS         " << cublas_version() << '\n';
}

void print_cards() {
  int index = 0;
  for (const CudaCard& card : cuda_cards()) {
    const std::string name = to_string(Device{Backend::cuda, index++});
    std::cout << "GPU " << name << std::string(name.size() < 11 ? 11 - name.size() : 1, ' ')
              << card.name << ", sm_" << card.major << card.minor;
    if (card.problem.empty()) {
      std::cout << ", " << (card.free_bytes >> 20) << " MiB free of " << (card.total_bytes >> 20);
    } else {
      std::cout << "; cannot be used: " << card.problem;
    }
    std::cout << '\n';
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
            << "threads        " << thread_count() << " (HEDDLE_THREADS or --threads changes it)\n";
  print_cuda();
  print_driver();
  print_cards();
  for (const Backend backend : {Backend::cpu, Backend::sim, Backend::cuda}) {
    const char* reason = why_unavailable({backend, 0});
    const bool works = reason == nullptr || *reason == '\0';
    std::cout << "backend " << name_of(backend) << std::string(7 - name_of(backend).size(), ' ')
              << (works ? "works" : std::string("does not work: ") + reason) << '\n';
  }
  return 0;
}

}  // namespace heddle
