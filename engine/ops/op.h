// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation_ops.h"
#include "engine/ops/combine.h"
#include "engine/ops/convolution.h"
#include "engine/ops/dense.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/fake_quantize.h"
#include "engine/ops/fused.h"
#include "engine/ops/fused_product.h"
#include "engine/ops/gather.h"
#include "engine/ops/gradient_op.h"
#include "engine/ops/losses.h"
#include "engine/ops/matmul.h"
#include "engine/ops/noise.h"
#include "engine/ops/normalization.h"
#include "engine/ops/packed_dense.h"
#include "engine/ops/pooling.h"
#include "engine/ops/quantize.h"
#include "engine/ops/quantized_pool.h"
#include "engine/ops/quantized_product.h"
#include "engine/ops/rearrange.h"
#include "engine/ops/reduce.h"
#include "engine/ops/resample.h"
#include "engine/ops/sequence.h"
#include "engine/ops/shape.h"
#include "engine/support/variant_place.h"

#include <variant>

namespace gradwright {

using AnyOp = std::variant<
    ConvOp, ConvTransposeOp, DenseOp, PoolOp, GlobalAveragePoolOp, BatchNormOp, NormalizeOp,
    LocalResponseNormOp, ActivationOp, PreluOp, SoftmaxOp, DropoutOp, GaussianNoiseOp, ReshapeOp,
    PermuteOp, SplitOp, ResampleOp, AddOp, CombineOp, ConcatOp, EmbeddingOp, PositionOp,
    RecurrentOp, AttentionOp, OneHotOp, SoftmaxCrossEntropyOp, MeanSquaredErrorOp, ElementLossOp,
    HingeLossOp, CosineLossOp, GradientOp, LossSeedOp, UnaryOp, BinaryOp, CompareOp, LogicOp,
    WhereOp, CastOp, FillOp, ExpandOp, MatMulOp, ReduceOp, ArgMaxOp, TopKOp, GatherOp, QuantizeOp,
    DequantizeOp, MatMulIntegerOp, ConvIntegerOp, ShapeOp, FusedOp, FusedProductOp,
    QuantizedProductOp, QuantizedPoolOp, FakeQuantizeOp, PackedDenseOp>;

/// An op of the catalogue with its attributes: a std::variant, read with std::visit and
/// std::get_if.
class OpAttributes : public AnyOp {
public:
    OpAttributes();
    template <AlternativeOf<AnyOp> Op>
    OpAttributes(Op op) // NOLINT(google-explicit-constructor): as std::variant
        : OpAttributes() {
        take(kPlaceIn<Op, AnyOp>, &op);
    }
    OpAttributes(const OpAttributes& other);
    OpAttributes(OpAttributes&& other) noexcept;
    OpAttributes& operator=(const OpAttributes& other);
    OpAttributes& operator=(OpAttributes&& other) noexcept;
    ~OpAttributes();

    bool operator==(const OpAttributes& other) const;

private:
    void take(std::size_t place, void* op);
};

/// What a GradientOp is the gradient of.
struct ForwardOp {
    OpAttributes attributes;
};

/// A short name for reports, e.g. "conv".
std::string_view nameOf(const OpAttributes& attributes);

/// The types of the outputs. Throws Error with the rule and the received shapes when they do not
/// fit.
Types inferTypes(const OpAttributes& attributes, InputTypes inputs);

/// The shapes of an op's weights in order, e.g. kernel and bias.
std::vector<Shape> weightShapes(const OpAttributes& attributes, InputTypes inputs);

/// Multiply-accumulates per sample: of products, convolutions, dense layers, recurrent cells and
/// attention, and one per element for normalizations. Throws Error above 2^45.
std::int64_t macsOf(const OpAttributes& attributes, InputTypes inputs);

} // namespace gradwright
