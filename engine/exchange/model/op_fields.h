// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an op says of itself, field by field: one list for reading and writing.
#pragma once

#include "engine/ops/op.h"

#include <array>
#include <limits>
#include <string_view>
#include <type_traits>
#include <variant>

namespace gradwright::model_file {

/// Lengths, counts and places that a file may hold.
inline constexpr std::int64_t kMostLength = std::int64_t{1} << 31;

struct Bounds {
    std::int64_t least, most = kMostLength;
};
inline constexpr Bounds kCount{1};
inline constexpr Bounds kWindow{1, std::int64_t{1} << 20}; ///< kernels, strides, dilations
inline constexpr Bounds kSide{-(std::int64_t{1} << 20), std::int64_t{1} << 20};
inline constexpr Bounds kAny{-kMostLength};
inline constexpr Bounds kAxis{-64, 64};
inline constexpr Bounds kByte{-128, 255}; ///< zero points

template <std::size_t N>
using Names = std::array<std::string_view, N>;

// By enumerator.
inline constexpr Names<2> kPoolNames{"max", "average"};
inline constexpr Names<5> kCombineNames{"subtract", "multiply", "average", "maximum", "minimum"};
inline constexpr Names<3> kCellNames{"simple", "lstm", "gru"};
inline constexpr Names<6> kReduceNames{"sum", "mean", "product", "maximum", "minimum", "norm"};
inline constexpr Names<7> kBinaryNames{"add",   "subtract", "multiply", "divide",
                                       "power", "maximum",  "minimum"};
inline constexpr Names<5> kComparisonNames{"equal", "less", "less-or-equal", "greater",
                                           "greater-or-equal"};
inline constexpr Names<4> kLogicNames{"and", "or", "xor", "not"};
inline constexpr Names<16> kUnaryNames{"linear",     "exponential", "logarithm", "square-root",
                                       "reciprocal", "power",       "absolute",  "sign",
                                       "floor",      "ceiling",     "round",     "clip",
                                       "inside",     "sine",        "cosine",    "error-function"};
inline constexpr Names<5> kAxisMapNames{"keep", "shift", "nearest", "linear", "mean"};
inline constexpr Names<3> kBorderNames{"constant", "reflect", "replicate"};
inline constexpr Names<9> kTypeNames{"F32", "F64", "BF16", "F16", "I64", "I32", "I8", "U8", "BOOL"};
inline constexpr Names<5> kElementLossNames{"absolute-error", "huber", "binary-cross-entropy",
                                            "kullback-leibler", "perceptron-criterion"};

// clang-format off
template <class V> void fields(V& v, ConvOp& op) {
    v("channels", op.outChannels, kCount); v("kernel", op.kernel, kWindow);
    v("stride", op.stride, kWindow); v("dilation", op.dilation, kWindow);
    v("padding", op.padding); v("groups", op.groups, kCount); v("bias", op.bias);
}
template <class V> void fields(V& v, ConvTransposeOp& op) {
    v("channels", op.outChannels, kCount); v("kernel", op.kernel, kWindow);
    v("stride", op.stride, kWindow); v("dilation", op.dilation, kWindow);
    v("padding", op.padding); v("output_padding", op.outputPadding);
    v("groups", op.groups, kCount); v("bias", op.bias);
}
template <class V> void fields(V& v, DenseOp& op) { v("units", op.units, kCount); v("bias", op.bias); }
template <class V> void fields(V& v, PoolOp& op) {
    v("kind", op.kind, kPoolNames); v("kernel", op.kernel, kWindow);
    v("stride", op.stride, kWindow); v("padding", op.padding);
    v("count_padding", op.countPadding);
}
template <class V> void fields(V& /*v*/, GlobalAveragePoolOp& /*op*/) {}
template <class V> void fields(V& v, BatchNormOp& op) {
    v("epsilon", op.epsilon); v("momentum", op.momentum); v("fixed", op.fixed);
}
template <class V> void fields(V& v, NormalizeOp& op) {
    v("axis", op.axis, kAxis); v("groups", op.groups, kCount); v("per_channel", op.perChannel);
    v("centre", op.centre); v("epsilon", op.epsilon); v("scale", op.scale); v("shift", op.shift);
}
template <class V> void fields(V& v, LocalResponseNormOp& op) {
    v("size", op.size, kCount); v("alpha", op.alpha); v("beta", op.beta); v("k", op.k);
}
template <class V> void fields(V& v, ActivationOp& op) { v("activation", op.activation); }
template <class V> void fields(V& v, PreluOp& op) { v("per_channel", op.perChannel); }
template <class V> void fields(V& v, SoftmaxOp& op) {
    v("logarithm", op.logarithm); v("axis", op.axis, kAxis);
}
template <class V> void fields(V& v, DropoutOp& op) {
    v("rate", op.rate); v("stream", op.stream); v("per_channel", op.perChannel);
}
template <class V> void fields(V& v, GaussianNoiseOp& op) {
    v("deviation", op.deviation); v("stream", op.stream);
}
template <class V> void fields(V& v, ReshapeOp& op) { v("dims", op.dims); }
template <class V> void fields(V& v, PermuteOp& op) { v("axes", op.axes, kAxis); }
template <class V> void fields(V& v, SplitOp& op) {
    v("axis", op.axis, kAxis); v("sizes", op.sizes, kCount);
}
template <class V> void fields(V& v, AxisMap& map) {
    v("kind", map.kind, kAxisMapNames); v("size", map.size, Bounds{0});
    v("first", map.first, kAny); v("step", map.step, kAny); v("border", map.border, kBorderNames);
}
template <class V> void fields(V& v, ResampleOp& op) { v("axes", op.axes); v("outside", op.outside); }
template <class V> void fields(V& /*v*/, AddOp& /*op*/) {}
template <class V> void fields(V& v, CombineOp& op) { v("kind", op.kind, kCombineNames); }
template <class V> void fields(V& v, ConcatOp& op) { v("axis", op.axis, kAxis); }
template <class V> void fields(V& v, EmbeddingOp& op) {
    v("vocabulary", op.vocabulary, kCount); v("dimensions", op.dimensions, kCount);
}
template <class V> void fields(V& v, PositionOp& op) { v("learned", op.learned); }
template <class V> void fields(V& v, RecurrentOp& op) {
    v("cell", op.cell, kCellNames); v("units", op.units, kCount); v("reverse", op.reverse);
    v("relu", op.relu); v("bias", op.bias); v("time_first", op.timeFirst);
    v("last_states", op.lastStates); v("reset_first", op.resetFirst);
    v("peepholes", op.peepholes); v("lengths", op.lengths);
}
template <class V> void fields(V& v, AttentionOp& op) {
    v("heads", op.heads, kCount); v("causal", op.causal);
}
template <class V> void fields(V& v, OneHotOp& op) { v("classes", op.classes, kCount); }
template <class V> void fields(V& v, SoftmaxCrossEntropyOp& op) {
    v("label_smoothing", op.labelSmoothing); v("focusing", op.focusing);
    v("class_weights", op.classWeights);
}
template <class V> void fields(V& /*v*/, MeanSquaredErrorOp& /*op*/) {}
template <class V> void fields(V& v, ElementLossOp& op) {
    v("kind", op.kind, kElementLossNames); v("parameter", op.parameter);
}
template <class V> void fields(V& v, HingeLossOp& op) {
    v("margin", op.margin); v("squared", op.squared);
}
template <class V> void fields(V& /*v*/, CosineLossOp& /*op*/) {}
template <class V> void fields(V& v, UnaryOp& op) {
    v("kind", op.kind, kUnaryNames); v("scale", op.scale); v("shift", op.shift);
    v("a", op.a); v("b", op.b);
}
template <class V> void fields(V& v, BinaryOp& op) {
    v("kind", op.kind, kBinaryNames); v("scale", op.scale); v("shift", op.shift);
}
template <class V> void fields(V& v, CompareOp& op) { v("comparison", op.comparison, kComparisonNames); }
template <class V> void fields(V& v, LogicOp& op) { v("kind", op.kind, kLogicNames); }
template <class V> void fields(V& /*v*/, WhereOp& /*op*/) {}
template <class V> void fields(V& v, CastOp& op) { v("to", op.to, kTypeNames); }
template <class V> void fields(V& v, FillOp& op) { v("dims", op.dims); v("value", op.value); }
template <class V> void fields(V& v, ExpandOp& op) { v("dims", op.dims); }
template <class V> void fields(V& v, MatMulOp& op) {
    v("transpose_a", op.transposeA); v("transpose_b", op.transposeB);
}
template <class V> void fields(V& v, ReduceOp& op) {
    v("kind", op.kind, kReduceNames); v("axes", op.axes, kAxis); v("keep", op.keep);
}
template <class V> void fields(V& v, ArgMaxOp& op) {
    v("axis", op.axis, kAxis); v("keep", op.keep); v("minimum", op.minimum);
}
template <class V> void fields(V& v, TopKOp& op) {
    v("k", op.k, kCount); v("axis", op.axis, kAxis); v("smallest", op.smallest);
}
template <class V> void fields(V& v, GatherOp& op) { v("axis", op.axis, kAxis); }
template <class V> void fields(V& v, QuantizeOp& op) {
    v("to", op.to, kTypeNames); v("axis", op.axis, kAxis); v("block", op.block, Bounds{0});
}
template <class V> void fields(V& v, DequantizeOp& op) {
    v("axis", op.axis, kAxis); v("block", op.block, Bounds{0});
}
template <class V> void fields(V& v, MatMulIntegerOp& op) {
    v("zero_of_a", op.zeroOfA); v("zero_of_b", op.zeroOfB);
}
template <class V> void fields(V& v, ConvIntegerOp& op) {
    v("stride", op.stride, kWindow); v("dilation", op.dilation, kWindow);
    v("padding", op.padding); v("groups", op.groups, kCount);
    v("zero_of_x", op.zeroOfX); v("zero_of_kernel", op.zeroOfKernel);
}
template <class V> void fields(V& v, ShapeOp& op) {
    v("begin", op.begin, kAny);
    v("end", op.end, Bounds{-kMostLength, std::numeric_limits<std::int64_t>::max()});
}
template <class V> void fields(V& v, FusedProductOp& op) {
    v("product", op.product); v("adds", op.adds); v("activation", op.activation);
    v("parts", op.parts);
}
template <class V> void fields(V& v, Quantization& how) {
    v("type", how.type, kTypeNames); v("scale", how.scale); v("zero", how.zero, kByte);
}
template <class V> void fields(V& v, QuantizedProductOp& op) {
    v("product", op.product); v("x", op.x); v("adds", op.adds); v("addend", op.addend);
    v("activation", op.activation); v("result", op.result); v("scales", op.scales);
    v("parts", op.parts);
}

template <class V> void fields(V& v, QuantizedPoolOp& op) {
    fields(v, op.pool); v("global", op.global); v("x", op.x); v("result", op.result);
}
template <class V> void fields(V& v, PackedDenseOp& op) {
    v("units", op.units, kCount); v("features", op.features, kCount); v("group", op.group, kCount);
    v("bias", op.bias); v("adds", op.adds); v("activation", op.activation);
    v("scales", op.scales); v("parts", op.parts);
}

/// What a file calls the op. Those without a name are made while a program is compiled, or belong
/// to training.
inline std::string_view tagOf(const OpAttributes& attributes) {
    return std::visit(Overloaded{
        [](const ConvOp&) { return "conv"; }, [](const ConvTransposeOp&) { return "conv-transpose"; },
        [](const DenseOp&) { return "dense"; }, [](const PoolOp&) { return "pool"; },
        [](const GlobalAveragePoolOp&) { return "global-average-pool"; },
        [](const BatchNormOp&) { return "batch-norm"; }, [](const NormalizeOp&) { return "normalize"; },
        [](const LocalResponseNormOp&) { return "local-response-norm"; },
        [](const ActivationOp&) { return "activation"; }, [](const PreluOp&) { return "prelu"; },
        [](const SoftmaxOp&) { return "softmax"; }, [](const DropoutOp&) { return "dropout"; },
        [](const GaussianNoiseOp&) { return "gaussian-noise"; },
        [](const ReshapeOp&) { return "reshape"; }, [](const PermuteOp&) { return "permute"; },
        [](const SplitOp&) { return "split"; }, [](const ResampleOp&) { return "resample"; },
        [](const AddOp&) { return "add"; }, [](const CombineOp&) { return "combine"; },
        [](const ConcatOp&) { return "concat"; }, [](const EmbeddingOp&) { return "embedding"; },
        [](const PositionOp&) { return "position"; }, [](const RecurrentOp&) { return "recurrent"; },
        [](const AttentionOp&) { return "attention"; }, [](const OneHotOp&) { return "one-hot"; },
        [](const SoftmaxCrossEntropyOp&) { return "softmax-cross-entropy"; },
        [](const MeanSquaredErrorOp&) { return "mean-squared-error"; },
        [](const ElementLossOp&) { return "element-loss"; },
        [](const HingeLossOp&) { return "hinge-loss"; }, [](const CosineLossOp&) { return "cosine-loss"; },
        [](const UnaryOp&) { return "unary"; }, [](const BinaryOp&) { return "binary"; },
        [](const CompareOp&) { return "compare"; }, [](const LogicOp&) { return "logic"; },
        [](const WhereOp&) { return "where"; }, [](const CastOp&) { return "cast"; },
        [](const FillOp&) { return "fill"; }, [](const ExpandOp&) { return "expand"; },
        [](const MatMulOp&) { return "matmul"; }, [](const ReduceOp&) { return "reduce"; },
        [](const ArgMaxOp&) { return "arg-max"; }, [](const TopKOp&) { return "top-k"; },
        [](const GatherOp&) { return "gather"; }, [](const QuantizeOp&) { return "quantize"; },
        [](const DequantizeOp&) { return "dequantize"; },
        [](const MatMulIntegerOp&) { return "matmul-integer"; },
        [](const ConvIntegerOp&) { return "conv-integer"; }, [](const ShapeOp&) { return "shape"; },
        [](const FusedProductOp&) { return "fused-product"; },
        [](const GradientOp&) { return ""; }, [](const LossSeedOp&) { return ""; },
        [](const QuantizedProductOp&) { return "quantized-product"; },
        [](const QuantizedPoolOp&) { return "quantized-pool"; },
        [](const PackedDenseOp&) { return "packed-dense"; },
        [](const FakeQuantizeOp&) { return ""; },
        [](const FusedOp&) { return ""; }}, attributes);
}
// clang-format on

template <class Op>
inline constexpr bool kHasFields =
    !std::is_same_v<Op, GradientOp> && !std::is_same_v<Op, LossSeedOp> &&
    !std::is_same_v<Op, FusedOp> && !std::is_same_v<Op, FakeQuantizeOp>;

} // namespace gradwright::model_file
