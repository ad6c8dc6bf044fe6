// Embedding: rows of a table by id, and the gradient that goes back to them.
//
//   forward   out[i, c] = table[ids[i], c]
//   backward  dtable[r, c] = Σ over i with ids[i] = r of dout[i, c];  0 where no id is r
//   table [rows, width], ids i64 [count], out [count, width]; contiguous
//
// Forward moves memory and does nothing else; backward is the harder half, because many places may
// name one row, and floating sums must not depend on which thread comes first: atomics are out.
//
//   forward   thread_per_element   the definition, one thread for each number
//             wide_rows            a row is copied as 16-byte words, whatever its type
//   backward  scan_all             each row of the table reads all ids: rows · count comparisons
//             sorted_segments      ids are sorted (id_sort.h), so that each row knows its places
//             sorted_pieces        a long segment (padding, "the") is summed by many warps, in
//                                  pieces of 64 places

#include <algorithm>
#include <vector>

#include "kernels/gpu/device/device.h"
#include "kernels/gpu/families.h"
#include "kernels/gpu/id_sort.h"

namespace heddle::kernels::HEDDLE_BACKEND {
namespace {

enum class EmbeddingForward : std::uint8_t { thread_per_element, wide_rows };
enum class EmbeddingBackward : std::uint8_t { scan_all, sorted_segments, sorted_pieces };

constexpr unsigned threads = 256;
constexpr int warps = static_cast<int>(threads) / 32;

// ---- forward -----------------------------------------------------------------------------------

// Grid ⌈count · width / 256⌉, block 256. Reads and writes one element per thread, and reads the id
// again for each; a division per element.
template <typename T>
__global__ void copy_elements(Row<const T> table, std::int64_t rows, std::int64_t width,
                              Row<const std::int64_t> ids, Row<T> out) {
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (at >= out.size) {
    return;
  }
  const std::int64_t id = ids(at / width);
  out(at) = id >= 0 && id < rows ? static_cast<T>(table(id * width + at % width)) : T(0.0f);
}

// Grid ⌈count / block.y⌉, block of 256 threads: x along a row (1 … 32), y over rows. A row is
// copied in words of 2 to 16 bytes, and its id read once per thread; reads and writes are whole
// sectors of 32 bytes where the row has them. Loses nothing.
template <typename Word>
__global__ void copy_rows(Matrix<const Word> table, Row<const std::int64_t> ids, Matrix<Word> out) {
  const std::int64_t i =
      static_cast<std::int64_t>(blockIdx.x) * blockDim.y + static_cast<std::int64_t>(threadIdx.y);
  if (i >= out.rows) {
    return;
  }
  const std::int64_t id = ids(i);
  const bool is_inside = id >= 0 && id < table.rows;
  for (std::int64_t c = threadIdx.x; c < out.cols; c += blockDim.x) {
    out(i, c) = is_inside ? static_cast<Word>(table(id, c)) : Word{};
  }
}

// ---- backward ----------------------------------------------------------------------------------

// Grid rows × ⌈width / 256⌉, block 256. Each thread of a row reads all ids, 8 · rows · count bytes
// (from L2): only where table and batch are tiny. Sums in the order of places.
template <typename T>
__global__ void scan_all_ids(Row<const std::int64_t> ids, Matrix<const T> dout, Matrix<T> dtable) {
  const auto row = static_cast<std::int64_t>(blockIdx.x);
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.y) * threads + threadIdx.x;
  if (c >= dtable.cols) {
    return;
  }
  accumulate_t<T> sum = 0;
  for (std::int64_t i = 0; i < ids.size; ++i) {
    if (ids(i) == row) {
      counted<1>(sum += widen<T>(dout(i, c)));
    }
  }
  dtable(row, c) = narrow<T>(sum);
}

/// Σ of columns c … c + N − 1 of dout over the places begin … end of the sorted ids, in order. Four
/// rows are under way at a time.
template <typename T, int N>
__device__ __forceinline__ void sum_places(const SortedIds& sorted, const Matrix<const T>& dout,
                                           std::int64_t begin, std::int64_t end, std::int64_t c,
                                           accumulate_t<T> (&sum)[N]) {
  constexpr int at_once = 4;
  for (std::int64_t i = begin; i < end; i += at_once) {
    Vector<T, N> term[at_once];
    HEDDLE_UNROLL
    for (int j = 0; j < at_once; ++j) {
      if (i + j < end) {
        term[j] = load_vector<N>(dout.row(sorted.places(i + j)), c);
      }
    }
    HEDDLE_UNROLL
    for (int j = 0; j < at_once; ++j) {
      if (i + j < end) {
        HEDDLE_UNROLL
        for (int k = 0; k < N; ++k) {
          counted<1>(sum[k] += widen(term[j][k]));
        }
      }
    }
  }
}

constexpr std::int64_t piece = 64;

/// Sums of the pieces of segments longer than one piece. A piece that begins at sorted place i has
/// row 2·⌊i / 64⌋ if it is a whole one, and the next row if it is the rest at a segment's end: in
/// 64 neighbouring places at most one of each kind begins.
__device__ __forceinline__ std::int64_t row_of_piece(std::int64_t begin, std::int64_t end) {
  return begin / piece * 2 + (end - begin < piece ? 1 : 0);
}

// Grid ⌈count / 64 / 8⌉, block 256: a warp for each window of 64 sorted places. Only two segments
// can have a piece that begins there: the one of the window's first place, and the one of its last.
// Reads `width` elements per place of a long segment; writes `width` sums per piece.
template <typename T, int N>
__global__ void sum_pieces(SortedIds sorted, Matrix<const T> dout,
                           Matrix<accumulate_t<T>> partial) {
  const auto lane = static_cast<std::int64_t>(threadIdx.x % 32);
  const std::int64_t window =
      (static_cast<std::int64_t>(blockIdx.x) * warps + threadIdx.x / 32) * piece;
  const std::int64_t count = sorted.keys.size;
  if (window >= count) {
    return;
  }
  const std::int64_t window_end = window + piece < count ? window + piece : count;
  const std::uint32_t first_key = sorted.keys(window);
  const std::uint32_t last_key = sorted.keys(window_end - 1);
  for (int which = first_key == last_key ? 1 : 0; which < 2; ++which) {
    const std::uint32_t key = which == 0 ? first_key : last_key;
    const std::int64_t segment = first_not_below(sorted.keys, 0, key);
    const std::int64_t segment_end = first_not_below(sorted.keys, segment, key + 1);
    const std::int64_t begin =
        segment >= window ? segment : window + (piece - (window - segment) % piece) % piece;
    const std::int64_t end = begin + piece < segment_end ? begin + piece : segment_end;
    if (segment_end - segment <= piece || begin >= end || begin >= window_end) {
      continue;
    }
    for (std::int64_t c = lane * N; c < dout.cols; c += 32 * N) {
      accumulate_t<T> sum[N] = {};
      sum_places<T, N>(sorted, dout, begin, end, c, sum);
      for (int k = 0; k < N; ++k) {
        partial(row_of_piece(begin, end), c + k) = sum[k];
      }
    }
  }
}

// Grid ⌈rows / 8⌉, block 256: a warp for each row of the table. Finds the row's segment by two
// searches of log₃₂ count steps, and writes its sum, or zeros: dtable is written once and never
// read. `partial` empty: each segment is summed in the order of places, by one warp however long it
// is. Else the pieces of segments longer than one piece are summed in order.
template <typename T, int N>
__global__ void sum_segments(SortedIds sorted, Matrix<const T> dout,
                             Matrix<const accumulate_t<T>> partial, Matrix<T> dtable) {
  const auto lane = static_cast<std::int64_t>(threadIdx.x % 32);
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + threadIdx.x / 32;
  if (row >= dtable.rows) {
    return;
  }
  const auto key = static_cast<std::uint32_t>(row);
  const std::int64_t begin = first_not_below(sorted.keys, 0, key);
  const std::int64_t end = first_not_below(sorted.keys, begin, key + 1);
  const bool has_pieces = partial.rows > 0 && end - begin > piece;
  for (std::int64_t c = lane * N; c < dtable.cols; c += 32 * N) {
    accumulate_t<T> sum[N] = {};
    if (has_pieces) {
      for (std::int64_t i = begin; i < end; i += piece) {
        const std::int64_t from = row_of_piece(i, i + piece < end ? i + piece : end);
        for (int k = 0; k < N; ++k) {
          counted<1>(sum[k] += partial(from, c + k));
        }
      }
    } else {
      sum_places<T, N>(sorted, dout, begin, end, c, sum);
    }
    Vector<T, N> result;
    HEDDLE_UNROLL
    for (int k = 0; k < N; ++k) {
      result[k] = narrow<T>(sum[k]);
    }
    store_vector<N>(dtable.row(row), c, result);
  }
}

// ---- launchers ---------------------------------------------------------------------------------

void check_forward(Stream& stream, const char* kernel, const ConstView& table, const ConstView& ids,
                   const View& out) {
  check_rank(kernel, {"table", table}, 2);
  check_rank(kernel, {"ids", ids}, 1);
  check_dense(kernel, {"table", table}, table.shape, table.dtype);
  check_dense(kernel, {"ids", ids}, ids.shape, DType::i64);
  check_dense(kernel, {"out", out}, {ids.size(0), table.size(1)}, table.dtype);
  check_values(stream, kernel, "ids", ids, 0, table.size(0) - 1);
}

/// The table, or another view of its shape, as rows of words.
template <typename Word>
Matrix<Word> words_of(const ConstView& view) {
  const std::int64_t width = view.size(1) * static_cast<std::int64_t>(size_of(view.dtype)) /
                             static_cast<int>(sizeof(Word));
  return {static_cast<Word*>(const_cast<void*>(view.data)), view.size(0), width, width, 1};
}

template <typename Word>
void launch_copy_rows(Stream& stream, const ConstView& table, const ConstView& ids,
                      const View& out) {
  const Matrix<Word> to = words_of<Word>(out);
  unsigned along_row = 1;
  while (along_row < 32 && along_row < to.cols) {
    along_row *= 2;
  }
  const dim3 block(along_row, threads / along_row);
  if (to.cols > 0) {
    launch(copy_rows<Word>,
           Launch{"embedding.wide_rows", stream, blocks_for(to.rows, block.y), block},
           words_of<const Word>(table), flat_of<std::int64_t>(ids), to);
  }
}

template <EmbeddingForward version>
void forward(Stream& stream, const ConstView& table, const ConstView& ids, const View& out) {
  constexpr const char* kernel = "embedding";
  check_forward(stream, kernel, table, ids, out);
  dispatch_storage(table.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    if constexpr (version == EmbeddingForward::thread_per_element) {
      launch(copy_elements<T>,
             Launch{"embedding.thread_per_element", stream, blocks_for(out.elements(), threads),
                    threads},
             flat_of<T>(table), table.size(0), table.size(1), flat_of<std::int64_t>(ids),
             flat_of<T>(out));
    } else {
      using Half = Vector<std::uint16_t, 1>;
      const std::int64_t halves = table.size(1) * static_cast<std::int64_t>(sizeof(T) / 2);
      const int together = std::min(vector_width<std::uint16_t>(table.data, halves, halves),
                                    vector_width<std::uint16_t>(out.data, halves, halves));
      switch (together) {
        case 8:
          return launch_copy_rows<Vector<std::uint32_t, 4>>(stream, table, ids, out);
        case 4:
          return launch_copy_rows<Vector<std::uint32_t, 2>>(stream, table, ids, out);
        case 2:
          return launch_copy_rows<Vector<std::uint32_t, 1>>(stream, table, ids, out);
        default:
          return launch_copy_rows<Half>(stream, table, ids, out);
      }
    }
  });
}

