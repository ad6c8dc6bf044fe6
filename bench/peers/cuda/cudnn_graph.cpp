#include "bench/peers/cuda/cudnn_graph.h"

#include <utility>

namespace heddle::bench {

BackendDescriptor::BackendDescriptor(cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t made = nullptr;
  check_cudnn(cudnnBackendCreateDescriptor(type, &made), "cudnnBackendCreateDescriptor");
  descriptor_.reset(made, [](void* descriptor) { cudnnBackendDestroyDescriptor(descriptor); });
}

void BackendDescriptor::set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                            std::int64_t count, const void* values) {
  check_cudnn(cudnnBackendSetAttribute(get(), name, type, count, values),
              "cudnnBackendSetAttribute");
}

void BackendDescriptor::set(cudnnBackendAttributeName_t name, const BackendDescriptor& value) {
  cudnnBackendDescriptor_t descriptor = value.get();
  set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &descriptor);
}

void BackendDescriptor::finalize() {
  check_cudnn(cudnnBackendFinalize(get()), "cudnnBackendFinalize");
}

GraphShape row_major(std::vector<std::int64_t> sizes) {
  std::vector<std::int64_t> strides(sizes.size(), 1);
  for (std::size_t i = sizes.size() - 1; i > 0; --i) {
    strides[i - 1] = strides[i] * sizes[i];
  }
  return {std::move(sizes), std::move(strides)};
}

GraphShape transposed(GraphShape shape) {
  const std::size_t last = shape.sizes.size() - 1;
  std::swap(shape.sizes[last], shape.sizes[last - 1]);
  std::swap(shape.strides[last], shape.strides[last - 1]);
  return shape;
}

CudnnGraph::Id CudnnGraph::add_tensor(const GraphShape& shape, cudnnDataType_t type,
                                      bool is_between, bool by_value) {
  const auto id = static_cast<Id>(tensors_.size());
  const std::int64_t alignment = 16;
  const auto rank = static_cast<std::int64_t>(shape.sizes.size());
  BackendDescriptor& tensor = tensors_.emplace_back(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  tensor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
  tensor.set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, rank, shape.sizes.data());
  tensor.set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, rank, shape.strides.data());
  tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &id);
  tensor.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment);
  tensor.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &is_between);
  tensor.set(CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, 1, &by_value);
  tensor.finalize();
  return id;
}

CudnnGraph::Id CudnnGraph::tensor(const GraphShape& shape, cudnnDataType_t type, void* data) {
  const Id id = add_tensor(shape, type, false, false);
  bound_.push_back(id);
  addresses_.push_back(data);
  return id;
}

CudnnGraph::Id CudnnGraph::between(const GraphShape& shape, cudnnDataType_t type) {
  return add_tensor(shape, type, true, false);
}

CudnnGraph::Id CudnnGraph::scalar(float value, std::size_t rank) {
  const Id id =
      add_tensor(row_major(std::vector<std::int64_t>(rank, 1)), CUDNN_DATA_FLOAT, false, true);
  bound_.push_back(id);
  addresses_.push_back(&scalars_.emplace_back(value));
  return id;
}

