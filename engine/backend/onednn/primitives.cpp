// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/primitives.h"

#include "engine/support/error.h"

#include <string_view>

namespace gradwright::onednn {
namespace {

using dnnl::algorithm;
using dnnl::prop_kind;

dnnl::memory::data_type dataTypeOf(DType type) {
    switch (type) {
    case DType::BF16:
        return dnnl::memory::data_type::bf16;
    case DType::I32:
        return dnnl::memory::data_type::s32;
    case DType::U8:
        return dnnl::memory::data_type::u8;
    case DType::I8:
        return dnnl::memory::data_type::s8;
    default:
        return dnnl::memory::data_type::f32;
    }
}

/// Row-major.
Dims denseStrides(const Dims& dims) {
    Dims strides(dims.size());
    dnnl::memory::dim stride = 1;
    for (auto i = dims.size(); i-- > 0;) {
        strides[i] = stride;
        stride *= dims[i];
    }
    return strides;
}

dnnl::primitive_attr attributes() {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
}

algorithm eltwiseAlgorithmOf(const EltwiseSpec& spec) {
    switch (spec.activation.kind) {
    case ActivationKind::Sigmoid:
        return spec.fromOutput ? algorithm::eltwise_logistic_use_dst_for_bwd
                               : algorithm::eltwise_logistic;
    case ActivationKind::Tanh:
        return spec.fromOutput ? algorithm::eltwise_tanh_use_dst_for_bwd : algorithm::eltwise_tanh;
    case ActivationKind::Relu:
    case ActivationKind::LeakyRelu:
        return spec.fromOutput ? algorithm::eltwise_relu_use_dst_for_bwd : algorithm::eltwise_relu;
    case ActivationKind::Elu:
        return spec.fromOutput ? algorithm::eltwise_elu_use_dst_for_bwd : algorithm::eltwise_elu;
    case ActivationKind::Relu6:
    case ActivationKind::HardTanh:
        return spec.fromOutput ? algorithm::eltwise_clip_v2_use_dst_for_bwd
                               : algorithm::eltwise_clip_v2;
    case ActivationKind::Gelu:
        return algorithm::eltwise_gelu_erf;
    case ActivationKind::GeluTanh:
        return algorithm::eltwise_gelu_tanh;
    case ActivationKind::Silu:
        return algorithm::eltwise_swish;
    case ActivationKind::Mish:
        return algorithm::eltwise_mish;
    case ActivationKind::HardSwish:
        return algorithm::eltwise_hardswish;
    case ActivationKind::Softplus:
        return algorithm::eltwise_soft_relu;
    case ActivationKind::Identity:
    case ActivationKind::Step:
    case ActivationKind::HardSigmoid:
    case ActivationKind::Selu:
    case ActivationKind::Celu:
    case ActivationKind::Softsign:
        break;
    }
    return algorithm::eltwise_linear;
}

struct EltwiseConstants {
    float alpha = 0, beta = 0;
};

EltwiseConstants constantsOf(const Activation& activation) {
    switch (activation.kind) {
    case ActivationKind::LeakyRelu:
    case ActivationKind::Elu:
        return {static_cast<float>(activation.alpha), 0};
    case ActivationKind::Relu6:
        return {0, 6};
    case ActivationKind::HardTanh:
        return {-1, 1};
    case ActivationKind::Silu:
        return {1, 0};
    // Version 2 has these two as constants of its own and wants none.
    case ActivationKind::HardSwish:
        return DNNL_VERSION_MAJOR >= 3 ? EltwiseConstants{1.0F / 6, 0.5F} : EltwiseConstants{};
    case ActivationKind::Softplus:
        return DNNL_VERSION_MAJOR >= 3 ? EltwiseConstants{1, 0} : EltwiseConstants{};
    default:
        return {};
    }
}

dnnl::primitive_attr attributes(const Finish& finish) {
    auto attr = attributes();
    const auto* activation = finish.activation;
    const bool applies = activation && activation->kind != ActivationKind::Identity;
    if (!applies && !finish.adds)
        return attr;
    dnnl::post_ops ops;
    if (finish.adds)
        ops.append_sum(1);
    if (!applies) {
        attr.set_post_ops(ops);
        return attr;
    }
    const auto [function, alpha, beta] = eltwiseFunctionOf(*activation);
#if DNNL_VERSION_MAJOR >= 3
    ops.append_eltwise(function, alpha, beta);
#else
    ops.append_eltwise(1, function, alpha, beta);
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

algorithm softmaxAlgorithm(bool logarithm) {
    return logarithm ? algorithm::softmax_log : algorithm::softmax_accurate;
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

std::int64_t vectorLanes() {
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx2_vnni:
#if DNNL_VERSION_MAJOR >= 3
    case dnnl::cpu_isa::avx2_vnni_2:
#endif
        return 8;
    default:
        return 16;
    }
}

MemoryDesc denseDesc(const Dims& dims, DType type) {
    return stridedDesc(dims, denseStrides(dims), type);
}

MemoryDesc stridedDesc(const Dims& dims, const Dims& strides, DType type) {
    return {dims, dataTypeOf(type), strides};
}

MemoryDesc taggedDesc(const Dims& dims, dnnl::memory::format_tag tag, DType type) {
    return {dims, dataTypeOf(type), tag};
}

MemoryDesc anyDesc(const Dims& dims, DType type) {
    return {dims, dataTypeOf(type), dnnl::memory::format_tag::any};
}

MemoryDesc bf16DenseDesc(const Dims& dims) {
    return denseDesc(dims, DType::BF16);
}

MemoryDesc bf16AnyDesc(const Dims& dims) {
    return anyDesc(dims, DType::BF16);
}

bool isBf16(const MemoryDesc& desc) {
    return typeOf(desc) == DType::BF16;
}

DType typeOf(const MemoryDesc& desc) {
#if DNNL_VERSION_MAJOR >= 3
    const auto type = desc.get_data_type();
#else
    const auto type = desc.data_type();
#endif
    for (const auto known : {DType::BF16, DType::I32, DType::U8, DType::I8})
        if (type == dataTypeOf(known))
            return known;
    return DType::F32;
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

EltwiseFunction eltwiseFunctionOf(const Activation& activation) {
    const auto [alpha, beta] = constantsOf(activation);
    return {eltwiseAlgorithmOf({activation}), alpha, beta};
}

bool hasPrimitive(const Activation& activation) {
    return eltwiseAlgorithmOf({activation}) != algorithm::eltwise_linear;
}

bool hasDerivativeFromOutput(const Activation& activation) {
    switch (activation.kind) {
    // A negative slope makes the sign of x unknowable from f(x).
    case ActivationKind::LeakyRelu:
    case ActivationKind::Elu:
        return activation.alpha >= 0;
    case ActivationKind::Sigmoid:
    case ActivationKind::Tanh:
    case ActivationKind::Relu:
    case ActivationKind::Relu6:
    case ActivationKind::HardTanh:
        return true;
    default:
        return false;
    }
}

Window windowOf(const Extents& kernel, const Extents& stride, const Extents& dilation,
                const Padding& padding, std::size_t axes) {
    Window window;
    for (std::size_t axis = 0; axis < axes; ++axis) {
        window.kernel.push_back(kernel[axis]);
        window.stride.push_back(stride[axis]);
        window.dilation.push_back(dilation[axis]);
        window.padBegin.push_back(padding.before(axis));
        window.padEnd.push_back(padding.after(axis));
    }
    return window;
}

ConvForward convForward(prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                        const MemoryDesc& bias, const MemoryDesc& dst, const Window& window,
                        const Finish& finish, algorithm method) {
    return describe<dnnl::convolution_forward>(attributes(finish), kind, method, src, weights, bias,
                                               dst, window.stride, dilationsOf(window),
                                               window.padBegin, window.padEnd);
}

ConvBackwardData convBackwardData(const MemoryDesc& diffSrc, const MemoryDesc& weights,
                                  const MemoryDesc& diffDst, const Window& window,
                                  const ConvForward& hint, algorithm method) {
    return describeBackward<dnnl::convolution_backward_data>(
        hint, method, diffSrc, weights, diffDst, window.stride, dilationsOf(window),
        window.padBegin, window.padEnd);
}

ConvBackwardWeights convBackwardWeights(const MemoryDesc& src, const MemoryDesc& diffWeights,
                                        const MemoryDesc& diffBias, const MemoryDesc& diffDst,
                                        const Window& window, const ConvForward& hint,
                                        algorithm method) {
    return describeBackward<dnnl::convolution_backward_weights>(
        hint, method, src, diffWeights, diffBias, diffDst, window.stride, dilationsOf(window),
        window.padBegin, window.padEnd);
}

DenseForward denseForward(prop_kind kind, const MemoryDesc& src, const MemoryDesc& weights,
                          const MemoryDesc& bias, const MemoryDesc& dst, const Finish& finish) {
    return describe<dnnl::inner_product_forward>(attributes(finish), kind, src, weights, bias, dst);
}

MatMul matrixProduct(const MemoryDesc& a, const MemoryDesc& b, const MemoryDesc& out) {
    return describe<dnnl::matmul>(attributes(), a, b, out);
}

MatMul denseProduct(const DenseForward& dense, const Finish& finish) {
    // [units, features], read as [features, units].
    const auto weights = dense.weights_desc().permute_axes({1, 0});
    const auto units = dimsOf(dense.dst_desc())[1];
    const auto bias = dense.bias_desc().get_size() > 0 ? denseDesc({1, units}) : MemoryDesc();
    const auto product = describe<dnnl::matmul>(attributes(finish), dense.src_desc(), weights, bias,
                                                dense.dst_desc());
    return product && implementationOf(product).starts_with("brg") ? product : MatMul();
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
    const auto constants = constantsOf(spec.activation);
#if DNNL_VERSION_MAJOR >= 3
    return describe<dnnl::eltwise_forward>(attributes(), kind, eltwiseAlgorithmOf(spec), data, data,
                                           constants.alpha, constants.beta);
#else
    return describe<dnnl::eltwise_forward>(attributes(), kind, eltwiseAlgorithmOf(spec), data,
                                           constants.alpha, constants.beta);
#endif
}

EltwiseBackward eltwiseBackward(const EltwiseSpec& spec, const MemoryDesc& data,
                                const EltwiseForward& hint) {
    const auto constants = constantsOf(spec.activation);
#if DNNL_VERSION_MAJOR >= 3
    return describeBackward<dnnl::eltwise_backward>(hint, eltwiseAlgorithmOf(spec), data, data,
                                                    data, constants.alpha, constants.beta);
#else
    return describeBackward<dnnl::eltwise_backward>(hint, eltwiseAlgorithmOf(spec), data, data,
                                                    constants.alpha, constants.beta);
#endif
}

SoftmaxForward softmaxForward(prop_kind kind, const MemoryDesc& data, int axis, bool logarithm) {
    return describe<SoftmaxForwardPrimitive>(attributes(), kind, softmaxAlgorithm(logarithm), data,
                                             data, axis);
}

SoftmaxBackward softmaxBackward(const MemoryDesc& data, int axis, bool logarithm,
                                const SoftmaxForward& hint) {
    return describeBackward<SoftmaxBackwardPrimitive>(hint, softmaxAlgorithm(logarithm), data, data,
                                                      data, axis);
}

void multiply(const MatrixProduct& product, const MatrixView& a, const MatrixView& b,
              const MatrixTarget& target) {
    const auto dim = [](std::size_t size) { return static_cast<dnnl_dim_t>(size); };
    const auto letter = [](const MatrixView& view) { return view.transposed ? 'T' : 'N'; };
    const auto status =
        dnnl_sgemm(letter(a), letter(b), dim(product.rows), dim(product.columns),
                   dim(product.inner), 1.0F, a.data, dim(a.stride), b.data, dim(b.stride),
                   product.add ? 1.0F : 0.0F, target.data, dim(target.stride));
    if (status != dnnl_success)
        throw Error("oneDNN failed to multiply matrices of {}×{} and {}×{} (status {})",
                    product.rows, product.inner, product.inner, product.columns,
                    static_cast<int>(status));
}

BinaryAdd binaryAdd(const MemoryDesc& data, const Finish& finish) {
    return describe<dnnl::binary>(attributes(finish), algorithm::binary_add, data, data, data);
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

void reorderNow(const MemoryDesc& from, const void* source, const MemoryDesc& to, void* target) {
    dnnl::stream stream(cpuEngine());
    dnnl::memory in(from, cpuEngine(), const_cast<void*>(source));
    dnnl::memory out(to, cpuEngine(), target);
    dnnl::reorder(in, out).execute(stream, in, out);
    stream.wait();
}

} // namespace gradwright::onednn
