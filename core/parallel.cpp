#include "core/parallel.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "core/environment.h"
#include "core/error.h"
#include "core/flush_subnormals.h"
#include "core/thread_pool.h"

namespace heddle {
namespace {

constexpr int most_threads = 1024;

int cores_of_process() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) {
    return std::clamp(CPU_COUNT(&cores), 1, most_threads);
  }
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, most_threads);
}

/// The threads of the process. `busy` is held by the one caller whose tiles are spread over them.
struct Crew {
  std::mutex busy;
  std::atomic<int> count{
      static_cast<int>(integer_from_environment("HEDDLE_THREADS", 1, most_threads, "threads")
                           .value_or(cores_of_process()))};
  std::unique_ptr<ThreadPool> pool;  // made when first needed; guarded by `busy`
  Crew* of_parent = nullptr;         // kept, so that a leak checker still sees what it owns

  ThreadPool& started() {
    if (pool == nullptr) {
      pool = std::make_unique<ThreadPool>(count - 1, count <= cores_of_process());
    }
    return *pool;
  }
};

/// Never destroyed: destructors of static variables may still compute. A forked child has the
/// memory of the pool but none of its threads, so it begins with a new crew.
Crew& crew() {
  static std::atomic<Crew*> the_crew = [] {
    pthread_atfork(nullptr, nullptr, [] {
      Crew* const of_parent = the_crew;
      the_crew = new Crew;
      the_crew.load()->of_parent = of_parent;
      the_crew.load()->count = of_parent->count.load();
    });
    return new Crew;
  }();
  return *the_crew;
}

}  // namespace

int thread_count() { return crew().count; }

void set_thread_count(int count) {
  check(count >= 1 && count <= most_threads, "set_thread_count: got ", count, ", expected 1 to ",
        most_threads);
  check(!detail::inside_tiles(), "set_thread_count: called from inside a parallel_for");
  Crew& threads = crew();
  const std::lock_guard lock(threads.busy);
  threads.pool.reset();
  threads.count = count;
}

bool& detail::inside_tiles() {
  thread_local bool inside = false;
  return inside;
}

void detail::run_tiles(std::int64_t tiles, TileFunction call, const void* body) {
  if (tiles <= 0) {
    return;
  }
  const FlushSubnormals flush;
  std::unique_lock<std::mutex> lock;
  if (tiles > 1 && !inside_tiles() && thread_count() > 1) {
    lock = std::unique_lock(crew().busy, std::try_to_lock);
  }
  if (!lock.owns_lock()) {
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      call(body, tile);
    }
    return;
  }
  TileJob job;
  job.tiles = tiles;
  job.call = call;
  job.body = body;
  job.threads = static_cast<int>(std::min<std::int64_t>(tiles, crew().count));
  ThreadPool& pool = crew().started();
  inside_tiles() = true;
  pool.run(job);
  inside_tiles() = false;
  if (job.failure != nullptr) {
    std::rethrow_exception(job.failure);
  }
}

}  // namespace heddle
