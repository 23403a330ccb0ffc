// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <cstddef>
#include <string>
#include <vector>

/// With integer_primitives.h the only file that knows which version of oneDNN it is built with (2.6
/// or 3.x).
///
/// Each function describes one primitive and lets oneDNN pick an implementation; the result is
/// empty (`!pd`) when it has none for these descriptors. Nothing is compiled before
/// dnnl::primitive is made from it. All leave the scratchpad to the caller.
namespace gradwright::onednn {

using MemoryDesc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;

using ConvForward = dnnl::convolution_forward::primitive_desc;
using ConvBackwardData = dnnl::convolution_backward_data::primitive_desc;
using ConvBackwardWeights = dnnl::convolution_backward_weights::primitive_desc;
using DenseForward = dnnl::inner_product_forward::primitive_desc;
using DenseBackwardData = dnnl::inner_product_backward_data::primitive_desc;
using DenseBackwardWeights = dnnl::inner_product_backward_weights::primitive_desc;
using MatMul = dnnl::matmul::primitive_desc;
using NormForward = dnnl::batch_normalization_forward::primitive_desc;
using NormBackward = dnnl::batch_normalization_backward::primitive_desc;
using EltwiseForward = dnnl::eltwise_forward::primitive_desc;
using EltwiseBackward = dnnl::eltwise_backward::primitive_desc;
#if DNNL_VERSION_MAJOR >= 3
using PoolForwardPrimitive = dnnl::pooling_forward;
using PoolBackwardPrimitive = dnnl::pooling_backward;
using SoftmaxForwardPrimitive = dnnl::softmax_forward;
using SoftmaxBackwardPrimitive = dnnl::softmax_backward;
#else
using PoolForwardPrimitive = dnnl::pooling_v2_forward;
using PoolBackwardPrimitive = dnnl::pooling_v2_backward;
using SoftmaxForwardPrimitive = dnnl::softmax_v2_forward;
using SoftmaxBackwardPrimitive = dnnl::softmax_v2_backward;
#endif
using PoolForward = PoolForwardPrimitive::primitive_desc;
using PoolBackward = PoolBackwardPrimitive::primitive_desc;
using SoftmaxForward = SoftmaxForwardPrimitive::primitive_desc;
using SoftmaxBackward = SoftmaxBackwardPrimitive::primitive_desc;
using BinaryAdd = dnnl::binary::primitive_desc;
using Concat = dnnl::concat::primitive_desc;
using Reorder = dnnl::reorder::primitive_desc;

const dnnl::engine& cpuEngine();
/// "2.6.3"
std::string libraryVersion();
/// FP32 numbers in a vector of the processor, which is also oneDNN's block of channels: 8 or 16.
std::int64_t vectorLanes();

/// Row-major.
MemoryDesc denseDesc(const Dims& dims, DType type = DType::F32);
MemoryDesc stridedDesc(const Dims& dims, const Dims& strides, DType type = DType::F32);
MemoryDesc taggedDesc(const Dims& dims, dnnl::memory::format_tag tag, DType type = DType::F32);
/// oneDNN chooses the layout.
MemoryDesc anyDesc(const Dims& dims, DType type = DType::F32);
/// The same in bfloat16.
MemoryDesc bf16DenseDesc(const Dims& dims);
MemoryDesc bf16AnyDesc(const Dims& dims);
bool isBf16(const MemoryDesc& desc);
/// F32, BF16, I32, U8 or I8.
DType typeOf(const MemoryDesc& desc);
Dims dimsOf(const MemoryDesc& desc);
/// The descriptor of one execution argument, e.g. DNNL_ARG_WORKSPACE; of size 0 when there is none.
MemoryDesc argumentDesc(const dnnl::primitive_desc_base& pd, int argument);
std::string implementationOf(const dnnl::primitive_desc_base& pd);
/// Whether the implementation is one of oneDNN's reference loops, hundreds of times slower.
bool isReference(const dnnl::primitive_desc_base& pd);

/// How an Activation is called in oneDNN; not for identity. `fromOutput`: its derivative is taken
/// from f(x) instead of x.
struct EltwiseSpec {
    Activation activation;
    bool fromOutput = false;
};
/// What oneDNN calls an activation that it has, not for identity.
struct EltwiseFunction {
    dnnl::algorithm function;
    float alpha = 0, beta = 0;
};
EltwiseFunction eltwiseFunctionOf(const Activation& activation);
/// Whether oneDNN has the function.
bool hasPrimitive(const Activation& activation);
/// Whether oneDNN can compute f'(x) from f(x) alone.
bool hasDerivativeFromOutput(const Activation& activation);

/// Strides, dilations (1 = dense) and padding of a window that moves over positions.
struct Window {
    Dims kernel, stride, dilation, padBegin, padEnd;
};

/// The window of an op whose values have that many axes of positions.
Window windowOf(const Extents& kernel, const Extents& stride, const Extents& dilation,
                const Padding& padding, std::size_t axes);

inline constexpr auto kDirect = dnnl::algorithm::convolution_direct;

/// What a primitive does to its result before it writes it: first it adds what the output holds
/// already, where it `adds`, then it applies the activation, if there is one.
struct Finish {
    const Activation* activation = nullptr;
    bool adds = false;

