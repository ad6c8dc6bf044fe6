#pragma once

#include <cudnn.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "bench/peers/cuda/cudnn_calls.h"

namespace heddle::bench {

/// A descriptor of cuDNN's backend interface.
class BackendDescriptor {
 public:
  explicit BackendDescriptor(cudnnBackendDescriptorType_t type);

  cudnnBackendDescriptor_t get() const { return descriptor_.get(); }
  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count,
           const void* values);
  void set(cudnnBackendAttributeName_t name, const BackendDescriptor& value);
  /// Errors: Unavailable, with cuDNN's words on what it does not do.
  void finalize();

 private:
  std::shared_ptr<void> descriptor_;
};

/// Sizes and strides in elements.
struct GraphShape {
  std::vector<std::int64_t> sizes, strides;
};
/// Row after row.
GraphShape row_major(std::vector<std::int64_t> sizes);
/// The last two exchanged, in the same memory.
GraphShape transposed(GraphShape shape);

/// A graph of operations on tensors for cuDNN's engines to fuse, built one by one; then `finish`.
/// Sums are in f32. Tensors are named by numbers.
class CudnnGraph {
 public:
  using Id = std::int64_t;

  /// In memory.
  Id tensor(const GraphShape& shape, cudnnDataType_t type, void* data);
  /// Between two operations, never in memory.
  Id between(const GraphShape& shape, cudnnDataType_t type = CUDNN_DATA_FLOAT);
  /// One number, given with the call, as a tensor of `rank` sizes of 1.
  Id scalar(float value, std::size_t rank);

  /// Up to three sizes of a product that are not a tensor's but stand in memory, one i32 for each
  /// entry of the batch.
  struct ProductSizes {
    std::optional<Id> m, n, k;
  };
  void matmul(Id a, Id b, Id c, const ProductSizes& sizes = {});
  void unary(cudnnPointwiseMode_t mode, Id x, Id y);
  void binary(cudnnPointwiseMode_t mode, Id x, Id b, Id y,
              cudnnDataType_t computed_in = CUDNN_DATA_FLOAT);
  /// y = t ? x : b
  void select(Id x, Id b, Id t, Id y);
  /// y = x's index along `axis`, i32.
  void index(Id x, std::int64_t axis, Id y, cudnnDataType_t computed_in);
  /// Over the dimensions where y has size 1.
  void reduce(cudnnReduceTensorOp_t operation, Id x, Id y);
  /// The same memory in another order.
  void reshape(Id x, Id y);

  void finish(cudaStream_t stream);
  const BackendDescriptor& operations() const { return *graph_; }
  /// Names and addresses of what is in memory or given with the call.
  const std::vector<Id>& bound() const { return bound_; }
  const std::vector<void*>& addresses() const { return addresses_; }

 private:
  Id add_tensor(const GraphShape& shape, cudnnDataType_t type, bool is_between, bool by_value);
  BackendDescriptor pointwise(cudnnPointwiseMode_t mode, cudnnDataType_t computed_in,
                              std::optional<std::int64_t> axis = {});
  void add_pointwise(const BackendDescriptor& pointwise, Id x, std::optional<Id> b,
                     std::optional<Id> t, Id y);

  std::vector<BackendDescriptor> tensors_;
  std::vector<BackendDescriptor> parts_;  // what operations refer to
  std::vector<BackendDescriptor> operations_;
  std::optional<BackendDescriptor> graph_;
  std::vector<Id> bound_;
  std::vector<void*> addresses_;
  std::deque<float> scalars_;  // a deque, so that they stay where they are
};

}  // namespace heddle::bench
