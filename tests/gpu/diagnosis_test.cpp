// Kernels that are wrong, and what the executor says of them.

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "kernels/gpu/device/device.h"
#include "kernels/gpu/sim/sanitizers.h"
#include "kernels/gpu/sim/schedule.h"

namespace heddle::kernels::sim {
namespace {

Stream& stream() { return current_stream(Device{.backend = Backend::sim}); }

struct Case {
  const char* name;
  std::function<void()> run;
  std::vector<std::string> parts;  // of the message, all of them
};

__global__ void waits_in_two_words() {
  if (threadIdx.x < 7) {
    sync_warp();
  } else {
    sync_threads();
  }
}

__global__ void waits_at_two_barriers() {
  if (threadIdx.x < 32) {
    sync_threads();
  } else {
    sync_threads();
  }
}

__global__ void half_a_warp_shuffles(Row<float> y) {
  if (threadIdx.x < 16) {
    y(threadIdx.x) = shuffle_xor(full_mask, 1.0f, 1);
  } else {
    sync_threads();
  }
}

__global__ void shuffles_from_one_that_ended(Row<float> y) {
  if (threadIdx.x >= 16) {
    return;
  }
  y(threadIdx.x) = shuffle(full_mask, 1.0f, 20);
}

__global__ void calls_without_its_own_lane() { sync_warp(0x1u); }

__global__ void lanes_meet_in_different_words(Row<float> y) {
  if (threadIdx.x < 16) {
    y(threadIdx.x) = shuffle_xor(full_mask, 1.0f, 1);
  } else {
    sync_warp();
  }
}

__global__ void writes_one_too_far(Row<float> y) { y(threadIdx.x) = 1.0f; }

struct SmallShared {
  SharedArray<float, 64> value;
  SharedArray<double, 4, 8> table;
};

__global__ void uses_shared(Row<float> y) {
  auto& shared = shared_memory<SmallShared>();
  shared.value(static_cast<int>(threadIdx.x)) = 1.0f;
  sync_threads();
  y(threadIdx.x) = shared.value(static_cast<int>(threadIdx.x));
}

__global__ void reads_unwritten_shared(Row<float> y) {
  auto& shared = shared_memory<SmallShared>();
  if (threadIdx.x != 5) {
    shared.value(static_cast<int>(threadIdx.x)) = 1.0f;
  }
  sync_threads();
  y(threadIdx.x) = shared.value(static_cast<int>(threadIdx.x));
}

__global__ void leaves_a_shared_array() {
  shared_memory<SmallShared>().table(3, static_cast<int>(threadIdx.x)) = 1.0;
}

__global__ void throws_an_exception() {
  if (blockIdx.x == 1 && threadIdx.x == 3) {
    throw std::runtime_error("no more wool");
  }
}

__global__ void loads_a_crooked_vector(Row<const float> x) {
  static_cast<void>(load_vector<4>(x, threadIdx.x + 1));
}

__global__ void copies_crookedly(Row<const float> x) {
  auto& shared = shared_memory<SmallShared>();
  copy_async<16>(shared.value.address(4), x.address(1));
}

__global__ void forgets_to_wait(Row<const float> x, Row<float> y) {
  auto& shared = shared_memory<SmallShared>();
  copy_async<4>(shared.value.address(static_cast<int>(threadIdx.x)), x.address(threadIdx.x));
  commit_copies();
  sync_threads();
  y(threadIdx.x) = shared.value(static_cast<int>(threadIdx.x));
}

__global__ void syncs_the_grid() { sync_grid(); }

__global__ void waits_for_nothing(std::uint32_t* flag) { wait_flag(flag, 1); }

__global__ void one_block_leaves_the_grid() {
  if (blockIdx.x == 0) {
    sync_threads();
    if (threadIdx.x == 0) {
      sync_grid();
    } else {
      sync_warp();
    }
  }
}

__global__ void multiplies_with_half_a_warp() {
  MmaSum d{};
  mma(d, MmaBf16::A{}, MmaBf16::B{});
}

std::vector<Case> cases() {
  static const Tensor x = Tensor::zeros({64});
  static std::uint32_t flag = 0;
  const auto in = [] { return flat_of<float>(x.view()); };
  const auto out = [] { return flat_of<float>(x.output_view()); };
  constexpr std::size_t shared = sizeof(SmallShared);
  return {
      {"two_words",
       [] {
         launch(waits_in_two_words, Launch{"two_words", stream(), 1, 64});
       },
       {"two_words: block (0, 0, 0) of 64 threads is stuck:",
        "7 threads (first 0, last 6) wait at sync_warp (diagnosis_test.cpp:",
        "57 threads (first 7, last 63) wait at sync_threads (diagnosis_test.cpp:", "0 have ended"}},
      {"two_barriers",
       [] {
         launch(waits_at_two_barriers, Launch{"two_barriers", stream(), 1, 64});
       },
       {"diverged: its threads wait in different barriers", "32 threads (first 0, last 31)",
        "32 threads (first 32, last 63)"}},
      {"half_warp",
       [out] {
         launch(half_a_warp_shuffles, Launch{"half_warp", stream(), 1, 32}, out());
       },
       {"is stuck", "16 threads (first 0, last 15) wait at shuffle_xor",
        "16 threads (first 16, last 31) wait at sync_threads"}},
      {"ended_lane",
       [out] {
         launch(shuffles_from_one_that_ended, Launch{"ended_lane", stream(), 1, 32}, out());
       },
       {"ended_lane, block (0, 0, 0), thread (", "shuffle: reads lane 20, which is not in it"}},
      {"own_lane",
       [] {
         launch(calls_without_its_own_lane, Launch{"own_lane", stream(), 1, 2});
       },
       {"thread (1, 0, 0), diagnosis_test.cpp:",
        "the mask 0x1 does not name the lane that calls it, 1"}},
      {"two_words_of_a_warp",
       [out] {
         launch(lanes_meet_in_different_words, Launch{"words", stream(), 1, 32}, out());
       },
       {"diverged: lanes of one warp meet in different words", "sync_warp", "shuffle_xor"}},
      {"outside_a_view",
       [out] {
         launch(writes_one_too_far, Launch{"outside", stream(), 1, 65}, out());
       },
       {"outside, block (0, 0, 0), thread (64, 0, 0), diagnosis_test.cpp:",
        "element 64 is outside; expected 0 … 63"}},
      {"shared_too_small",
       [out] {
         launch(uses_shared, Launch{"small", stream(), 1, 64, 64}, out());
       },
       {"shared memory is too small: the kernel's struct has 512 bytes, the launch gives 64"}},
      {"unwritten_shared",
       [out] {
         launch(reads_unwritten_shared, Launch{"unwritten", stream(), 1, 64, shared}, out());
       },
       {"thread (5, 0, 0), diagnosis_test.cpp:",
        "reads shared memory that nothing has written, byte 20 of 512"}},
      {"outside_shared",
       [] {
         launch(leaves_a_shared_array, Launch{"outside_shared", stream(), 1, 9, shared});
       },
       {"thread (8, 0, 0)", "second shared index 8 is outside; expected 0 … 7"}},
      {"exception",
       [] {
         launch(throws_an_exception, Launch{"throwing", stream(), 2, 4});
       },
       {"throwing, block (1, 0, 0), thread (3, 0, 0): an exception left the kernel: no more wool"}},
      {"crooked_vector",
       [in] {
         launch(loads_a_crooked_vector, Launch{"crooked", stream(), 1, 1}, in());
       },
       {"a vector of 4 begins at no multiple of its 16 bytes"}},
      {"crooked_copy",
       [in] {
         launch(copies_crookedly, Launch{"crooked", stream(), 1, 1, shared}, in());
       },
       {"copy_async: an address is no multiple of 16"}},
      {"no_wait",
       [in, out] {
         launch(forgets_to_wait, Launch{"no_wait", stream(), 1, 32, shared}, in(), out());
       },
       {"reads shared memory that nothing has written"}},
      {"not_cooperative",
       [] {
         launch(syncs_the_grid, Launch{"not_cooperative", stream(), 2, 32});
       },
       {"sync_grid: the launch is not cooperative; expected Launch{.cooperative = true}"}},
      {"flag_alone",
       [] {
         launch(waits_for_nothing, Launch{"flag_alone", stream(), 1, 1}, &flag);
       },
       {"waits for a flag, but the launch is not cooperative"}},
      {"flag_never_set",
       [] {
         launch(waits_for_nothing,
                Launch{.kernel = "flag_never_set",
                       .stream = stream(),
                       .grid = 3,
                       .block = 1,
                       .cooperative = true},
                &flag);
       },
       {"flag_never_set: the grid is stuck: 0 blocks wait at sync_grid, 3 for flags that no block "
        "sets, 0 have ended"}},
      {"grid_and_warp",
       [] {
         launch(one_block_leaves_the_grid, Launch{.kernel = "grid_and_warp",
                                                  .stream = stream(),
                                                  .grid = 2,
                                                  .block = 32,
                                                  .cooperative = true});
       },
       {"is stuck", "wait at sync_grid", "wait at sync_warp"}},
      {"half_a_warp_multiplies",
       [] {
         launch(multiplies_with_half_a_warp, Launch{"half_mma", stream(), 1, 16});
       },
       {"mma bf16: needs all 32 lanes of a warp"}},
      {"large_block",
       [] {
         launch(waits_in_two_words, Launch{"large", stream(), 1, {1024, 2}});
       },
       {"large: block is (1024, 2, 1); expected 1 to 1024 threads"}},
      {"much_shared",
       [] {
         launch(waits_in_two_words, Launch{"much", stream(), 1, 32, std::size_t{1} << 20});
       },
       {"much: asks for 1048576 bytes of shared memory; a block has at most 232448"}},
  };
}

std::string message_of(const Case& one) {
  try {
    one.run();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing thrown";
}

/// What AddressSanitizer and ThreadSanitizer see themselves is not looked up twice.
bool bookkeeping_is_off(const Case& one) {
#if defined(HEDDLE_SIM_ASAN) || defined(HEDDLE_SIM_TSAN)
  return one.parts.back().find("nothing has written") != std::string::npos;
#else
  static_cast<void>(one);
  return false;
#endif
}

TEST(Diagnosis, SaysWhatIsWrongInEverySchedule) {
  for (const ::heddle::sim::Schedule& schedule :
       {::heddle::sim::Schedule{::heddle::sim::Order::forward},
        ::heddle::sim::Schedule{::heddle::sim::Order::reverse},
        ::heddle::sim::Schedule{::heddle::sim::Order::shuffled, 3}}) {
    const ::heddle::sim::ScheduleScope scope(schedule);
    for (const Case& one : cases()) {
      if (bookkeeping_is_off(one)) {
        continue;
      }
      const std::string message = message_of(one);
      for (const std::string& part : one.parts) {
        EXPECT_NE(message.find(part), std::string::npos)
            << one.name << ", " << to_string(schedule) << ": the message is\n  " << message
            << "\nexpected in it\n  " << part;
      }
    }
  }
}

TEST(Diagnosis, TheExecutorGoesOnAfterwards) {
  for (int round = 0; round < 20; ++round) {
    for (const Case& one : cases()) {
      if (!bookkeeping_is_off(one)) {
        EXPECT_NE(message_of(one), "nothing thrown") << one.name;
      }
    }
    const Tensor y = Tensor::zeros({64});
    launch(uses_shared, Launch{"uses_shared", stream(), 1, 64, sizeof(SmallShared)},
           flat_of<float>(y.output_view()));
    EXPECT_EQ(y.data<float>()[63], 1.0f);
  }
}

struct ReverseShared {
  SharedArray<float, 64> value;
};

template <bool with_barrier>
__global__ void reverse_upper_half(Row<const float> x, Row<float> y) {
  auto& shared = shared_memory<ReverseShared>();
  const int i = static_cast<int>(threadIdx.x);
  shared.value(i) = x(threadIdx.x);
  if (with_barrier) {
    sync_threads();
  }
  // The upper half alone reads what the lower half wrote.
  y(threadIdx.x) = i >= 32 ? static_cast<float>(shared.value(63 - i)) : 0.0f;
}

/// Whether the kernel gives what it should in this schedule.
bool reverses(bool with_barrier, const ::heddle::sim::Schedule& schedule) {
  const ::heddle::sim::ScheduleScope scope(schedule);
  const Tensor x = Tensor::arange(64).to(DType::f32);
  const Tensor y = Tensor::full({64}, -2);
  try {
    launch(with_barrier ? reverse_upper_half<true> : reverse_upper_half<false>,
           Launch{"reverse_upper_half", stream(), 1, 64, sizeof(ReverseShared)},
           flat_of<float>(x.view()), flat_of<float>(y.output_view()));
  } catch (const ::heddle::sim::KernelError&) {
    return false;  // read before it was written
  }
  for (std::int64_t i = 32; i < 64; ++i) {
    if (y.data<float>()[i] != static_cast<float>(63 - i)) {
      return false;
    }
  }
  return true;
}

TEST(Diagnosis, ARemovedBarrierShowsInOneScheduleAtLeast) {
  const std::vector<::heddle::sim::Schedule> schedules = {{::heddle::sim::Order::forward},
                                                          {::heddle::sim::Order::reverse},
                                                          {::heddle::sim::Order::shuffled, 7}};
  int wrong = 0;
  for (const ::heddle::sim::Schedule& schedule : schedules) {
    EXPECT_TRUE(reverses(true, schedule)) << to_string(schedule);
    wrong += reverses(false, schedule) ? 0 : 1;
  }
  EXPECT_TRUE(reverses(false, schedules[0])) << "forward order hides this one";
  EXPECT_GE(wrong, 1);
}

}  // namespace
}  // namespace heddle::kernels::sim