template <typename T, int N>
void launch_sorted(Stream& stream, const char* kernel, bool in_pieces, const ConstView& ids,
                   const ConstView& dout, const View& dtable) {
  using A = accumulate_t<T>;
  const IdSort sort(stream, kernel, ids, dtable.size(0));
  const std::int64_t count = ids.size(0);
  const std::int64_t width = dtable.size(1);
  // Nothing is longer than a piece where there are no more ids than that.
  const std::int64_t pieces = in_pieces && count > piece ? (count + piece - 1) / piece * 2 : 0;
  const Scratch<A> partial(stream, pieces * width);
  const Matrix<A> sums = partial.matrix(pieces, width);
  if (pieces > 0) {
    launch(sum_pieces<T, N>,
           Launch{"embedding_backward.pieces", stream, blocks_for(count, piece * warps), threads},
           sort.result(), matrix_of<T>(dout), sums);
  }
  launch(sum_segments<T, N>,
         Launch{"embedding_backward.segments", stream, blocks_for(dtable.size(0), warps), threads},
         sort.result(), matrix_of<T>(dout),
         Matrix<const A>{sums.data, sums.rows, sums.cols, sums.row_stride, 1},
         matrix_of<T>(dtable));
}

template <EmbeddingBackward version>
void backward(Stream& stream, const ConstView& ids, const ConstView& dout, const View& dtable) {
  constexpr const char* kernel = "embedding_backward";
  check_rank(kernel, {"ids", ids}, 1);
  check_rank(kernel, {"dtable", dtable}, 2);
  const std::int64_t rows = dtable.size(0);
  const std::int64_t width = dtable.size(1);
  check_dense(kernel, {"ids", ids}, ids.shape, DType::i64);
  check_dense(kernel, {"dout", dout}, {ids.size(0), width}, dtable.dtype);
  check_dense(kernel, {"dtable", dtable}, dtable.shape, dtable.dtype);
  check_values(stream, kernel, "ids", ids, 0, rows - 1);
  if (dtable.elements() == 0) {
    return;
  }
  dispatch_storage(dtable.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    if constexpr (version == EmbeddingBackward::scan_all) {
      launch(scan_all_ids<T>,
             Launch{"embedding_backward.scan_all", stream,
                    dim3(static_cast<unsigned>(rows), blocks_for(width, threads)), threads},
             flat_of<std::int64_t>(ids), matrix_of<T>(dout), matrix_of<T>(dtable));
    } else {
      constexpr bool in_pieces = version == EmbeddingBackward::sorted_pieces;
      constexpr int wide = sizeof(T) == 8 ? 2 : 4;
      if (vector_width<T>(dout.data, width, width) >= wide &&
          vector_width<T>(dtable.data, width, width) >= wide) {
        launch_sorted<T, wide>(stream, kernel, in_pieces, ids, dout, dtable);
      } else {
        launch_sorted<T, 1>(stream, kernel, in_pieces, ids, dout, dtable);
      }
    }
  });
}

}  // namespace

// wide_rows is never slower than thread_per_element. sorted_pieces costs one launch more than
// sorted_segments and does nothing in it where segments are short; a long one, as padding makes, it
// spreads over the device (expected; not measured yet).
EmbeddingKernels embedding_kernels() {
  return {.forward = forward<EmbeddingForward::wide_rows>,
          .backward = backward<EmbeddingBackward::sorted_pieces>};
}

const std::vector<KernelVersion<EmbeddingKernels>>& embedding_versions() {
  using Forward = EmbeddingForward;
  using Backward = EmbeddingBackward;
  static const std::vector<KernelVersion<EmbeddingKernels>> versions = {
      {"thread_per_element",
       "f32",
       {.forward = forward<Forward::thread_per_element>, .backward = {}}},
      {"wide_rows", "f32", {.forward = forward<Forward::wide_rows>, .backward = {}}},
      {"scan_all", "f32", {.forward = {}, .backward = backward<Backward::scan_all>}},
      {"sorted_segments", "f32", {.forward = {}, .backward = backward<Backward::sorted_segments>}},
      {"sorted_pieces", "f32", {.forward = {}, .backward = backward<Backward::sorted_pieces>}},
  };
  return versions;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
