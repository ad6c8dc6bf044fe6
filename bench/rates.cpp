#include "bench/rates.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <vector>

#include "core/cuda_driver.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/tensor.h"
#include "train/machine.h"

#if defined(HEDDLE_HAS_CUDA)
#include "bench/gpu/calibration.h"
#endif

namespace heddle::bench {
namespace {

double best_of(int rounds, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) {
    const auto begin = Clock::now();
    work();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return *std::min_element(seconds.begin(), seconds.end());
}

using Packet [[gnu::vector_size(32)]] = float;

/// `steps` multiply-adds of ten independent packets, which stay in registers.
[[gnu::noinline]] float multiply_add_chains(std::int64_t steps, float factor, float term) {
  const Packet by = Packet{} + factor;
  const Packet plus = Packet{} + term;
  // All different, or the compiler would see that one chain does for all.
  Packet a = plus, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6, h = a + 7;
  Packet i = a + 8, j = a + 9;
  for (std::int64_t step = 0; step < steps; ++step) {
    // Named one by one: an array of packets would be kept in memory.
    a = __builtin_ia32_vfmaddps256(a, by, plus);
    b = __builtin_ia32_vfmaddps256(b, by, plus);
    c = __builtin_ia32_vfmaddps256(c, by, plus);
    d = __builtin_ia32_vfmaddps256(d, by, plus);
    e = __builtin_ia32_vfmaddps256(e, by, plus);
    f = __builtin_ia32_vfmaddps256(f, by, plus);
    g = __builtin_ia32_vfmaddps256(g, by, plus);
    h = __builtin_ia32_vfmaddps256(h, by, plus);
    i = __builtin_ia32_vfmaddps256(i, by, plus);
    j = __builtin_ia32_vfmaddps256(j, by, plus);
  }
  const Packet all = a + b + c + d + e + f + g + h + i + j;
  return all[0] + all[7];
}

Rates host_rates(int threads) {
  Rates rates;
  constexpr std::int64_t tile_bytes = std::int64_t{4} << 20;
  const std::int64_t tiles = 64;
  std::vector<char> from(static_cast<std::size_t>(tiles * tile_bytes), 1);
  std::vector<char> to(from.size());
  const double copy = best_of(7, [&] {
    parallel_for(tiles, [&](std::int64_t tile) {
      std::memcpy(to.data() + tile * tile_bytes, from.data() + tile * tile_bytes,
                  static_cast<std::size_t>(tile_bytes));
    });
  });
  rates.copy_bytes_per_second = 2.0 * static_cast<double>(from.size()) / copy;

  constexpr std::int64_t steps = 1'000'000;
  std::vector<float> results(static_cast<std::size_t>(threads));
  const double chains = best_of(15, [&] {
    parallel_for(threads, [&](std::int64_t tile) {
      results[static_cast<std::size_t>(tile)] = multiply_add_chains(steps, 0.5f, 1.0f);
    });
  });
  check(results.front() > 0.0f, "rates: the multiply-adds gave ", results.front());
  rates.operations_per_second = 2.0 * 8 * 10 * static_cast<double>(steps) * threads / chains;
  return rates;
}

#if defined(HEDDLE_HAS_CUDA)
Rates card_rates(Device device) {
  Rates rates;
  Stream& stream = current_stream(device);
  constexpr std::int64_t numbers = std::int64_t{1} << 28;
  const Tensor from = Tensor::zeros({numbers}, DType::f32, device);
  Tensor to = Tensor::zeros({numbers}, DType::f32, device);
  const auto timed = [&](const std::function<void()>& work) {
    work();
    synchronize(device);
    return best_of(7, [&] {
      work();
      synchronize(device);
    });
  };
  rates.copy_bytes_per_second = 8.0 * static_cast<double>(numbers) / timed([&] { to.copy_(from); });
  const Tensor out = Tensor::zeros({1}, DType::f32, device);
  double operations = 0;
  const double seconds = timed([&] {
    operations = kernels::cuda::calibration().products(stream, 65536, out.output_view());
  });
  rates.operations_per_second = operations / seconds;
  return rates;
}
#endif

}  // namespace

Rates measure_rates(const Setting& setting) {
#if defined(HEDDLE_HAS_CUDA)
  if (setting.device.backend == Backend::cuda) {
    return card_rates(setting.device);
  }
#endif
  return host_rates(setting.threads);
}

std::string machine_name(Device device) {
  const CudaDriver driver = cuda_driver();
  return device.backend == Backend::cuda && !driver.devices.empty()
             ? concat(driver.devices.front(), ", CUDA ", driver.version / 1000, '.',
                      driver.version % 1000 / 10)
             : concat(processor_name(), ", ", processor_count(), " cores, ", system_name());
}

double percent_of_peak(const Rates& rates, double bytes, double operations, double seconds) {
  const double least =
      std::max(bytes / rates.copy_bytes_per_second, operations / rates.operations_per_second);
  return 100.0 * least / seconds;
}

}  // namespace heddle::bench
