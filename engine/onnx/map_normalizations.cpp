// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"

#include <numeric>

namespace gradwright {
namespace {

using B = NodeBuilder;

std::vector<std::int64_t> axesFrom(std::size_t first, std::size_t rank) {
    std::vector<std::int64_t> axes(rank > first ? rank - first : 0);
    std::iota(axes.begin(), axes.end(), static_cast<std::int64_t>(first));
    return axes;
}

/// A number per channel beside a value of that many axes.
ValueId perChannelOf(B& b, ValueId numbers, std::size_t rank) {
    std::vector<Dim> dims(rank, Dim(1));
    dims[1] = b.dimsOf(numbers).product();
    return b.reshape(numbers, Dims(std::move(dims)));
}

ValueId square(B& b, ValueId x) {
    return b.binary(BinaryKind::Multiply, x, x);
}

ValueId inverseRoot(B& b, ValueId x, double epsilon) {
    return b.unary(UnaryKind::Reciprocal,
                   b.unary(UnaryKind::SquareRoot, b.unary(UnaryKind::Linear, x, 1, epsilon)));
}

struct Normalized {
    ValueId values, mean, inverse;
};

Normalized normalized(B& b, ValueId x, const std::vector<std::int64_t>& axes, double epsilon) {
    const auto mean = b.reduce(ReduceKind::Mean, x, axes, true);
    const auto centred = b.binary(BinaryKind::Subtract, x, mean);
    const auto inverse =
        inverseRoot(b, b.reduce(ReduceKind::Mean, square(b, centred), axes, true), epsilon);
    return {b.binary(BinaryKind::Multiply, centred, inverse), mean, inverse};
}

ValueId scaled(B& b, ValueId x, ValueId scale, std::optional<ValueId> shift) {
    const auto y = b.binary(BinaryKind::Multiply, x, scale);
    return shift ? b.binary(BinaryKind::Add, y, *shift) : y;
}

/// With the running statistics.
void batchNorm(B& b) {
    if (b.node().integer("training_mode", 0) != 0)
        throw Error("it normalizes by the batch, as in training");
    const auto rank = b.rank(0);
    if (rank < 2)
        throw Error("it takes channels");
    const auto channel = [&](std::size_t input) { return perChannelOf(b, b.real(input), rank); };
    const auto factor = b.binary(BinaryKind::Multiply, channel(1),
                                 inverseRoot(b, channel(4), b.node().real("epsilon", 1e-5)));
    b.give(scaled(b, b.binary(BinaryKind::Subtract, b.real(0), channel(3)), factor, channel(2)));
}

void layerNorm(B& b) {
    const auto rank = b.rank(0);
    const auto axis = B::axisOf(b.node().integer("axis", -1), rank);
    const auto made =
        normalized(b, b.real(0), axesFrom(axis, rank), b.node().real("epsilon", 1e-5));
    b.give(scaled(b, made.values, b.real(1), b.has(2) ? std::optional(b.real(2)) : std::nullopt));
    b.give(made.mean);
    b.give(made.inverse);
}

void rmsNorm(B& b) {
    const auto rank = b.rank(0);
    const auto axis = B::axisOf(b.node().integer("axis", -1), rank);
    const auto x = b.real(0);
    const auto mean = b.reduce(ReduceKind::Mean, square(b, x), axesFrom(axis, rank), true);
    const auto y =
        b.binary(BinaryKind::Multiply, x, inverseRoot(b, mean, b.node().real("epsilon", 1e-5)));
    b.give(scaled(b, y, b.real(1), {}));
}

void instanceNorm(B& b) {
    const auto rank = b.rank(0);
    const auto made = normalized(b, b.real(0), axesFrom(2, rank), b.node().real("epsilon", 1e-5));
    b.give(
        scaled(b, made.values, perChannelOf(b, b.real(1), rank), perChannelOf(b, b.real(2), rank)));
}

/// Until operator set 21 scale and shift are of the groups.
void groupNorm(B& b) {
    const auto dims = b.dims(0);
    const Dim groups(b.node().integer("num_groups", 1));
    const auto each = dims.rank() < 2 ? std::nullopt : dims[1].dividedBy(groups);
    if (!each)
        throw Error("{} has no {} groups", toString(dims), toString(Dims{groups}));
    std::vector<Dim> cut{dims[0], groups, *each};
    cut.insert(cut.end(), dims.begin() + 2, dims.end());
    const auto x = b.reshape(b.real(0), Dims(cut));
    auto y = normalized(b, x, axesFrom(2, cut.size()), b.node().real("epsilon", 1e-5)).values;
    if (b.opset() < 21) {
        y = scaled(b, y, perChannelOf(b, b.real(1), cut.size()),
                   perChannelOf(b, b.real(2), cut.size()));
        return b.give(b.reshape(y, dims));
    }
    b.give(scaled(b, b.reshape(y, dims), perChannelOf(b, b.real(1), dims.rank()),
                  perChannelOf(b, b.real(2), dims.rank())));
}

/// (x - mean) / (deviation + 1e-9), as the standard's function has it.
void meanVarianceNorm(B& b) {
    const auto axes =
        b.node().has("axes") ? b.node().integers("axes") : std::vector<std::int64_t>{0, 2, 3};
    const auto x = b.real(0);
    const auto centred =
        b.binary(BinaryKind::Subtract, x, b.reduce(ReduceKind::Mean, x, axes, true));
    const auto deviation =
        b.unary(UnaryKind::SquareRoot, b.reduce(ReduceKind::Mean, square(b, centred), axes, true));
    b.give(b.binary(BinaryKind::Divide, centred, b.unary(UnaryKind::Linear, deviation, 1, 1e-9)));
}

void powerNorm(B& b) {
    const auto x = b.real(0);
    const std::vector<std::int64_t> axes{b.node().integer("axis", -1)};
    const auto norm = b.node().integer("p", 2) == 1
                          ? b.reduce(ReduceKind::Sum, b.unary(UnaryKind::Absolute, x), axes, true)
                          : b.reduce(ReduceKind::Norm, x, axes, true);
    // Where all are 0, they stay so.
    const auto isZero = b.op(CompareOp{Comparison::Equal}, {norm, b.scalar(0)});
    b.give(b.binary(BinaryKind::Divide, x, b.where(isZero, b.scalar(1), norm)));
}

/// The squares of neighbouring channels are summed by a product with a matrix of bands.
void localResponseNorm(B& b) {
    const auto channels = b.dims(0)[1].number();
    const auto size = b.node().integer("size", 1);
    if (channels > 4096)
        throw Error("it normalizes {} channels; up to 4096 are computed", channels);
    Tensor bands(DType::F32, {channels, channels});
    for (std::int64_t from = 0; from < channels; ++from)
        for (std::int64_t to = 0; to < channels; ++to)
            bands.span<float>()[static_cast<std::size_t>(from * channels + to)] =
                from >= to - (size - 1) / 2 && from <= to + size / 2 ? 1.0F : 0.0F;
    const auto x = b.real(0);
    const auto sums = b.times(square(b, x), bands, 1);
    const auto base =
        b.unary(UnaryKind::Linear, sums, b.node().real("alpha", 1e-4) / static_cast<double>(size),
                b.node().real("bias", 1));
    b.give(b.binary(BinaryKind::Multiply, x,
                    b.unary(UnaryKind::Power, base, 1, 0, -b.node().real("beta", 0.75))));
}

} // namespace

const OnnxMappings& onnxNormalizations() {
    static const OnnxMappings all = {
        {"BatchNormalization", batchNorm}, {"LayerNormalization", layerNorm},
        {"RMSNormalization", rmsNorm},     {"InstanceNormalization", instanceNorm},
        {"GroupNormalization", groupNorm}, {"MeanVarianceNormalization", meanVarianceNorm},
        {"LpNormalization", powerNorm},    {"LRN", localResponseNorm},
    };
    return all;
}

} // namespace gradwright
