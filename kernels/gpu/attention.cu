// Scaled dot-product attention, forward and backward: the opening page, the choice of a version,
// and the checks of a call. Per batch and head, over the keys j that query i sees:
//   s_ij = scale · q_i·k_j     p_ij = exp(s_ij − logsumexp_i)     out_i = Σ_j p_ij v_j
// with q [queries, width], k [keys, width], v [keys, value_width]. A query that sees no key gives
// zeros, logsumexp −∞, and passes no gradient. Backward computes p again from the saved logsumexp.
// Versions, each with the one idea that it adds:
//   three_kernels   as written: scores to memory, softmax of rows, product
//   tiled           a block keeps the output of its queries in registers and walks over tiles of
//                   keys with a running maximum and sum; scores never leave the block
//   whole_row       up to 128 keys: all of K and V of a head in shared memory, one pass, no running
//                   maximum
//   tensor_cores    the products of `tiled` on tensor cores, copies while computing; bf16 storage,
//                   or f32 with factors rounded to tf32
// Kernels: a file per version, attention_three_kernels.cu, attention_tiled.cu,
// attention_whole_row.cu (the backward of the last two in …_backward.cu) and
// attention_tensor_cores.cu; and attention_delta.cu, which every backward begins with. They share
// attention_scope.h, attention_tiles.h and attention_fragments.h. Derivations:
// docs/kernels/attention.md.

#include <vector>

#include "kernels/gpu/attention_scope.h"
#include "kernels/gpu/families.h"

