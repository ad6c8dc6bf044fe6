#include "kernels/cpu/lstm_gradients.h"

#include <algorithm>

#include "core/parallel.h"
#include "kernels/cpu/vector_loop.h"

namespace heddle::cpu {
namespace {

std::int64_t wanted(const View& view, std::int64_t elements) { return view.given ? elements : 0; }

template <typename T>
T* part_of_group(const Scratch<T>& parts, std::int64_t group, std::int64_t elements) {
  return parts.data() == nullptr ? nullptr : parts.data() + group * elements;
}

template <typename T>
void clear_part(T* part, std::int64_t elements) {
  if (part != nullptr) {
    std::fill_n(part, elements, T(0));
  }
}

}  // namespace

template <typename T>
LstmGradients<T>::LstmGradients(const LstmPlan& plan, const LstmInputGradients& to)
    : plan_(plan),
      to_(to),
      unit_(4 * plan.sizes.hidden),
      dweight_input_(wanted(to.dweight_input, plan.groups() * unit_ * plan.sizes.input)),
      dweight_hidden_(wanted(to.dweight_hidden, plan.groups() * unit_ * plan.sizes.hidden)),
      dbias_(wanted(to.dbias, plan.groups() * unit_)),
      reverse_dx_(wanted(to.dx, plan.sizes.directions == 2
                                    ? plan.sizes.time * plan.sizes.batch * plan.sizes.input
                                    : 0)) {}

template <typename T>
T* LstmGradients<T>::dweight_input(std::int64_t group) const {
  return part_of_group(dweight_input_, group, unit_ * plan_.sizes.input);
}

template <typename T>
T* LstmGradients<T>::dweight_hidden(std::int64_t group) const {
  return part_of_group(dweight_hidden_, group, unit_ * plan_.sizes.hidden);
}

template <typename T>
T* LstmGradients<T>::dbias(std::int64_t group) const {
  return part_of_group(dbias_, group, unit_);
}

template <typename T>
void LstmGradients<T>::clear(std::int64_t group) const {
  clear_part(dweight_input(group), unit_ * plan_.sizes.input);
  clear_part(dweight_hidden(group), unit_ * plan_.sizes.hidden);
  clear_part(dbias(group), unit_);
}

template <typename T>
T* LstmGradients<T>::dx(std::int64_t direction, std::int64_t time, std::int64_t row) const {
  if (!to_.dx.given) {
    return nullptr;
  }
  T* const all = direction == 0 ? to_.dx.pointer<T>() : reverse_dx_.data();
  return all + (time * plan_.sizes.batch + row) * plan_.sizes.input;
}

template <typename T>
void LstmGradients<T>::finish() const {
  finish_dx();
  add_parts(dweight_input_, unit_ * plan_.sizes.input, to_.dweight_input);
  add_parts(dweight_hidden_, unit_ * plan_.sizes.hidden, to_.dweight_hidden);
  add_parts(dbias_, unit_, to_.dbias);
}

template <typename T>
void LstmGradients<T>::finish_dx() const {
  if (!to_.dx.given) {
    return;
  }
  const LstmSizes& sizes = plan_.sizes;
  const std::int64_t rows_per_tile = 8192 / std::max<std::int64_t>(sizes.input, 1) + 1;
  parallel_ranges(sizes.time * sizes.batch, rows_per_tile,
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t at = begin; at < end; ++at) {
                      const std::int64_t row = at % sizes.batch;
                      T* const to = dx(0, 0, at);
                      if (at / sizes.batch >= plan_.lengths[static_cast<std::size_t>(row)]) {
                        std::fill_n(to, sizes.input, T(0));
                      } else if (sizes.directions == 2) {
                        const T* const other = dx(1, 0, at);
                        HEDDLE_INDEPENDENT
                        for (std::int64_t i = 0; i < sizes.input; ++i) {
                          to[i] += other[i];
                        }
                      }
                    }
                  });
}

/// to[direction] = Σ over the direction's groups, in order.
template <typename T>
void LstmGradients<T>::add_parts(const Scratch<T>& parts, std::int64_t elements,
                                 const View& to) const {
  if (!to.given) {
    return;
  }
  const std::int64_t groups = plan_.groups_per_direction();
  constexpr std::int64_t tile = 8192;
  const std::int64_t tiles = (elements + tile - 1) / tile;
  parallel_for(plan_.sizes.directions * tiles, [&](std::int64_t at) {
    const std::int64_t direction = at / tiles;
    const std::int64_t begin = at % tiles * tile;
    const std::int64_t count = std::min(tile, elements - begin);
    T* const sum = to.pointer<T>() + direction * elements + begin;
    std::fill_n(sum, count, T(0));
    for (std::int64_t group = 0; group < groups; ++group) {
      const T* const part = parts.data() + (direction * groups + group) * elements + begin;
      HEDDLE_INDEPENDENT
      for (std::int64_t i = 0; i < count; ++i) {
        sum[i] += part[i];
      }
    }
  });
}

template class LstmGradients<float>;
template class LstmGradients<double>;

}  // namespace heddle::cpu
