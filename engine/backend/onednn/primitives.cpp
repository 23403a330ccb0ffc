// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/primitives.h"

#include <fmt/format.h>

#include <string_view>

namespace gradwright::onednn {
namespace {

using dnnl::algorithm;
using dnnl::prop_kind;
constexpr auto kFloat = dnnl::memory::data_type::f32;

dnnl::primitive_attr attributes() {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
}

algorithm algorithmOf(const EltwiseSpec& spec) {
    switch (spec.activation.kind) {
    case ActivationKind::Sigmoid:
        return spec.fromOutput ? algorithm::eltwise_logistic_use_dst_for_bwd
                               : algorithm::eltwise_logistic;
    case ActivationKind::Tanh:
        return spec.fromOutput ? algorithm::eltwise_tanh_use_dst_for_bwd : algorithm::eltwise_tanh;
    case ActivationKind::Relu:
    case ActivationKind::LeakyRelu:
        return spec.fromOutput ? algorithm::eltwise_relu_use_dst_for_bwd : algorithm::eltwise_relu;
    case ActivationKind::Identity:
        break;
    }
    return algorithm::eltwise_linear;
}

float alphaOf(const Activation& activation) {
    return activation.kind == ActivationKind::LeakyRelu ? static_cast<float>(activation.alpha) : 0;
}

dnnl::primitive_attr attributes(const Activation* fused) {
    auto attr = attributes();
    if (!fused || fused->kind == ActivationKind::Identity)
        return attr;
    dnnl::post_ops ops;
    const auto function = algorithmOf({*fused});
#if DNNL_VERSION_MAJOR >= 3
    ops.append_eltwise(function, alphaOf(*fused), 0);
#else
    ops.append_eltwise(1, function, alphaOf(*fused), 0);
#endif
    attr.set_post_ops(ops);
    return attr;
}

/// oneDNN counts dilation from 0.
Dims dilationsOf(const Window& window) {
    auto dilations = window.dilation;
    for (auto& dilation : dilations)
        --dilation;
    return dilations;
}

dnnl::normalization_flags normFlags(bool runningStatistics, bool fuseRelu) {
    auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
    if (runningStatistics)
        flags |= dnnl::normalization_flags::use_global_stats;
    if (fuseRelu)
        flags |= dnnl::normalization_flags::fuse_norm_relu;
    return flags;
}

/// A forward primitive. Version 2 wraps the arguments in an operation descriptor.
template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const dnnl::primitive_attr& attr,
                                            const Arguments&... arguments) {
    constexpr bool allowEmpty = true;
#if DNNL_VERSION_MAJOR >= 3
    return {cpuEngine(), arguments..., attr, allowEmpty};
#else
    return {typename Primitive::desc(arguments...), attr, cpuEngine(), allowEmpty};
#endif
}

/// A backward primitive of the forward one in `hint`.
template <class Primitive, class Hint, class... Arguments>
typename Primitive::primitive_desc describeBackward(const Hint& hint,
                                                    const Arguments&... arguments) {
    constexpr bool allowEmpty = true;
#if DNNL_VERSION_MAJOR >= 3
    return {cpuEngine(), arguments..., hint, attributes(), allowEmpty};
#else
    return {typename Primitive::desc(arguments...), attributes(), cpuEngine(), hint, allowEmpty};
#endif
}

} // namespace

const dnnl::engine& cpuEngine() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

