#pragma once

#include "core/device.h"
#include "kernels/attention.h"
#include "kernels/attention_pool.h"
#include "kernels/bias_activation.h"
#include "kernels/conv.h"
#include "kernels/cross_entropy.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "kernels/embedding.h"
#include "kernels/gather.h"
#include "kernels/layer_norm.h"
#include "kernels/linear_tanh.h"
#include "kernels/lstm.h"
#include "kernels/matmul.h"
#include "kernels/optimizer.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/softmax.h"

namespace heddle {

/// All kernels of one backend. Copies and conversions are the tensor's own (core/tensor.h).
struct Kernels {
  ElementwiseKernels elementwise;
  BiasActivationKernels bias_activation;
  ReduceKernels reduce;
  MatmulKernels matmul;
  LinearTanhKernels linear_tanh;
  SoftmaxKernels softmax;
  AttentionPoolKernels attention_pool;
  AttentionKernels attention;
  LstmKernels lstm;
  EmbeddingKernels embedding;
  GatherKernels gather;
  ConvKernels conv;
  PoolKernels pool;
  LayerNormKernels layer_norm;
  DropoutKernels dropout;
  CrossEntropyKernels cross_entropy;
  OptimizerKernels optimizer;
};

/// The backend's table. Errors: Unavailable, where this build or machine lacks the backend; says
/// why.
const Kernels& kernels_for(Device device);
/// Empty where `kernels_for` works, else the reason why not (for `heddle doctor`).
const char* why_unavailable(Device device);

}  // namespace heddle
