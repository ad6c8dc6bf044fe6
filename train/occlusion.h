#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/batch.h"
#include "data/dataset.h"

namespace heddle {

/// Into what parts one sample of a modality is cut, so that each can be left out.
struct OcclusionPlan {
  ModalityKind kind = ModalityKind::features;
  std::int64_t parts = 0;
  std::int64_t rows = 0;  // of cells, image alone
  std::int64_t cols = 0;
  std::int64_t step = 1;  // frames of a window, pixels of a cell's side
};

/// Words one by one; at most 16 windows of frames; at most 8 × 8 cells of a picture; features one
/// by one.
OcclusionPlan occlusion_plan(const Modality& modality, std::int64_t sample);

/// Leaves out part `part` in row `row` of a batch of copies of the sample. `means`: one per feature
/// (features alone). False where nothing would be left, which leaves the row as it was.
bool leave_out(BatchModality& batch, const OcclusionPlan& plan, std::int64_t part, std::int64_t row,
               std::span<const float> means);

/// Mean of each feature over these samples (the first 2,000 of them); zeros where there are none.
std::vector<float> feature_means(const Modality& modality, std::span<const std::int64_t> samples);

}  // namespace heddle
