#pragma once

// What the versions on tensor cores share: h and dz as factors of a product, and the fragments of R
// that a warp keeps for all steps.

#include "kernels/gpu/lstm_cell.h"

namespace heddle::kernels::HEDDLE_BACKEND {

struct Bf16Factors {
  using Storage = bf16;
  using Mma = MmaBf16;
  __device__ static bf16 factor(float value) { return bf16(value); }
  /// Fragment of a; `weight(row, col)` for its 16×16 elements.
  template <typename Weight>
  __device__ static Mma::A fragment(int lane, const Weight& weight) {
    Mma::A a;
    HEDDLE_UNROLL
    for (int word = 0; word < 4; ++word) {
      const TilePlace low = a_place_bf16(lane, 2 * word);
      const TilePlace high = a_place_bf16(lane, 2 * word + 1);
      a.word[word] = pack(weight(low.row, low.col), weight(high.row, high.col));
    }
    return a;
  }
};
struct Tf32Factors {
  using Storage = float;
  using Mma = MmaTf32;
  __device__ static float factor(float value) { return to_tf32(value); }
  template <typename Weight>
  __device__ static Mma::A fragment(int lane, const Weight& weight) {
    Mma::A a;
    HEDDLE_UNROLL
    for (int word = 0; word < 4; ++word) {
      const TilePlace place = a_place_tf32(lane, word);
      a.word[word] = word_of(to_tf32(weight(place.row, place.col)));
    }
    return a;
  }
};

struct alignas(16) FragmentWords {
  std::uint32_t word[4];
};

/// The warp's fragments of R, loaded once.
template <typename Shape>
class WarpWeights {
 public:
  /// `fragment(f)` makes fragment f. Where shared memory is used anyway, those for registers pass
  /// through it too: made in a loop that is not unrolled, or else the compiler asks for all of R's
  /// numbers at once and has no registers for them.
  template <typename Shared, typename Fragment>
  __device__ __forceinline__ void load(Shared& shared, int warp, int lane,
                                       const Fragment& fragment) {
    if constexpr (Shape::spilled == 0) {
      HEDDLE_UNROLL
      for (int f = 0; f < Shape::kept; ++f) {
        kept_[f] = fragment(f);
      }
    } else {
      HEDDLE_UNROLL
      for (int first = 0; first < Shape::kept; first += Shape::spilled) {
        make(shared, warp, lane, first, fragment);
        HEDDLE_UNROLL
        for (int f = first; f < Shape::kept && f < first + Shape::spilled; ++f) {
          kept_[f] = in_shared(shared, warp, lane, f - first);
        }
      }
      make(shared, warp, lane, Shape::kept, fragment);
    }
  }
  template <typename Shared>
  __device__ __forceinline__ typename Shape::Mma::A get(Shared& shared, int warp, int lane,
                                                        int f) const {
    if (f < Shape::kept) {
      return kept_[f];
    }
    return in_shared(shared, warp, lane, f - Shape::kept);
  }

 private:
  /// Fragments `first` and on, as many as shared memory holds. Each lane reads what it wrote.
  template <typename Shared, typename Fragment>
  __device__ __forceinline__ static void make(Shared& shared, int warp, int lane, int first,
                                              const Fragment& fragment) {
    HEDDLE_KEEP_LOOP
    for (int i = 0; i < Shape::spilled && first + i < Shape::fragments; ++i) {
      const typename Shape::Mma::A a = fragment(first + i);
      shared.fragments(warp * Shape::spilled + i, lane) =
          FragmentWords{{a.word[0], a.word[1], a.word[2], a.word[3]}};
    }
  }
  template <typename Shared>
  __device__ __forceinline__ static typename Shape::Mma::A in_shared(Shared& shared, int warp,
                                                                     int lane, int i) {
    const FragmentWords words = shared.fragments(warp * Shape::spilled + i, lane);
    return {{words.word[0], words.word[1], words.word[2], words.word[3]}};
  }

  typename Shape::Mma::A kept_[Shape::kept];
};

}  // namespace heddle::kernels::HEDDLE_BACKEND
