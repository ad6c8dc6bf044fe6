#include <algorithm>

#include "core/parallel.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/vector_loop.h"
#include "kernels/view_checks.h"

namespace heddle::cpu {
namespace {

constexpr std::int64_t tile_elements = 16384;

std::int64_t rows_per_tile(std::int64_t width) {
  return std::max<std::int64_t>(1, tile_elements / std::max<std::int64_t>(width, 1));
}

void check_id(const char* kernel, std::int64_t place, std::int64_t id, std::int64_t rows) {
  check(id >= 0 && id < rows, kernel, ": ids[", place, "] is ", id, "; expected 0 ≤ id < ", rows,
        ", the rows of the table");
}

constexpr std::int64_t ahead = 3;  // rows

/// Asks for a row that will be needed soon, for rows are scattered over the table. Does nothing
/// where there is no such row.
template <typename T>
void fetch_row(const T* table, std::int64_t id, std::int64_t rows, std::int64_t width) {
  constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
  if (id < 0 || id >= rows) {
    return;
  }
  for (std::int64_t c = 0; c < width; c += line) {
    __builtin_prefetch(table + id * width + c);
  }
}

void embedding(Stream&, const ConstView& table, const ConstView& ids, const View& out) {
  constexpr const char* kernel = "embedding";
  check_rank(kernel, {"table", table}, 2);
  check_rank(kernel, {"ids", ids}, 1);
  check_dense(kernel, {"table", table}, table.shape, table.dtype);
  check_dense(kernel, {"ids", ids}, ids.shape, DType::i64);
  check_dense(kernel, {"out", out}, {ids.size(0), table.size(1)}, table.dtype);
  const std::int64_t rows = table.size(0);
  const std::int64_t width = table.size(1);
  const auto* id = ids.pointer<std::int64_t>();
  dispatch_floating(table.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    const T* const from = table.pointer<T>();
    T* const to = out.pointer<T>();
    parallel_ranges(ids.size(0), rows_per_tile(width), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        check_id(kernel, i, id[i], rows);
        fetch_row(from, i + ahead < end ? id[i + ahead] : -1, rows, width);
        std::copy_n(from + id[i] * width, width, to + i * width);
      }
    });
  });
}

/// The places that name each row of a table, in order: first(row), then next(place), … until
/// `none`.
class PlacesOfRow {
 public:
  static constexpr std::int64_t none = -1;

  PlacesOfRow(const std::int64_t* ids, std::int64_t count, std::int64_t rows)
      : first_(rows), next_(count) {
    std::fill_n(first_.data(), rows, none);
    for (std::int64_t i = count - 1; i >= 0; --i) {
      check_id("embedding_backward", i, ids[i], rows);
      next_[i] = first_[ids[i]];
      first_[ids[i]] = i;
    }
  }

  std::int64_t first(std::int64_t row) const { return first_[row]; }
  std::int64_t next(std::int64_t place) const { return next_[place]; }

 private:
  Scratch<std::int64_t> first_;
  Scratch<std::int64_t> next_;
};

template <typename T>
void add_to(T* sum, const T* term, std::int64_t width) {
  HEDDLE_INDEPENDENT
  for (std::int64_t c = 0; c < width; ++c) {
    sum[c] = sum[c] + term[c];
  }
}

/// Columns first … first + width of rows begin … end of dtable.
template <typename T>
void sum_rows_of(const PlacesOfRow& places, const T* dout, T* dtable, std::int64_t stride,
                 std::int64_t begin, std::int64_t end, std::int64_t first, std::int64_t width) {
  for (std::int64_t row = begin; row < end; ++row) {
    T* const sum = dtable + row * stride + first;
    std::int64_t place = places.first(row);
    if (place == PlacesOfRow::none) {
      std::fill_n(sum, width, T{0});
      continue;
    }
    std::copy_n(dout + place * stride + first, width, sum);
    for (place = places.next(place); place != PlacesOfRow::none; place = places.next(place)) {
      add_to(sum, dout + place * stride + first, width);
    }
  }
}

void embedding_backward(Stream&, const ConstView& ids, const ConstView& dout, const View& dtable) {
  constexpr const char* kernel = "embedding_backward";
  check_rank(kernel, {"ids", ids}, 1);
  check_rank(kernel, {"dtable", dtable}, 2);
  const std::int64_t rows = dtable.size(0);
  const std::int64_t width = dtable.size(1);
  check_dense(kernel, {"ids", ids}, ids.shape, DType::i64);
  check_dense(kernel, {"dout", dout}, {ids.size(0), width}, dtable.dtype);
  check_dense(kernel, {"dtable", dtable}, dtable.shape, dtable.dtype);
  const PlacesOfRow places(ids.pointer<std::int64_t>(), ids.size(0), rows);
  // A small table has few rows to share among threads, but its rows are long sums: share columns
  // too.
  constexpr std::int64_t small_table = 256;
  constexpr std::int64_t strip = 64;
  const std::int64_t tile_width = rows < small_table ? strip : std::max<std::int64_t>(width, 1);
  const std::int64_t tile_rows = rows < small_table ? 16 : rows_per_tile(width);
  const std::int64_t strips = (width + tile_width - 1) / tile_width;
  dispatch_floating(dtable.dtype, kernel, [&]<typename T>(TypeTag<T>) {
    parallel_for(strips * ((rows + tile_rows - 1) / tile_rows), [&](std::int64_t tile) {
      const std::int64_t begin = tile / strips * tile_rows;
      const std::int64_t first = tile % strips * tile_width;
      sum_rows_of(places, dout.pointer<T>(), dtable.pointer<T>(), width, begin,
                  std::min(begin + tile_rows, rows), first, std::min(tile_width, width - first));
    });
  });
}

}  // namespace

EmbeddingKernels embedding_kernels() {
  return {.forward = embedding, .backward = embedding_backward};
}

}  // namespace heddle::cpu