std::string libraryVersion() {
    const auto* version = dnnl_version();
    return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

MemoryDesc denseDesc(const Dims& dims) {
    Dims strides(dims.size());
    dnnl::memory::dim stride = 1;
    for (auto i = dims.size(); i-- > 0;) {
        strides[i] = stride;
        stride *= dims[i];
    }
    return stridedDesc(dims, strides);
}

MemoryDesc stridedDesc(const Dims& dims, const Dims& strides) {
    return {dims, kFloat, strides};
}

MemoryDesc taggedDesc(const Dims& dims, dnnl::memory::format_tag tag) {
    return {dims, kFloat, tag};
}

MemoryDesc anyDesc(const Dims& dims) {
    return {dims, kFloat, dnnl::memory::format_tag::any};
}

Dims dimsOf(const MemoryDesc& desc) {
#if DNNL_VERSION_MAJOR >= 3
    return desc.get_dims();
#else
    return desc.dims();
#endif
}

MemoryDesc argumentDesc(const dnnl::primitive_desc_base& pd, int argument) {
    return pd.query_md(dnnl::query::exec_arg_md, argument);
}

std::string implementationOf(const dnnl::primitive_desc_base& pd) {
    return pd.impl_info_str();
}

bool isReference(const dnnl::primitive_desc_base& pd) {
    return implementationOf(pd).find("ref") != std::string::npos;
}

bool hasDerivativeFromOutput(const Activation& activation) {
    // A negative slope makes the sign of x unknowable from f(x).
    return activation.kind != ActivationKind::LeakyRelu || activation.alpha >= 0;
}

ConvForward convForward(prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                        const MemoryDesc& bias, const MemoryDesc& dst, const Window& window,
                        const Activation* fused) {
    return describe<dnnl::convolution_forward>(
        attributes(fused), kind, algorithm::convolution_direct, src, weights, bias, dst,
        window.stride, dilationsOf(window), window.padBegin, window.padEnd);
}

ConvBackwardData convBackwardData(const MemoryDesc& diffSrc, const MemoryDesc& weights,
                                  const MemoryDesc& diffDst, const Window& window,
                                  const ConvForward& hint) {
    return describeBackward<dnnl::convolution_backward_data>(
        hint, algorithm::convolution_direct, diffSrc, weights, diffDst, window.stride,
        dilationsOf(window), window.padBegin, window.padEnd);
}

ConvBackwardWeights convBackwardWeights(const MemoryDesc& src, const MemoryDesc& diffWeights,
                                        const MemoryDesc& diffBias, const MemoryDesc& diffDst,
                                        const Window& window, const ConvForward& hint) {
    return describeBackward<dnnl::convolution_backward_weights>(
        hint, algorithm::convolution_direct, src, diffWeights, diffBias, diffDst, window.stride,
        dilationsOf(window), window.padBegin, window.padEnd);
}

DenseForward denseForward(prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                          const MemoryDesc& bias, const MemoryDesc& dst, const Activation* fused) {
    return describe<dnnl::inner_product_forward>(attributes(fused), kind, src, weights, bias, dst);
}

DenseBackwardData denseBackwardData(const MemoryDesc& diffSrc, const MemoryDesc& weights,
                                    const MemoryDesc& diffDst, const DenseForward& hint) {
    return describeBackward<dnnl::inner_product_backward_data>(hint, diffSrc, weights, diffDst);
}

DenseBackwardWeights denseBackwardWeights(const MemoryDesc& src, const MemoryDesc& diffWeights,
                                          const MemoryDesc& diffBias, const MemoryDesc& diffDst,
                                          const DenseForward& hint) {
    return describeBackward<dnnl::inner_product_backward_weights>(hint, src, diffWeights, diffBias,
                                                                  diffDst);
}

PoolForward poolForward(prop_kind kind, algorithm function, const MemoryDesc& src,
                        const MemoryDesc& dst, const Window& window) {
    return describe<PoolForwardPrimitive>(attributes(), kind, function, src, dst, window.stride,
                                          window.kernel, dilationsOf(window), window.padBegin,
                                          window.padEnd);
}

PoolBackward poolBackward(algorithm function, const MemoryDesc& diffSrc, const MemoryDesc& diffDst,
                          const Window& window, const PoolForward& hint) {
    return describeBackward<PoolBackwardPrimitive>(hint, function, diffSrc, diffDst, window.stride,
                                                   window.kernel, dilationsOf(window),
                                                   window.padBegin, window.padEnd);
}

NormForward normForward(prop_kind kind, const MemoryDesc& data, float epsilon,
                        bool runningStatistics, bool fuseRelu) {
    const auto flags = normFlags(runningStatistics, fuseRelu);
#if DNNL_VERSION_MAJOR >= 3
    return describe<dnnl::batch_normalization_forward>(attributes(), kind, data, data, epsilon,
                                                       flags);
#else
    return describe<dnnl::batch_normalization_forward>(attributes(), kind, data, epsilon, flags);
#endif
}

NormBackward normBackward(const MemoryDesc& data, float epsilon, bool fuseRelu,
                          const NormForward& hint) {
    const auto flags = normFlags(false, fuseRelu);
#if DNNL_VERSION_MAJOR >= 3
    return describeBackward<dnnl::batch_normalization_backward>(hint, prop_kind::backward, data,
                                                                data, data, epsilon, flags);
#else
    return describeBackward<dnnl::batch_normalization_backward>(hint, prop_kind::backward, data,
                                                                data, epsilon, flags);
#endif
}

EltwiseForward eltwiseForward(prop_kind kind, const EltwiseSpec& spec, const MemoryDesc& data) {
    const auto alpha = alphaOf(spec.activation);
#if DNNL_VERSION_MAJOR >= 3
    return describe<dnnl::eltwise_forward>(attributes(), kind, algorithmOf(spec), data, data, alpha,
                                           0.0F);
#else
    return describe<dnnl::eltwise_forward>(attributes(), kind, algorithmOf(spec), data, alpha,
                                           0.0F);
#endif
}

EltwiseBackward eltwiseBackward(const EltwiseSpec& spec, const MemoryDesc& data,
                                const EltwiseForward& hint) {
    const auto alpha = alphaOf(spec.activation);
#if DNNL_VERSION_MAJOR >= 3
    return describeBackward<dnnl::eltwise_backward>(hint, algorithmOf(spec), data, data, data,
                                                    alpha, 0.0F);
#else
    return describeBackward<dnnl::eltwise_backward>(hint, algorithmOf(spec), data, data, alpha,
                                                    0.0F);
#endif
}

SoftmaxForward softmaxForward(prop_kind kind, const MemoryDesc& data, int axis) {
    return describe<SoftmaxForwardPrimitive>(attributes(), kind, algorithm::softmax_accurate, data,
                                             data, axis);
}

SoftmaxBackward softmaxBackward(const MemoryDesc& data, int axis, const SoftmaxForward& hint) {
    return describeBackward<SoftmaxBackwardPrimitive>(hint, algorithm::softmax_accurate, data, data,
                                                      data, axis);
}

BinaryAdd binaryAdd(const MemoryDesc& data, const Activation* fused) {
    return describe<dnnl::binary>(attributes(fused), algorithm::binary_add, data, data, data);
}

Concat concatenate(const MemoryDesc& dst, int axis, const std::vector<MemoryDesc>& sources) {
#if DNNL_VERSION_MAJOR >= 3
    return {cpuEngine(), dst, axis, sources, attributes()};
#else
    return {dst, axis, sources, cpuEngine(), attributes()};
#endif
}

Reorder reorderFromTo(const MemoryDesc& from, const MemoryDesc& to) {
    return {cpuEngine(), from, cpuEngine(), to, attributes()};
}

} // namespace gradwright::onednn
