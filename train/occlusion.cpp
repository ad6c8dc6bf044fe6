#include "train/occlusion.h"

#include <algorithm>
#include <cstddef>

#include "core/error.h"

namespace heddle {
namespace {

constexpr std::int64_t most_windows = 16;
constexpr std::int64_t most_cells = 8;  // along a side

std::int64_t divide_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

/// Token `part` of column `row` goes, those after it move up. values i64 [T, B].
bool drop_word(BatchModality& batch, std::int64_t part, std::int64_t row) {
  auto* const length = batch.lengths.mutable_data<std::int64_t>("leave_out") + row;
  if (*length <= 1) {
    return false;
  }
  const std::int64_t columns = batch.values.size(1);
  auto* const values = batch.values.mutable_data<std::int64_t>("leave_out");
  for (std::int64_t t = part; t + 1 < *length; ++t) {
    values[t * columns + row] = values[(t + 1) * columns + row];
  }
  values[(*length - 1) * columns + row] = 0;
  --*length;
  return true;
}

/// Frames of a window become the sample's mean frame. values f32 [T, B, F].
void blank_window(BatchModality& batch, const OcclusionPlan& plan, std::int64_t part,
                  std::int64_t row) {
  const std::int64_t length = batch.lengths.data<std::int64_t>()[row];
  const std::int64_t columns = batch.values.size(1);
  const std::int64_t width = batch.values.size(2);
  float* const values = batch.values.mutable_data<float>("leave_out");
  for (std::int64_t f = 0; f < width; ++f) {
    double sum = 0.0;
    for (std::int64_t t = 0; t < length; ++t) {
      sum += static_cast<double>(values[(t * columns + row) * width + f]);
    }
    const auto mean =
        static_cast<float>(sum / static_cast<double>(std::max<std::int64_t>(1, length)));
    const std::int64_t end = std::min(length, (part + 1) * plan.step);
    for (std::int64_t t = part * plan.step; t < end; ++t) {
      values[(t * columns + row) * width + f] = mean;
    }
  }
}

/// Pixels of a cell become the mean of their plane. values f32 [B, C, H, W].
void blank_cell(BatchModality& batch, const OcclusionPlan& plan, std::int64_t part,
                std::int64_t row) {
  const std::int64_t planes = batch.values.size(1);
  const std::int64_t height = batch.values.size(2);
  const std::int64_t width = batch.values.size(3);
  const std::int64_t top = part / plan.cols * plan.step;
  const std::int64_t left = part % plan.cols * plan.step;
  float* plane = batch.values.mutable_data<float>("leave_out") + row * planes * height * width;
  for (std::int64_t c = 0; c < planes; ++c, plane += height * width) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < height * width; ++i) {
      sum += static_cast<double>(plane[i]);
    }
    const auto mean = static_cast<float>(sum / static_cast<double>(height * width));
    for (std::int64_t y = top; y < std::min(height, top + plan.step); ++y) {
      std::fill(plane + y * width + left, plane + y * width + std::min(width, left + plan.step),
                mean);
    }
  }
}

}  // namespace

OcclusionPlan occlusion_plan(const Modality& modality, std::int64_t sample) {
  OcclusionPlan plan;
  plan.kind = modality.info.kind;
  switch (plan.kind) {
    case ModalityKind::tokens:
      plan.parts = modality.length(sample);
      break;
    case ModalityKind::sequence:
      plan.step = std::max<std::int64_t>(1, divide_up(modality.length(sample), most_windows));
      plan.parts = divide_up(modality.length(sample), plan.step);
      break;
    case ModalityKind::image: {
      const std::int64_t height = modality.info.shape[1];
      const std::int64_t width = modality.info.shape[2];
      plan.step = divide_up(std::max(height, width), most_cells);
      plan.rows = divide_up(height, plan.step);
      plan.cols = divide_up(width, plan.step);
      plan.parts = plan.rows * plan.cols;
      break;
    }
    case ModalityKind::features:
      plan.parts = modality.info.features();
      break;
  }
  return plan;
}

bool leave_out(BatchModality& batch, const OcclusionPlan& plan, std::int64_t part, std::int64_t row,
               std::span<const float> means) {
  switch (plan.kind) {
    case ModalityKind::tokens:
      return drop_word(batch, part, row);
    case ModalityKind::sequence:
      blank_window(batch, plan, part, row);
      return true;
    case ModalityKind::image:
      blank_cell(batch, plan, part, row);
      return true;
    case ModalityKind::features:
      break;
  }
  check(static_cast<std::int64_t>(means.size()) == plan.parts, "leave_out: ", means.size(),
        " means of ", plan.parts, " features");
  batch.values.mutable_data<float>("leave_out")[row * plan.parts + part] =
      means[static_cast<std::size_t>(part)];
  return true;
}

std::vector<float> feature_means(const Modality& modality, std::span<const std::int64_t> samples) {
  constexpr std::size_t most = 2000;
  const auto features = static_cast<std::size_t>(modality.info.features());
  std::vector<double> sums(features, 0.0);
  const std::size_t count = std::min(samples.size(), most);
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<float> values = modality.sample(samples[i]).to_vector<float>();
    for (std::size_t f = 0; f < features; ++f) {
      sums[f] += static_cast<double>(values[f]);
    }
  }
  std::vector<float> means;
  for (const double sum : sums) {
    means.push_back(static_cast<float>(sum / static_cast<double>(std::max<std::size_t>(1, count))));
  }
  return means;
}

}  // namespace heddle
