// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/shape_values.h"

#include "engine/ops/integers.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace gradwright {
namespace {

using KnownLengths = std::optional<std::vector<Dim>>;

/// More axes has no value; longer constants are no shapes.
constexpr std::int64_t kMostLengths = 64;
/// No shape is computed by more ops in a row; those of an unrolled loop may be as many as there
/// are.
constexpr std::size_t kMostOpsInARow = 1000;

/// Nothing where one of the numbers is not whole.
KnownLengths lengthsOfConstant(const Tensor& constant) {
    if (constant.elements() > kMostLengths)
        return {};
    const auto numbers = constant.to(DType::I64);
    if (isRealType(constant.dtype()) && !(numbers.to(constant.dtype()) == constant))
        return {};
    std::vector<Dim> lengths;
    for (const auto number : numbers.span<std::int64_t>())
        lengths.emplace_back(number);
    return lengths;
}

std::optional<std::int64_t> numberOf(const Dim& dim) {
    return dim.isNumber() ? std::optional(dim.number()) : std::nullopt;
}

/// The integer that a number is, where it is one that doubles tell from its neighbours.
std::optional<std::int64_t> wholeOf(double number) {
    if (!(std::abs(number) < 0x1p53) || number != std::trunc(number))
        return {};
    return static_cast<std::int64_t>(number);
}

// Constants of a file may be any numbers: what overflows is not known.

std::optional<Dim> added(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::nullopt : std::optional<Dim>(sum);
}

std::optional<Dim> subtracted(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    return __builtin_sub_overflow(a, b, &difference) ? std::nullopt
                                                     : std::optional<Dim>(difference);
}

std::optional<Dim> multiplied(const Dim& a, const Dim& b) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a.factor(), b.factor(), &product))
        return {};
    if (a.isNumber() && b.isNumber())
        return Dim(product);
    if (a.factor() < 0 || b.factor() < 0)
        return {};
    return a * b;
}

std::optional<Dim> combined(BinaryKind kind, const Dim& a, const Dim& b) {
    if (kind == BinaryKind::Multiply)
        return multiplied(a, b);
    if (kind == BinaryKind::Divide)
        return a.dividedBy(b);
    const auto left = numberOf(a);
    const auto right = numberOf(b);
    if (!left || !right)
        return {};
    switch (kind) {
    case BinaryKind::Add:
        return added(*left, *right);
    case BinaryKind::Subtract:
        return subtracted(*left, *right);
    case BinaryKind::Maximum:
        return Dim(std::max(*left, *right));
    case BinaryKind::Minimum:
        return Dim(std::min(*left, *right));
    default:
        return {};
    }
}

/// Follows a value back to constants and shapes.
class LengthReader {
public:
    explicit LengthReader(const OpGraph& graph)
        : graph_(graph) {}

    [[nodiscard]] KnownLengths read(ValueId value) {
        if (const auto known = known_.find(value); known != known_.end())
            return known->second;
        if (depth_ == kMostOpsInARow)
            return {};
        ++depth_;
        auto lengths = follow(value);
        --depth_;
        known_.emplace(value, lengths);
        return lengths;
    }

private:
    [[nodiscard]] KnownLengths follow(ValueId value) {
        if (const auto& constant = graph_.value(value).constant)
            return lengthsOfConstant(*constant);
        const auto* op = graph_.producerOf(value);
        const auto& dims = graph_.type(value).dims;
        if (!op || dims.rank() > 1)
            return {};
        auto lengths = std::visit(
            [&](const auto& attributes) { return of(*op, attributes, value); }, op->attributes);
        // Of an array with more axes an op may take more than one number at a time.
        if (lengths && dims.product() != Dim(static_cast<std::int64_t>(lengths->size())))
            return {};
        return lengths;
    }

