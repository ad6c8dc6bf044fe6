#include "bench/peers/cuda/cudnn_plan.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "bench/peers/cuda/event_timer.h"
#include "core/error.h"

namespace heddle::bench {
namespace {

/// The engine configurations that the heuristics name in `mode`; none where they have no answer.
std::vector<BackendDescriptor> configurations(const BackendDescriptor& graph,
                                              cudnnBackendHeurMode_t mode) {
  BackendDescriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  heuristics.finalize();
  std::int64_t count = 0;
  check_cudnn(cudnnBackendGetAttribute(heuristics.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr),
              "cudnnBackendGetAttribute");
  std::vector<BackendDescriptor> found;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (std::int64_t i = 0; i < count; ++i) {
    raw.push_back(found.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR).get());
  }
  if (count == 0) {
    return found;
  }
  check_cudnn(cudnnBackendGetAttribute(heuristics.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, count, &count, raw.data()),
              "cudnnBackendGetAttribute");
  found.erase(found.begin() + count, found.end());
  return found;
}

/// Whether the configuration's engine uses tensor cores or narrows its inputs.
bool rounds_factors(const BackendDescriptor& configuration) {
  const BackendDescriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  cudnnBackendDescriptor_t raw = engine.get();
  std::int64_t count = 0;
  check_cudnn(cudnnBackendGetAttribute(configuration.get(), CUDNN_ATTR_ENGINECFG_ENGINE,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &raw),
              "cudnnBackendGetAttribute");
  std::vector<cudnnBackendNumericalNote_t> notes(CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  check_cudnn(cudnnBackendGetAttribute(
                  engine.get(), CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                  static_cast<std::int64_t>(notes.size()), &count, notes.data()),
              "cudnnBackendGetAttribute");
  notes.resize(static_cast<std::size_t>(count));
  return std::any_of(notes.begin(), notes.end(), [](cudnnBackendNumericalNote_t note) {
    return note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ||
           note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS;
  });
}

}  // namespace

CudnnPlan::CudnnPlan(CudnnGraph graph, const Options& options, cudaStream_t stream)
    : graph_(std::make_unique<CudnnGraph>(std::move(graph))), stream_(stream) {
  const auto begin = std::chrono::steady_clock::now();
  graph_->finish(stream);
  std::string refusal = "no engine was named";
  const std::vector<Candidate> all = candidates(options, &refusal);
  check<Unavailable>(!all.empty(), "cuDNN ", cudnn_version(),
                     " has no engine for this graph: ", refusal);
  const std::chrono::duration<double> building = std::chrono::steady_clock::now() - begin;
  std::size_t largest = 0;
  for (const Candidate& candidate : all) {
    largest = std::max(largest, candidate.workspace);
  }
  workspace_ = DeviceMemory(largest);
  pack(workspace_.data());
  float best = std::numeric_limits<float>::infinity();
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    try {
      const float taken = milliseconds(all[i]);
      if (taken < best) {
        best = taken;
        chosen = i;
      }
    } catch (const Unavailable& error) {
      refusal = error.what();  // another one may run
    }
  }
  check<Unavailable>(best < std::numeric_limits<float>::infinity(), "cuDNN ", cudnn_version(),
                     " runs none of its ", all.size(), " plans: ", refusal);
  plan_ = all[chosen].plan;
  note_ =
      concat("plan ", chosen + 1, " of ", all.size(), ", workspace ", all[chosen].workspace >> 10,
             " KiB, built in ", std::round(10.0 * building.count()) / 10.0, " s");
}

std::vector<CudnnPlan::Candidate> CudnnPlan::candidates(const Options& options,
                                                        std::string* last_refusal) const {
  std::vector<Candidate> found;
  cudnnHandle_t handle = cudnn_on(stream_);
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    std::vector<BackendDescriptor> named;
    try {
      named = configurations(graph_->operations(), mode);
    } catch (const Unavailable& error) {
      *last_refusal = error.what();
    }
    for (const BackendDescriptor& configuration : named) {
      if (static_cast<int>(found.size()) == options.timed) {
        return found;
      }
      try {
        if (options.exact_f32 && rounds_factors(configuration)) {
          *last_refusal = "not supported for exact f32: it computes on tensor cores only";
          continue;
        }
        BackendDescriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
        plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
        plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
        plan.finalize();
        std::int64_t bytes = 0;
        check_cudnn(cudnnBackendGetAttribute(plan.get(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                             CUDNN_TYPE_INT64, 1, nullptr, &bytes),
                    "cudnnBackendGetAttribute");
        const auto keep = std::make_shared<BackendDescriptor>(plan);
        found.push_back({std::shared_ptr<void>(keep, plan.get()), static_cast<std::size_t>(bytes)});
      } catch (const Unavailable& error) {
        *last_refusal = error.what();  // the next one may do
      }
    }
  }
  return found;
}

void CudnnPlan::pack(void* workspace) {
  pack_ = std::make_unique<BackendDescriptor>(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  const auto count = static_cast<std::int64_t>(graph_->bound().size());
  pack_->set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, graph_->bound().data());
  pack_->set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count,
             graph_->addresses().data());
  pack_->set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
  pack_->finalize();
}

float CudnnPlan::milliseconds(const Candidate& candidate) const {
  return best_milliseconds(stream_, [&] {
    check_cudnn(cudnnBackendExecute(cudnn_on(stream_), candidate.plan.get(), pack_->get()),
                "cudnnBackendExecute");
  });
}

void CudnnPlan::run() const {
  check_cudnn(cudnnBackendExecute(cudnn_on(stream_), plan_.get(), pack_->get()),
              "cudnnBackendExecute");
}

}  // namespace heddle::bench