    Finish() = default;
    Finish(const Activation* function, bool addsOutput = false)
        : activation(function)
        , adds(addsOutput) {}
};

ConvForward convForward(dnnl::prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                        const MemoryDesc& bias, const MemoryDesc& dst, const Window& window,
                        const Finish& finish, dnnl::algorithm method = kDirect);
ConvBackwardData convBackwardData(const MemoryDesc& diffSrc, const MemoryDesc& weights,
                                  const MemoryDesc& diffDst, const Window& window,
                                  const ConvForward& hint, dnnl::algorithm method = kDirect);
ConvBackwardWeights convBackwardWeights(const MemoryDesc& src, const MemoryDesc& diffWeights,
                                        const MemoryDesc& diffBias, const MemoryDesc& diffDst,
                                        const Window& window, const ConvForward& hint,
                                        dnnl::algorithm method = kDirect);

DenseForward denseForward(dnnl::prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                          const MemoryDesc& bias, const MemoryDesc& dst, const Finish& finish);
/// a × b over the last two axes; those before them are broadcast.
MatMul matrixProduct(const MemoryDesc& a, const MemoryDesc& b, const MemoryDesc& out);
/// The same as the dense layer's forward primitive, with the same memory, as a product of matrices:
/// that shares out few rows, or few units, among more threads. Empty where oneDNN would not use its
/// newest kernels for it.
MatMul denseProduct(const DenseForward& dense, const Finish& finish);
DenseBackwardData denseBackwardData(const MemoryDesc& diffSrc, const MemoryDesc& weights,
                                    const MemoryDesc& diffDst, const DenseForward& hint);
DenseBackwardWeights denseBackwardWeights(const MemoryDesc& src, const MemoryDesc& diffWeights,
                                          const MemoryDesc& diffBias, const MemoryDesc& diffDst,
                                          const DenseForward& hint);

PoolForward poolForward(dnnl::prop_kind kind, dnnl::algorithm function, const MemoryDesc& src,
                        const MemoryDesc& dst, const Window& window);
PoolBackward poolBackward(dnnl::algorithm function, const MemoryDesc& diffSrc,
                          const MemoryDesc& diffDst, const Window& window, const PoolForward& hint);

/// With scale and shift.
NormForward normForward(dnnl::prop_kind kind, const MemoryDesc& data, float epsilon,
                        bool runningStatistics, bool fuseRelu);
/// Whether the backward primitive has an argument that its formulas don't need.
inline constexpr bool kNormBackwardTakesShift = DNNL_VERSION_MAJOR < 3;
NormBackward normBackward(const MemoryDesc& data, float epsilon, bool fuseRelu,
                          const NormForward& hint);

EltwiseForward eltwiseForward(dnnl::prop_kind kind, const EltwiseSpec& spec,
                              const MemoryDesc& data);
EltwiseBackward eltwiseBackward(const EltwiseSpec& spec, const MemoryDesc& data,
                                const EltwiseForward& hint);

SoftmaxForward softmaxForward(dnnl::prop_kind kind, const MemoryDesc& data, int axis,
                              bool logarithm);
SoftmaxBackward softmaxBackward(const MemoryDesc& data, int axis, bool logarithm,
                                const SoftmaxForward& hint);

/// A row-major matrix whose rows are `stride` elements apart; `transposed`: its transpose is meant.
struct MatrixView {
    const float* data;
    std::size_t stride;
    bool transposed = false;
};
struct MatrixTarget {
    float* data;
    std::size_t stride;
};
struct MatrixProduct {
    std::size_t rows, columns, inner;
    bool add = false; ///< to what is in the target
};
/// target = a b, on the OpenMP threads (on one inside a parallel region).
void multiply(const MatrixProduct& product, const MatrixView& a, const MatrixView& b,
              const MatrixTarget& target);

/// Elementwise a + b.
BinaryAdd binaryAdd(const MemoryDesc& data, const Finish& finish);
Concat concatenate(const MemoryDesc& dst, int axis, const std::vector<MemoryDesc>& sources);
Reorder reorderFromTo(const MemoryDesc& from, const MemoryDesc& to);
/// Does it, once.
void reorderNow(const MemoryDesc& from, const void* source, const MemoryDesc& to, void* target);

} // namespace gradwright::onednn
