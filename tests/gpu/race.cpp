// A kernel whose barrier was removed, and the same with it, for tests/gpu/check_races.sh to run
// under ThreadSanitizer:  heddle_race with|without forward|reverse|shuffled

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "core/tensor.h"
#include "kernels/gpu/device/device.h"
#include "kernels/gpu/sim/schedule.h"

namespace heddle::kernels::sim {
namespace {

struct ReverseShared {
  SharedArray<float, 64> value;
};

template <bool with_barrier>
__global__ void reverse(Row<const float> x, Row<float> y) {
  auto& shared = shared_memory<ReverseShared>();
  const int i = static_cast<int>(threadIdx.x);
  shared.value(i) = x(threadIdx.x);  // line of the store
  if (with_barrier) {
    sync_threads();
  }
  y(threadIdx.x) = shared.value(63 - i);  // line of the load
}

int run(bool with_barrier) {
  const Tensor x = Tensor::arange(64).to(DType::f32);
  const Tensor y = Tensor::zeros({64});
  Stream& stream = current_stream(Device{.backend = Backend::sim});
  launch(with_barrier ? reverse<true> : reverse<false>,
         Launch{"reverse", stream, 1, 64, sizeof(ReverseShared)}, flat_of<float>(x.view()),
         flat_of<float>(y.output_view()));
  return 0;
}

}  // namespace
}  // namespace heddle::kernels::sim

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "expected: with|without forward|reverse|shuffled\n";
    return 2;
  }
  const std::string_view order = arguments[2];
  const heddle::sim::ScheduleScope scope({order == "forward"   ? heddle::sim::Order::forward
                                          : order == "reverse" ? heddle::sim::Order::reverse
                                                               : heddle::sim::Order::shuffled});
  return heddle::kernels::sim::run(std::string_view(arguments[1]) == "with");
}