    template <class O>
    [[nodiscard]] KnownLengths of(const Op& /*op*/, const O& /*attributes*/, ValueId /*value*/) {
        return {};
    }
    [[nodiscard]] KnownLengths of(const Op& op, const ShapeOp& shape, ValueId /*value*/) {
        const auto lengths = shape.lengthsOf(graph_.type(op.inputs[0]).dims);
        return std::vector<Dim>(lengths.begin(), lengths.end());
    }
    /// The same elements.
    [[nodiscard]] KnownLengths of(const Op& op, const ReshapeOp& /*reshape*/, ValueId /*value*/) {
        return read(op.inputs[0]);
    }
    [[nodiscard]] KnownLengths of(const Op& op, const CastOp& cast, ValueId /*value*/) {
        const bool keeps = cast.to == DType::I64 || cast.to == DType::I32 || isRealType(cast.to);
        return keeps ? read(op.inputs[0]) : KnownLengths{};
    }
    [[nodiscard]] KnownLengths of(const Op& op, const GatherOp& /*gather*/, ValueId /*value*/) {
        const auto data = read(op.inputs[0]);
        const auto places = read(op.inputs[1]);
        if (!data || !places)
            return {};
        std::vector<Dim> lengths;
        for (const auto& place : *places) {
            auto at = numberOf(place).value_or(-1 - kMostLengths);
            at += at < 0 ? static_cast<std::int64_t>(data->size()) : 0;
            if (at < 0 || at >= static_cast<std::int64_t>(data->size()))
                return {};
            lengths.push_back((*data)[static_cast<std::size_t>(at)]);
        }
        return lengths;
    }
    [[nodiscard]] KnownLengths of(const Op& op, const ConcatOp& /*join*/, ValueId /*value*/) {
        std::vector<Dim> lengths;
        for (const auto input : op.inputs) {
            const auto piece = read(input);
            if (!piece)
                return {};
            lengths.insert(lengths.end(), piece->begin(), piece->end());
        }
        return lengths;
    }
    [[nodiscard]] KnownLengths of(const Op& op, const SplitOp& split, ValueId value) {
        const auto whole = read(op.inputs[0]);
        if (!whole)
            return {};
        std::int64_t from = 0;
        std::size_t piece = 0;
        for (; op.outputs[piece] != value; ++piece)
            from += split.sizes[piece];
        const auto end = from + split.sizes[piece];
        if (end > static_cast<std::int64_t>(whole->size()))
            return {};
        return std::vector<Dim>(whole->begin() + from, whole->begin() + end);
    }
    [[nodiscard]] KnownLengths of(const Op& op, const ResampleOp& slice, ValueId /*value*/) {
        const auto whole = read(op.inputs[0]);
        if (!whole || slice.axes.size() != 1 || slice.axes[0].kind != AxisMap::Kind::Shift)
            return {};
        const auto& map = slice.axes[0];
        std::vector<Dim> lengths;
        for (std::int64_t i = 0; i < map.size; ++i) {
            const auto at = map.first + i * map.step;
            if (at < 0 || at >= static_cast<std::int64_t>(whole->size()))
                return {};
            lengths.push_back((*whole)[static_cast<std::size_t>(at)]);
        }
        return lengths;
    }
    [[nodiscard]] KnownLengths of(const Op& op, const UnaryOp& unary, ValueId /*value*/) {
        const auto scale = wholeOf(unary.scale);
        const auto shift = wholeOf(unary.shift);
        const bool isFloor = unary.kind == UnaryKind::Floor; // lengths are whole
        if (!scale || !shift || (unary.kind != UnaryKind::Linear && !isFloor))
            return {};
        auto lengths = read(op.inputs[0]);
        if (!lengths)
            return {};
        for (auto& length : *lengths) {
            const auto scaled = multiplied(length, *scale);
            const auto moved =
                scaled && *shift != 0 ? combined(BinaryKind::Add, *scaled, *shift) : scaled;
            if (!moved)
                return {};
            length = *moved;
        }
        return lengths;
    }
    [[nodiscard]] KnownLengths of(const Op& op, const BinaryOp& binary, ValueId /*value*/) {
        const auto a = read(op.inputs[0]);
        const auto b = read(op.inputs[1]);
        if (!a || !b || binary.scale != 1 || binary.shift != 0)
            return {};
        std::vector<Dim> lengths;
        for (std::size_t i = 0; i < std::max(a->size(), b->size()); ++i) {
            const auto length =
                combined(binary.kind, (*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]);
            if (!length)
                return {};
            lengths.push_back(*length);
        }
        return lengths;
    }
    /// The number of elements of a shape.
    [[nodiscard]] KnownLengths of(const Op& op, const ReduceOp& reduce, ValueId /*value*/) {
        const auto lengths = read(op.inputs[0]);
        if (!lengths || reduce.kind != ReduceKind::Product)
            return {};
        Dim product(1);
        for (const auto& length : *lengths) {
            const auto next = multiplied(product, length);
            if (!next)
                return {};
            product = *next;
        }
        return std::vector<Dim>{product};
    }

    const OpGraph& graph_;
    std::map<ValueId, KnownLengths> known_; ///< of what was read
    std::size_t depth_ = 0;                 ///< ops in a row that are followed now
};

/// The lengths that `target` names for an op.
std::vector<Dim> requireLengths(const OpGraph& graph, ValueId target, std::string_view op,
                                std::string_view path) {
    if (const auto lengths = knownLengths(graph, target))
        return *lengths;
    const auto* maker = graph.producerOf(target);
    throw Error("{} at {} needs a shape that is known when the graph is built, and {} ({}) is not",
                op, path, graph.value(target).path,
                maker ? nameOf(maker->attributes) : std::string_view("an input"));
}

bool isMissing(const Dim& length) {
    return length == Dim(-1);
}

} // namespace

std::optional<std::vector<Dim>> knownLengths(const OpGraph& graph, ValueId value) {
    return LengthReader(graph).read(value);
}

ValueId reshapeTo(OpGraph& graph, ValueId x, ValueId target, const std::string& path,
                  bool allowZero) {
    auto lengths = requireLengths(graph, target, "reshape", path);
    const auto from = graph.type(x).dims; // by value: the graph moves its values
    Dim known(1);
    for (std::size_t axis = 0; axis < lengths.size(); ++axis) {
        if (lengths[axis] == Dim(0) && !allowZero && axis < from.rank())
            lengths[axis] = from[axis];
        if (!isMissing(lengths[axis]))
            known = known * lengths[axis];
    }
    if (const auto missing = std::ranges::count_if(lengths, isMissing); missing > 0) {
        const auto rest = from.product().dividedBy(known);
        if (missing > 1 || !rest)
            throw Error("reshape at {}: {} lengths of {} are to be found from {}", path, missing,
                        toString(Dims(lengths)), toString(from));
        *std::ranges::find_if(lengths, isMissing) = *rest;
    }
    return graph.add(ReshapeOp{Dims(std::move(lengths))}, {x}, path);
}

ValueId expandTo(OpGraph& graph, ValueId x, ValueId target, const std::string& path) {
    const Dims wanted(requireLengths(graph, target, "expand", path));
    const Types both{graph.type(x), ValueType::of(wanted)};
    return graph.add(ExpandOp{broadcastDims("expand", both)}, {x}, path);
}

ValueId fillTo(OpGraph& graph, double number, ValueId target, const std::string& path) {
    return graph.add(FillOp{Dims(requireLengths(graph, target, "fill", path)), number}, {}, path);
}

} // namespace gradwright
