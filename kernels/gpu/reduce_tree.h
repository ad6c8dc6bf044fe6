#pragma once

// The tree of all reductions on the GPU, and what is reduced over it.
//
// Four neighbouring terms are joined in order: a leaf. Leaves are joined in pairs, those pairs in
// pairs, and so on; where the right side is missing the left goes up alone. The tree depends on the
// number of terms n and on nothing else. Any run of 4 · 2ᵏ terms that begins at a multiple of its
// length is one node, so a row may be cut there in any way, by lanes, warps or blocks, and by rows
// or columns, and still give the same bits; the error of a sum grows with log n, not n.

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "kernels/gpu/device/device.h"

namespace heddle::kernels::HEDDLE_BACKEND {

constexpr int leaf_terms = 4;

// A reduction has: Input, the type of a term; State, what a node is; identity(), which joined to
// anything changes nothing; join(left, right); leaf(values, count, first), where `first` is the
// place of the first term; and put(outer, inner, state).

template <typename R, typename T>
__device__ __forceinline__ typename R::State joined_leaf(const R& r, const T (&values)[leaf_terms],
                                                         int count, std::int64_t first) {
  typename R::State state = count > 0 ? r.term(values[0], first) : r.identity();
  HEDDLE_UNROLL
  for (int i = 1; i < leaf_terms; ++i) {
    if (i < count) {
      state = r.join(state, r.term(values[i], first + i));
    }
  }
  return state;
}

/// Sum, or mean, of T; whole numbers unsigned, so that they wrap around.
template <typename T>
struct Sum {
  using Input = T;
  using State = std::conditional_t<std::is_integral_v<T>, T, accumulate_t<T>>;

  Matrix<T> out;
  std::int64_t n;
  bool is_mean;

  __device__ __forceinline__ State identity() const {
    // x + −0 is x for every x; +0 would make −0 of nothing but −0 into +0.
    return std::is_integral_v<T> ? State{0} : static_cast<State>(-0.0);
  }
  __device__ __forceinline__ State join(State left, State right) const {
    return counted<1>(left + right);
  }
  __device__ __forceinline__ State term(T value, std::int64_t) const {
    return static_cast<State>(value);
  }
  __device__ __forceinline__ State leaf(const T (&values)[leaf_terms], int count,
                                        std::int64_t first) const {
    return joined_leaf(*this, values, count, first);
  }
  __device__ __forceinline__ void put(std::int64_t outer, std::int64_t inner, State state) const {
    const State sum = n == 0 ? State{0} : state;
    out(outer, inner) = static_cast<T>(is_mean ? counted<1>(sum / static_cast<State>(n)) : sum);
  }
};

/// Largest or smallest; NaN where any is.
template <typename T, bool is_largest>
struct Extreme {
  using Input = T;
  using State = accumulate_t<T>;

  Matrix<T> out;

  __device__ __forceinline__ State identity() const {
    return is_largest ? -infinity_of<State>() : infinity_of<State>();
  }
  __device__ __forceinline__ State join(State left, State right) const {
    const bool keeps_left = is_largest ? right <= left : right >= left;
    return left != left || keeps_left ? left : right;
  }
  __device__ __forceinline__ State term(T value, std::int64_t) const { return widen(value); }
  __device__ __forceinline__ State leaf(const T (&values)[leaf_terms], int count,
                                        std::int64_t first) const {
    return joined_leaf(*this, values, count, first);
  }
  __device__ __forceinline__ void put(std::int64_t outer, std::int64_t inner, State state) const {
    out(outer, inner) = narrow<T>(state);
  }
};

/// m + log Σ exp(x − m), m the largest, in one reading: a node has the largest of its terms and the
/// sum over them beside it; the smaller node's sum is scaled when two are joined (Milakov and
/// Gimelshein, arXiv 1805.02867).
template <typename T>
struct LogSumExp {
  using Input = T;
  using A = accumulate_t<T>;
  struct State {
    A most;
    A sum;
  };

  Matrix<T> out;