void CudnnGraph::matmul(Id a, Id b, Id c, const ProductSizes& sizes) {
  const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
  BackendDescriptor& product = parts_.emplace_back(CUDNN_BACKEND_MATMUL_DESCRIPTOR);
  product.set(CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums);
  product.finalize();
  BackendDescriptor operation(CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
  const auto at = [this](Id id) { return tensors_.at(static_cast<std::size_t>(id)); };
  operation.set(CUDNN_ATTR_OPERATION_MATMUL_ADESC, at(a));
  operation.set(CUDNN_ATTR_OPERATION_MATMUL_BDESC, at(b));
  operation.set(CUDNN_ATTR_OPERATION_MATMUL_CDESC, at(c));
  operation.set(CUDNN_ATTR_OPERATION_MATMUL_DESC, product);
  if (sizes.m) {
    operation.set(CUDNN_ATTR_OPERATION_MATMUL_GEMM_M_OVERRIDE_DESC, at(*sizes.m));
  }
  if (sizes.n) {
    operation.set(CUDNN_ATTR_OPERATION_MATMUL_GEMM_N_OVERRIDE_DESC, at(*sizes.n));
  }
  if (sizes.k) {
    operation.set(CUDNN_ATTR_OPERATION_MATMUL_GEMM_K_OVERRIDE_DESC, at(*sizes.k));
  }
  operation.finalize();
  operations_.push_back(operation);
}

BackendDescriptor CudnnGraph::pointwise(cudnnPointwiseMode_t mode, cudnnDataType_t computed_in,
                                        std::optional<std::int64_t> axis) {
  BackendDescriptor& pointwise = parts_.emplace_back(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  pointwise.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
  pointwise.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &computed_in);
  if (axis) {
    pointwise.set(CUDNN_ATTR_POINTWISE_AXIS, CUDNN_TYPE_INT64, 1, &*axis);
  }
  pointwise.finalize();
  return pointwise;
}

void CudnnGraph::add_pointwise(const BackendDescriptor& pointwise, Id x, std::optional<Id> b,
                               std::optional<Id> t, Id y) {
  BackendDescriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  const auto at = [this](Id id) { return tensors_.at(static_cast<std::size_t>(id)); };
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, pointwise);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, at(x));
  if (b) {
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, at(*b));
  }
  if (t) {
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_TDESC, at(*t));
  }
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, at(y));
  operation.finalize();
  operations_.push_back(operation);
}

void CudnnGraph::unary(cudnnPointwiseMode_t mode, Id x, Id y) {
  add_pointwise(pointwise(mode, CUDNN_DATA_FLOAT), x, {}, {}, y);
}

void CudnnGraph::binary(cudnnPointwiseMode_t mode, Id x, Id b, Id y, cudnnDataType_t computed_in) {
  add_pointwise(pointwise(mode, computed_in), x, b, {}, y);
}

void CudnnGraph::select(Id x, Id b, Id t, Id y) {
  add_pointwise(pointwise(CUDNN_POINTWISE_BINARY_SELECT, CUDNN_DATA_FLOAT), x, b, t, y);
}

void CudnnGraph::index(Id x, std::int64_t axis, Id y, cudnnDataType_t computed_in) {
  add_pointwise(pointwise(CUDNN_POINTWISE_GEN_INDEX, computed_in, axis), x, {}, {}, y);
}

void CudnnGraph::reduce(cudnnReduceTensorOp_t operation_kind, Id x, Id y) {
  const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
  BackendDescriptor& reduction = parts_.emplace_back(CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
  reduction.set(CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, 1,
                &operation_kind);
  reduction.set(CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums);
  reduction.finalize();
  BackendDescriptor operation(CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_REDUCTION_DESC, reduction);
  operation.set(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, tensors_.at(static_cast<std::size_t>(x)));
  operation.set(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, tensors_.at(static_cast<std::size_t>(y)));
  operation.finalize();
  operations_.push_back(operation);
}

void CudnnGraph::reshape(Id x, Id y) {
  BackendDescriptor operation(CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_RESHAPE_XDESC, tensors_.at(static_cast<std::size_t>(x)));
  operation.set(CUDNN_ATTR_OPERATION_RESHAPE_YDESC, tensors_.at(static_cast<std::size_t>(y)));
  operation.finalize();
  operations_.push_back(operation);
}

void CudnnGraph::finish(cudaStream_t stream) {
  std::vector<cudnnBackendDescriptor_t> operations;
  for (const BackendDescriptor& operation : operations_) {
    operations.push_back(operation.get());
  }
  const cudnnHandle_t handle = cudnn_on(stream);
  graph_.emplace(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  graph_->set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
              static_cast<std::int64_t>(operations.size()), operations.data());
  graph_->set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
  graph_->finalize();
}

}  // namespace heddle::bench