namespace heddle::kernels::HEDDLE_BACKEND {

enum class AttentionVersion { three_kernels, tiled, whole_row, tensor_cores };

namespace {

int size_in_int(const char* name, std::int64_t size) {
  check(size <= std::numeric_limits<int>::max() - 1024, "attention: ", name, " is ", size,
        "; expected less than 2^31 − 1024");
  return static_cast<int>(size);
}

AttentionScope scope_of(Stream& stream, const AttentionOptions& options, const ConstView& q,
                        const ConstView& k, const ConstView& v, const ConstView& key_lengths,
                        const ConstView& mask) {
  check_rank("attention", {"q", q}, 4);
  check_rank("attention", {"k", k}, 4);
  check_rank("attention", {"v", v}, 4);
  AttentionScope scope{};
  scope.batch = size_in_int("batch", q.size(0));
  scope.heads = size_in_int("heads", q.size(1));
  scope.queries = size_in_int("queries", q.size(2));
  scope.keys = size_in_int("keys", k.size(2));
  scope.width = size_in_int("width", q.size(3));
  scope.value_width = size_in_int("value_width", v.size(3));
  const std::int64_t parts = blocks_for(std::max(scope.queries, scope.keys), 32);
  check(checked_multiply(scope.planes(), parts, "attention") <= std::numeric_limits<int>::max(),
        "attention: q is ", q.shape, " and k is ", k.shape,
        "; expected at most 2^31 − 1 blocks of 32 rows in all heads");
  scope.scale = options.scale;
  scope.causal = options.causal;
  scope.key_lengths = lengths_of(stream, "attention", key_lengths, scope.batch, scope.keys);
  check_shape("attention", {"k", k}, {q.size(0), q.size(1), k.size(2), q.size(3)});
  check_shape("attention", {"v", v}, {q.size(0), q.size(1), k.size(2), v.size(3)});
  if (mask.given) {
    check_shape("attention", {"mask", mask}, {q.size(0), q.size(1), q.size(2), k.size(2)});
    check_dtype("attention", {"mask", mask}, DType::boolean);
    scope.masked = true;
    scope.mask = tensor4_of<bool>(mask);
  }
  return scope;
}

/// Errors: not of type T and rank 4, or columns that are not side by side.
template <typename T, typename AnyView>
auto heads_of(const AnyView& view, const char* what) {
  using Element = std::conditional_t<std::is_same_v<AnyView, View>, T, const T>;
  check(view.dtype == dtype_of<T>(), what, ": got ", view.dtype, ", expected ", dtype_of<T>());
  check(view.rank() == 4, what, ": got shape ", view.shape, ", expected rank 4");
  check(view.stride(3) == 1 || view.size(3) <= 1, what, ": last stride is ", view.stride(3),
        ", expected 1");
  constexpr std::int64_t n = widest<T>;
  const auto fits = [&](int dim) { return view.size(dim) <= 1 || view.stride(dim) % n == 0; };
  return Heads<Element>{tensor4_of<T>(view),
                        reinterpret_cast<std::uintptr_t>(view.data) % 16 == 0 && fits(0) &&
                            fits(1) && fits(2) && view.size(3) % n == 0 && view.stride(3) == 1};
}

/// Errors: not of the type sums are kept in (that of q; f32 where q is bf16), or not rank 3.
template <typename T, typename AnyView>
auto logsumexp_of(const AnyView& view) {
  using A = accumulate_t<T>;
  check(view.dtype == dtype_of<A>(), "attention: logsumexp: got ", view.dtype, ", expected ",
        dtype_of<A>());
  check(view.rank() == 3, "attention: logsumexp: got shape ", view.shape, ", expected rank 3");
  return batch_of<A>(view);
}

// The default choice. Expected, not yet measured (docs/kernels/attention.md has the model):
// - tensor_cores where the stream asks for tf32 or bf16: products bound all but short sequences.
// - whole_row up to 128 keys: there a launch is bound by memory and by waiting at barriers, and one
//   pass has the fewest of both. Its backward has one block per head, so it is taken for at most
//   128 queries; beyond, two kernels with a block per tile fill the device better.
// - tiled for everything else.

template <typename T>
void run_forward(Stream& stream, const AttentionForward<T>& call) {
  if (stream.math != Math::f32 && tensor_cores_forward(stream, call)) {
    return;
  }
  if (!whole_row_forward(stream, call)) {
    tiled_forward(stream, call);
  }
}

template <typename T>
void run_backward(Stream& stream, const AttentionBackward<T>& call) {
  if (stream.math != Math::f32 && tensor_cores_backward(stream, call)) {
    return;
  }
  if (call.scope.queries > 128 || !whole_row_backward(stream, call)) {
    tiled_backward(stream, call);
  }
}

/// One version; `tiled` where it does not support the call.
template <AttentionVersion version, typename T>
void run_forward_as(Stream& stream, const AttentionForward<T>& call) {
  if constexpr (version == AttentionVersion::three_kernels) {
    three_kernels_forward(stream, call);
  } else {
    const bool done =
        (version == AttentionVersion::whole_row && whole_row_forward(stream, call)) ||
        (version == AttentionVersion::tensor_cores && tensor_cores_forward(stream, call));
    if (!done) {
      tiled_forward(stream, call);
    }
  }
}

template <AttentionVersion version, typename T>
void run_backward_as(Stream& stream, const AttentionBackward<T>& call) {
  if constexpr (version == AttentionVersion::three_kernels) {
    three_kernels_backward(stream, call);
  } else {
    const bool done =
        (version == AttentionVersion::whole_row && whole_row_backward(stream, call)) ||
        (version == AttentionVersion::tensor_cores && tensor_cores_backward(stream, call));
    if (!done) {
      tiled_backward(stream, call);
    }
  }
}

template <typename Run>
void checked_forward(Stream& stream, const AttentionOptions& options, const ConstView& q,
                     const ConstView& k, const ConstView& v, const ConstView& key_lengths,
                     const ConstView& mask, const View& out, const View& logsumexp, Run&& run) {
  const AttentionScope scope = scope_of(stream, options, q, k, v, key_lengths, mask);
  dispatch_storage(q.dtype, "attention", [&](auto tag) {
    using T = typename decltype(tag)::type;
    AttentionForward<T> call{};
    call.scope = scope;
    call.q = heads_of<T>(q, "attention: q");
    call.k = heads_of<T>(k, "attention: k");
    call.v = heads_of<T>(v, "attention: v");
    call.out = heads_of<T>(out, "attention: out");
    call.logsumexp = logsumexp_of<T>(logsumexp);
    check_shape("attention", {"out", out}, {q.size(0), q.size(1), q.size(2), v.size(3)});
    check_shape("attention", {"logsumexp", logsumexp}, {q.size(0), q.size(1), q.size(2)});
    if (scope.planes() > 0 && scope.queries > 0) {
      run(call);
    }
  });
}

template <typename Run>
void checked_backward(Stream& stream, const AttentionOptions& options, const ConstView& q,
                      const ConstView& k, const ConstView& v, const ConstView& key_lengths,
                      const ConstView& mask, const ConstView& out, const ConstView& logsumexp,
                      const ConstView& dout, const View& dq, const View& dk, const View& dv,
                      Run&& run) {
  const AttentionScope scope = scope_of(stream, options, q, k, v, key_lengths, mask);
  const Shape out_shape{q.size(0), q.size(1), q.size(2), v.size(3)};
  check_shape("attention", {"out", out}, out_shape);
  check_shape("attention", {"dout", dout}, out_shape);
  check_shape("attention", {"logsumexp", logsumexp}, {q.size(0), q.size(1), q.size(2)});
  check_shape("attention", {"dq", dq}, q.shape);
  check_shape("attention", {"dk", dk}, k.shape);
  check_shape("attention", {"dv", dv}, v.shape);
  dispatch_storage(q.dtype, "attention", [&](auto tag) {
    using T = typename decltype(tag)::type;
    AttentionBackward<T> call{};
    call.scope = scope;
    call.q = heads_of<T>(q, "attention: q");
    call.k = heads_of<T>(k, "attention: k");
    call.v = heads_of<T>(v, "attention: v");
    call.out = heads_of<T>(out, "attention: out");
    call.dout = heads_of<T>(dout, "attention: dout");
    call.logsumexp = logsumexp_of<T>(logsumexp);
    call.dq = heads_of<T>(dq, "attention: dq");
    call.dk = heads_of<T>(dk, "attention: dk");
    call.dv = heads_of<T>(dv, "attention: dv");
    if (scope.planes() == 0) {
      return;
    }
    const std::int64_t rows = scope.planes() * scope.queries;
    Scratch<accumulate_t<T>> delta(stream, rows);
    call.delta = delta.matrix(scope.planes(), scope.queries);
    row_dots(stream, call);
    run(call);
  });
}

template <AttentionVersion version>
constexpr AttentionKernels kernels_of_version() {
  return {.forward =
              [](Stream& stream, const AttentionOptions& options, const ConstView& q,
                 const ConstView& k, const ConstView& v, const ConstView& key_lengths,
                 const ConstView& mask, const View& out, const View& logsumexp) {
                checked_forward(stream, options, q, k, v, key_lengths, mask, out, logsumexp,
                                [&](const auto& call) { run_forward_as<version>(stream, call); });
              },
          .backward =
              [](Stream& stream, const AttentionOptions& options, const ConstView& q,
                 const ConstView& k, const ConstView& v, const ConstView& key_lengths,
                 const ConstView& mask, const ConstView& out, const ConstView& logsumexp,
                 const ConstView& dout, const View& dq, const View& dk, const View& dv) {
                checked_backward(stream, options, q, k, v, key_lengths, mask, out, logsumexp, dout,
                                 dq, dk, dv,
                                 [&](const auto& call) { run_backward_as<version>(stream, call); });
              }};
}

void forward(Stream& stream, const AttentionOptions& options, const ConstView& q,
             const ConstView& k, const ConstView& v, const ConstView& key_lengths,
             const ConstView& mask, const View& out, const View& logsumexp) {
  checked_forward(stream, options, q, k, v, key_lengths, mask, out, logsumexp,
                  [&](const auto& call) { run_forward(stream, call); });
}

void backward(Stream& stream, const AttentionOptions& options, const ConstView& q,
              const ConstView& k, const ConstView& v, const ConstView& key_lengths,
              const ConstView& mask, const ConstView& out, const ConstView& logsumexp,
              const ConstView& dout, const View& dq, const View& dk, const View& dv) {
  checked_backward(stream, options, q, k, v, key_lengths, mask, out, logsumexp, dout, dq, dk, dv,
                   [&](const auto& call) { run_backward(stream, call); });
}

}  // namespace

AttentionKernels attention_kernels() { return {.forward = forward, .backward = backward}; }

const std::vector<KernelVersion<AttentionKernels>>& attention_versions() {
  static const std::vector<KernelVersion<AttentionKernels>> all{
      {"three_kernels", "f32", kernels_of_version<AttentionVersion::three_kernels>()},
      {"tiled", "f32", kernels_of_version<AttentionVersion::tiled>()},
      {"whole_row", "f32", kernels_of_version<AttentionVersion::whole_row>()},
      {"tensor_cores", "tf32", kernels_of_version<AttentionVersion::tensor_cores>()},
  };
  return all;
}

}  // namespace heddle::kernels::HEDDLE_BACKEND