  __device__ __forceinline__ State identity() const { return {-infinity_of<A>(), A{0}}; }
  /// exp(x − most); 1 for both infinite.
  static __device__ __forceinline__ A share(A x, A most) {
    return x == most ? A{1} : exp_of(counted<1>(x - most));
  }
  __device__ __forceinline__ State join(State left, State right) const {
    const A most = larger_of(left.most, right.most);
    return {most, counted<1>(product_of(left.sum, share(left.most, most)) +
                             product_of(right.sum, share(right.most, most)))};
  }
  __device__ __forceinline__ State leaf(const T (&values)[leaf_terms], int count,
                                        std::int64_t) const {
    A most = -infinity_of<A>();
    HEDDLE_UNROLL
    for (int i = 0; i < leaf_terms; ++i) {
      most = i < count ? larger_of(most, widen(values[i])) : most;
    }
    A sum = 0;
    HEDDLE_UNROLL
    for (int i = 0; i < leaf_terms; ++i) {
      counted<1>(sum += i < count ? share(widen(values[i]), most) : A{0});
    }
    return {most, sum};
  }
  __device__ __forceinline__ void put(std::int64_t outer, std::int64_t inner, State state) const {
    out(outer, inner) = narrow<T>(counted<1>(state.most + log_of(state.sum)));
  }
};

/// The first place of the largest or smallest; a NaN counts as the largest.
template <typename T, bool is_largest>
struct ArgExtreme {
  using Input = T;
  using A = accumulate_t<T>;
  struct State {
    A value;
    std::int64_t index;  // −1: no term
  };

  Matrix<T> values;  // may be empty
  Matrix<std::int64_t> indices;

  __device__ __forceinline__ State identity() const { return {A{0}, -1}; }
  /// The left terms come first.
  __device__ __forceinline__ State join(State left, State right) const {
    const bool left_is_nan = left.value != left.value;
    const bool right_is_nan = right.value != right.value;
    const bool right_wins = is_largest ? right.value > left.value || (right_is_nan && !left_is_nan)
                                       : right.value < left.value || (left_is_nan && !right_is_nan);
    return right.index >= 0 && (left.index < 0 || right_wins) ? right : left;
  }
  __device__ __forceinline__ State term(T value, std::int64_t place) const {
    return {widen(value), place};
  }
  __device__ __forceinline__ State leaf(const T (&terms)[leaf_terms], int count,
                                        std::int64_t first) const {
    return joined_leaf(*this, terms, count, first);
  }
  __device__ __forceinline__ void put(std::int64_t outer, std::int64_t inner, State state) const {
    indices(outer, inner) = state.index;
    if (values.data != nullptr) {
      values(outer, inner) = narrow<T>(state.value);
    }
  }
};

// The state of the lane `step` further on.
template <typename S>
__device__ __forceinline__ S state_from(S state, int step) {
  return shuffle_down(full_mask, state, step);
}
template <typename A>
requires requires(A state) { state.most; }
__device__ __forceinline__ A state_from(A state, int step) {
  return {shuffle_down(full_mask, state.most, step), shuffle_down(full_mask, state.sum, step)};
}
template <typename A>
requires requires(A state) { state.index; }
__device__ __forceinline__ A state_from(A state, int step) {
  return {shuffle_down(full_mask, state.value, step), shuffle_down(full_mask, state.index, step)};
}

/// The node over 32 nodes of neighbouring lanes, in lane 0. All lanes call it.
template <typename R>
__device__ __forceinline__ typename R::State warp_node(const R& r, typename R::State state) {
  HEDDLE_UNROLL
  for (int step = 1; step < 32; step *= 2) {
    state = r.join(state, state_from(state, step));
  }
  return state;
}

/// Joins nodes of one size, given in order: those that wait for their right side are kept, at most
/// one of each size.
template <typename R, int depth>
class OpenNodes {
 public:
  __device__ __forceinline__ void push(const R& r, typename R::State node) {
    for (std::uint32_t carry = count_++; (carry & 1u) != 0; carry >>= 1) {
      node = r.join(open_[--open_count_], node);
    }
    open_[open_count_++] = node;
  }
  __device__ __forceinline__ typename R::State total(const R& r) const {
    typename R::State node = r.identity();
    for (int i = open_count_; i > 0; --i) {
      node = r.join(open_[i - 1], node);
    }
    return node;
  }

 private:
  typename R::State open_[depth];
  int open_count_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace heddle::kernels::HEDDLE_BACKEND
