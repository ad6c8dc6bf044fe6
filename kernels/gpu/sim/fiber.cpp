#include "kernels/gpu/sim/fiber.h"

#include <pthread.h>
#include <sys/mman.h>

#include <cstdint>

#include "core/error.h"
#include "kernels/gpu/sim/sanitizers.h"

#if !defined(__x86_64__)
#error "the switch between fibers is written for x86-64"
#endif

extern "C" void heddle_sim_switch(void** save, void* to);

// Saves the registers a function must keep, changes stacks, and goes on where the other stack
// stopped. A jump instead of ret: the processor would mispredict a return to another stack's
// caller.
asm(R"(
.text
.hidden heddle_sim_switch
.globl heddle_sim_switch
.type heddle_sim_switch,@function
heddle_sim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  popq %rcx
  jmp *%rcx
.size heddle_sim_switch,.-heddle_sim_switch
)");

namespace heddle::sim {
namespace {

constexpr std::size_t page = 4096;
#if defined(HEDDLE_SIM_ASAN) || defined(HEDDLE_SIM_TSAN)
constexpr std::size_t stack_bytes = std::size_t{256} << 10;
#else
constexpr std::size_t stack_bytes = std::size_t{64} << 10;
#endif

/// Tops at different places in their pages, so that many stacks do not compete for the same cache
/// sets.
std::size_t stagger() {
  static thread_local std::size_t next = 0;
  return 64 * (next++ % 31);
}

}  // namespace

// NOLINTNEXTLINE(modernize-use-equals-default): with a sanitizer it is not empty
Fiber::Fiber() {
#ifdef HEDDLE_SIM_ASAN
  pthread_attr_t attributes;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &base_, &bytes_);
  pthread_attr_destroy(&attributes);
#endif
#ifdef HEDDLE_SIM_TSAN
  sanitizer_fiber_ = __tsan_get_current_fiber();
#endif
}

Fiber::Fiber(void (*entry)()) : entry_(entry), bytes_(stack_bytes), owned_(true) {
  base_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
               -1, 0);
  check<OutOfMemory>(base_ != MAP_FAILED,
                     "sim: no memory for the stack of one more thread of a "
                     "kernel; launch smaller blocks");
  mprotect(base_, page, PROT_NONE);  // an overflow stops here
  reset();
#ifdef HEDDLE_SIM_TSAN
  sanitizer_fiber_ = __tsan_create_fiber(0);
#endif
}

HEDDLE_SIM_NO_TSAN Fiber::~Fiber() {
  if (owned_) {
#ifdef HEDDLE_SIM_TSAN
    if (hide_depth_ > 0) {
      // Given up inside the executor. Hiding ends, which TSan asks for, and what the thread did
      // comes before what its launcher does next: the second switch states that.
      void* const running = __tsan_get_current_fiber();
      __tsan_switch_to_fiber(sanitizer_fiber_, __tsan_switch_to_fiber_no_sync);
      const int of_running = hide_depth;
      hide_depth = hide_depth_;
      while (hide_depth > 0) {
        hide_end();
      }
      __tsan_switch_to_fiber(running, 0);
      hide_depth = of_running;
    }
    __tsan_destroy_fiber(sanitizer_fiber_);
#endif
    munmap(base_, bytes_);
  }
}

void Fiber::reset() {
#ifdef HEDDLE_SIM_ASAN
  // What the frames that are forgotten forbade.
  __asan_unpoison_memory_region(static_cast<char*>(base_) + page, bytes_ - page);
#endif
  const auto top =
      (reinterpret_cast<std::uintptr_t>(base_) + bytes_ - stagger()) & ~std::uintptr_t{15};
  auto** slot = reinterpret_cast<void**>(top);
  *--slot = nullptr;  // keeps the stack aligned as after a call
  *--slot = reinterpret_cast<void*>(entry_);
  for (int saved = 0; saved < 6; ++saved) {
    *--slot = nullptr;
  }
  stack_pointer_ = slot;
}

HEDDLE_SIM_NO_TSAN void Fiber::run_from(Fiber& from) {
#ifdef HEDDLE_SIM_ASAN
  __sanitizer_start_switch_fiber(&from.sanitizer_stack_, base_, bytes_);
#endif
#ifdef HEDDLE_SIM_TSAN
  // Not std::exchange: TSan would watch it, and see fibers share the OS thread's variable.
  from.hide_depth_ = hide_depth;
  hide_depth = hide_depth_;
  __tsan_switch_to_fiber(sanitizer_fiber_, __tsan_switch_to_fiber_no_sync);
#endif
  heddle_sim_switch(&from.stack_pointer_, stack_pointer_);
#ifdef HEDDLE_SIM_ASAN
  __sanitizer_finish_switch_fiber(from.sanitizer_stack_, nullptr, nullptr);
#endif
}

void Fiber::begin_on_new_stack() {
#ifdef HEDDLE_SIM_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

}  // namespace heddle::sim
