#pragma once

#include "kernels/kernels.h"

namespace heddle::cpu {

// One function per family, each in kernels/cpu/<family>.cpp, gives that family's table.
ElementwiseKernels elementwise_kernels();
BiasActivationKernels bias_activation_kernels();
ReduceKernels reduce_kernels();
MatmulKernels matmul_kernels();
LinearTanhKernels linear_tanh_kernels();
SoftmaxKernels softmax_kernels();
AttentionPoolKernels attention_pool_kernels();
AttentionKernels attention_kernels();
LstmKernels lstm_kernels();
EmbeddingKernels embedding_kernels();
GatherKernels gather_kernels();
ConvKernels conv_kernels();
PoolKernels pool_kernels();
LayerNormKernels layer_norm_kernels();
DropoutKernels dropout_kernels();
CrossEntropyKernels cross_entropy_kernels();
OptimizerKernels optimizer_kernels();

}  // namespace heddle::cpu
