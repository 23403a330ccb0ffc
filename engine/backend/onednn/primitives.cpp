// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/primitives.h"

#include <fmt/format.h>

#include <string_view>

namespace gradwright::onednn {
namespace {

using dnnl::algorithm;
using dnnl::prop_kind;
constexpr auto kFloat = dnnl::memory::data_type::f32;
constexpr bool kAllowEmpty = true;

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

#if DNNL_VERSION_MAJOR >= 3

ConvForward convForward(prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                        const MemoryDesc& bias, const MemoryDesc& dst, const Window& window,
                        const Activation* fused) {
    return {cpuEngine(),
            kind,
            algorithm::convolution_direct,
            src,
            weights,
            bias,
            dst,
            window.stride,
            dilationsOf(window),
            window.padBegin,
            window.padEnd,
            attributes(fused),
            kAllowEmpty};
}

ConvBackwardData convBackwardData(const MemoryDesc& diffSrc, const MemoryDesc& weights,
                                  const MemoryDesc& diffDst, const Window& window,
                                  const ConvForward& hint) {
    return {cpuEngine(),
            algorithm::convolution_direct,
            diffSrc,
            weights,
            diffDst,
            window.stride,
            dilationsOf(window),
            window.padBegin,
            window.padEnd,
            hint,
            attributes(),
            kAllowEmpty};
}

ConvBackwardWeights convBackwardWeights(const MemoryDesc& src, const MemoryDesc& diffWeights,
                                        const MemoryDesc& diffBias, const MemoryDesc& diffDst,
                                        const Window& window, const ConvForward& hint) {
    return {cpuEngine(),
            algorithm::convolution_direct,
            src,
            diffWeights,
            diffBias,
            diffDst,
            window.stride,
            dilationsOf(window),
            window.padBegin,
            window.padEnd,
            hint,
            attributes(),
            kAllowEmpty};
}

DenseForward denseForward(prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                          const MemoryDesc& bias, const MemoryDesc& dst, const Activation* fused) {
    return {cpuEngine(), kind, src, weights, bias, dst, attributes(fused), kAllowEmpty};
}

DenseBackwardData denseBackwardData(const MemoryDesc& diffSrc, const MemoryDesc& weights,
                                    const MemoryDesc& diffDst, const DenseForward& hint) {
    return {cpuEngine(), diffSrc, weights, diffDst, hint, attributes(), kAllowEmpty};
}

DenseBackwardWeights denseBackwardWeights(const MemoryDesc& src, const MemoryDesc& diffWeights,
                                          const MemoryDesc& diffBias, const MemoryDesc& diffDst,
                                          const DenseForward& hint) {
    return {cpuEngine(), src, diffWeights, diffBias, diffDst, hint, attributes(), kAllowEmpty};
}

PoolForward poolForward(prop_kind kind, algorithm function, const MemoryDesc& src,
                        const MemoryDesc& dst, const Window& window) {
    return {cpuEngine(),
            kind,
            function,
            src,
            dst,
            window.stride,
            window.kernel,
            dilationsOf(window),
            window.padBegin,
            window.padEnd,
            attributes(),
            kAllowEmpty};
}

PoolBackward poolBackward(algorithm function, const MemoryDesc& diffSrc, const MemoryDesc& diffDst,
                          const Window& window, const PoolForward& hint) {
    return {
        cpuEngine(),         function,        diffSrc,       diffDst, window.stride, window.kernel,
        dilationsOf(window), window.padBegin, window.padEnd, hint,    attributes(),  kAllowEmpty};
}

NormForward normForward(prop_kind kind, const MemoryDesc& data, float epsilon,
                        bool runningStatistics, bool fuseRelu) {
    return {cpuEngine(),  kind,       data, data, epsilon, normFlags(runningStatistics, fuseRelu),
            attributes(), kAllowEmpty};
}

NormBackward normBackward(const MemoryDesc& data, float epsilon, bool fuseRelu,
                          const NormForward& hint) {
    return {cpuEngine(), prop_kind::backward,        data, data,         data,
            epsilon,     normFlags(false, fuseRelu), hint, attributes(), kAllowEmpty};
}

EltwiseForward eltwiseForward(prop_kind kind, const EltwiseSpec& spec, const MemoryDesc& data) {
    return {cpuEngine(), kind,         algorithmOf(spec), data, data, alphaOf(spec.activation),
            0.0F,        attributes(), kAllowEmpty};
}

EltwiseBackward eltwiseBackward(const EltwiseSpec& spec, const MemoryDesc& data,
                                const EltwiseForward& hint) {
    return {cpuEngine(), algorithmOf(spec), data,       data, data, alphaOf(spec.activation), 0.0F,
            hint,        attributes(),      kAllowEmpty};
}

SoftmaxForward softmaxForward(prop_kind kind, const MemoryDesc& data, int axis) {
    return {cpuEngine(),  kind,       algorithm::softmax_accurate, data, data, axis,
            attributes(), kAllowEmpty};
}

SoftmaxBackward softmaxBackward(const MemoryDesc& data, int axis, const SoftmaxForward& hint) {
    return {cpuEngine(), algorithm::softmax_accurate, data, data, data, axis, hint, attributes(),
            kAllowEmpty};
}

BinaryAdd binaryAdd(const MemoryDesc& data, const Activation* fused) {
    return {cpuEngine(), algorithm::binary_add, data, data, data, attributes(fused), kAllowEmpty};
}

Concat concatenate(const MemoryDesc& dst, int axis, const std::vector<MemoryDesc>& sources) {
    return {cpuEngine(), dst, axis, sources, attributes()};
}

#else

ConvForward convForward(prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                        const MemoryDesc& bias, const MemoryDesc& dst, const Window& window,
                        const Activation* fused) {
    return {{kind, algorithm::convolution_direct, src, weights, bias, dst, window.stride,
             dilationsOf(window), window.padBegin, window.padEnd},
            attributes(fused),
            cpuEngine(),
            kAllowEmpty};
}

ConvBackwardData convBackwardData(const MemoryDesc& diffSrc, const MemoryDesc& weights,
                                  const MemoryDesc& diffDst, const Window& window,
                                  const ConvForward& hint) {
    return {{algorithm::convolution_direct, diffSrc, weights, diffDst, window.stride,
             dilationsOf(window), window.padBegin, window.padEnd},
            attributes(),
            cpuEngine(),
            hint,
            kAllowEmpty};
}

ConvBackwardWeights convBackwardWeights(const MemoryDesc& src, const MemoryDesc& diffWeights,
                                        const MemoryDesc& diffBias, const MemoryDesc& diffDst,
                                        const Window& window, const ConvForward& hint) {
    return {{algorithm::convolution_direct, src, diffWeights, diffBias, diffDst, window.stride,
             dilationsOf(window), window.padBegin, window.padEnd},
            attributes(),
            cpuEngine(),
            hint,
            kAllowEmpty};
}

DenseForward denseForward(prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                          const MemoryDesc& bias, const MemoryDesc& dst, const Activation* fused) {
    return {{kind, src, weights, bias, dst}, attributes(fused), cpuEngine(), kAllowEmpty};
}

DenseBackwardData denseBackwardData(const MemoryDesc& diffSrc, const MemoryDesc& weights,
                                    const MemoryDesc& diffDst, const DenseForward& hint) {
    return {{diffSrc, weights, diffDst}, attributes(), cpuEngine(), hint, kAllowEmpty};
}

DenseBackwardWeights denseBackwardWeights(const MemoryDesc& src, const MemoryDesc& diffWeights,
                                          const MemoryDesc& diffBias, const MemoryDesc& diffDst,
                                          const DenseForward& hint) {
    return {{src, diffWeights, diffBias, diffDst}, attributes(), cpuEngine(), hint, kAllowEmpty};
}

PoolForward poolForward(prop_kind kind, algorithm function, const MemoryDesc& src,
                        const MemoryDesc& dst, const Window& window) {
    return {
        {kind, function, src, dst, window.stride, window.kernel, window.padBegin, window.padEnd},
        attributes(),
        cpuEngine(),
        kAllowEmpty};
}

PoolBackward poolBackward(algorithm function, const MemoryDesc& diffSrc, const MemoryDesc& diffDst,
                          const Window& window, const PoolForward& hint) {
    return {
        {function, diffSrc, diffDst, window.stride, window.kernel, window.padBegin, window.padEnd},
        attributes(),
        cpuEngine(),
        hint,
        kAllowEmpty};
}

NormForward normForward(prop_kind kind, const MemoryDesc& data, float epsilon,
                        bool runningStatistics, bool fuseRelu) {
    return {{kind, data, epsilon, normFlags(runningStatistics, fuseRelu)},
            attributes(),
            cpuEngine(),
            kAllowEmpty};
}

NormBackward normBackward(const MemoryDesc& data, float epsilon, bool fuseRelu,
                          const NormForward& hint) {
    return {{prop_kind::backward, data, data, epsilon, normFlags(false, fuseRelu)},
            attributes(),
            cpuEngine(),
            hint,
            kAllowEmpty};
}

EltwiseForward eltwiseForward(prop_kind kind, const EltwiseSpec& spec, const MemoryDesc& data) {
    return {{kind, algorithmOf(spec), data, alphaOf(spec.activation), 0.0F},
            attributes(),
            cpuEngine(),
            kAllowEmpty};
}

EltwiseBackward eltwiseBackward(const EltwiseSpec& spec, const MemoryDesc& data,
                                const EltwiseForward& hint) {
    return {{algorithmOf(spec), data, data, alphaOf(spec.activation), 0.0F},
            attributes(),
            cpuEngine(),
            hint,
            kAllowEmpty};
}

SoftmaxForward softmaxForward(prop_kind kind, const MemoryDesc& data, int axis) {
    return {{kind, algorithm::softmax_accurate, data, data, axis},
            attributes(),
            cpuEngine(),
            kAllowEmpty};
}

SoftmaxBackward softmaxBackward(const MemoryDesc& data, int axis, const SoftmaxForward& hint) {
    return {{algorithm::softmax_accurate, data, data, data, axis},
            attributes(),
            cpuEngine(),
            hint,
            kAllowEmpty};
}

BinaryAdd binaryAdd(const MemoryDesc& data, const Activation* fused) {
    return {{algorithm::binary_add, data, data, data}, attributes(fused), cpuEngine(), kAllowEmpty};
}

Concat concatenate(const MemoryDesc& dst, int axis, const std::vector<MemoryDesc>& sources) {
    return {dst, axis, sources, cpuEngine(), attributes()};
}

#endif

Reorder reorderFromTo(const MemoryDesc& from, const MemoryDesc& to) {
    return {cpuEngine(), from, cpuEngine(), to, attributes()};
}

} // namespace gradwright::onednn
