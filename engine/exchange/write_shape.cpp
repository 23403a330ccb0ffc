// SPDX-License-Identifier: GPL-3.0-or-later
//
// What moves elements, and sums and choices among them.
#include "engine/exchange/onnx_graph.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

// The first operator set in which reductions take their axes as an input; sums did earlier.
constexpr std::int64_t kReduceAxesOpset = 18;

/// What lies outside the axes, then what is taken of the whole: Pad for each kind of border, and
/// one Slice.
std::string shifted(OnnxScope& s, const ResampleOp& op, std::string x) {
    const auto rank = op.axes.size();
    std::vector<std::int64_t> lengths(rank);
    std::vector<std::int64_t> firsts(rank);
    std::array<std::vector<std::int64_t>, 3> pads; // by border
    for (std::size_t axis = 0; axis < rank; ++axis) {
        const auto& map = op.axes[axis];
        if (map.kind != AxisMap::Kind::Shift)
            continue;
        const auto in = s.input().dims[axis].number();
        const auto last = map.first + (map.size - 1) * map.step;
        const auto low = std::min(map.first, last);
        const auto high = std::max(map.first, last);
        const auto before = std::max<std::int64_t>(0, -low);
        const auto after = std::max<std::int64_t>(0, high - (in - 1));
        lengths[axis] = in + before + after;
        firsts[axis] = map.first + before;
        if (before == 0 && after == 0)
            continue;
        auto& sides = pads[static_cast<std::size_t>(map.border)];
        sides.resize(2 * rank);
        sides[axis] = before;
        sides[rank + axis] = after;
    }
    constexpr std::array modes = {"constant", "reflect", "edge"};
    for (std::size_t border = 0; border < pads.size(); ++border) {
        if (pads[border].empty())
            continue;
        std::vector<std::string> inputs{x, s.integers("pads", pads[border])};
        if (border == static_cast<std::size_t>(Border::Constant))
            inputs.push_back(s.number("value", op.outside));
        x = s.node("Pad", inputs, {{"mode", std::string(modes[border])}});
    }
    std::vector<std::int64_t> starts;
    std::vector<std::int64_t> ends;
    std::vector<std::int64_t> axes;
    std::vector<std::int64_t> steps;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        const auto& map = op.axes[axis];
        if (map.kind != AxisMap::Kind::Shift ||
            (firsts[axis] == 0 && map.step == 1 && map.size == lengths[axis]))
            continue;
        const auto end = firsts[axis] + map.size * map.step;
        starts.push_back(firsts[axis]);
        // Going back to the first element ends before it, where -1 would be the last one.
        ends.push_back(end < 0        ? std::numeric_limits<std::int64_t>::min()
                       : map.step > 0 ? std::min(end, lengths[axis])
                                      : end);
        axes.push_back(static_cast<std::int64_t>(axis));
        steps.push_back(map.step);
    }
    if (starts.empty())
        return x;
    return s.node("Slice", {x, s.integers("starts", starts), s.integers("ends", ends),
                            s.integers("axes", axes), s.integers("steps", steps)});
}

/// Whether Resize says it: by whole factors, along the positions of a sequence, an image or a
/// volume.
bool isResized(const OnnxScope& s, const ResampleOp& op, AxisMap::Kind kind) {
    bool found = false;
    for (std::size_t axis = 0; axis < op.axes.size(); ++axis) {
        const auto& map = op.axes[axis];
        if (map.kind != kind)
            continue;
        if (axis < 2 || map.size % s.input().dims[axis].number() != 0)
            return false;
        found = true;
    }
    return found && op.axes.size() == 4;
}

std::string resized(OnnxScope& s, const ResampleOp& op, AxisMap::Kind kind, const std::string& x) {
    std::vector<double> scales;
    for (std::size_t axis = 0; axis < op.axes.size(); ++axis)
        scales.push_back(
            op.axes[axis].kind == kind
                ? static_cast<double>(op.axes[axis].size / s.input().dims[axis].number())
                : 1);
    OnnxAttributes attributes;
    if (kind == AxisMap::Kind::Nearest)
        attributes = {{"mode", std::string("nearest")},
                      {"coordinate_transformation_mode", std::string("asymmetric")},
                      {"nearest_mode", std::string("floor")}};
    else
        attributes = {{"mode", std::string("linear")},
                      {"coordinate_transformation_mode", std::string("half_pixel")}};
    const auto count = static_cast<std::int64_t>(scales.size());
    return s.node("Resize", {x, "", s.numbers("scales", {count}, scales)}, attributes);
}

/// One axis as a matrix product: of the last axis [.., in] · [in, size], of the one before it
/// [size, in] · [.., in, L], of others after a transposition.
std::string multiplied(OnnxScope& s, const AxisMap& map, std::size_t axis, std::int64_t in,
                       const std::string& x) {
    const auto rank = s.rank();
    const auto terms = termsOf(map, in);
    const bool isLast = axis + 2 != rank;
    std::vector<double> matrix(static_cast<std::size_t>(in * map.size));
    for (std::int64_t row = 0; row < map.size; ++row)
        for (auto i = terms.begin[static_cast<std::size_t>(row)];
             i < terms.begin[static_cast<std::size_t>(row) + 1]; ++i) {
            const auto column = terms.index[i];
            matrix[static_cast<std::size_t>(isLast ? column * map.size + row
                                                   : row * in + column)] += terms.weight[i];
        }
    const auto shape = isLast ? Shape{in, map.size} : Shape{map.size, in};
    const auto constant = s.numbers("matrix", shape, matrix);
    if (!isLast)
        return s.node("MatMul", {constant, x});
    if (axis + 1 == rank)
        return s.node("MatMul", {x, constant});
    std::vector<std::int64_t> perm(rank);
    std::iota(perm.begin(), perm.end(), 0);
    std::swap(perm[axis], perm[rank - 1]);
    const auto turned = s.node("Transpose", {x}, {{"perm", perm}});
    return s.node("Transpose", {s.node("MatMul", {turned, constant})}, {{"perm", perm}});
}

std::string picked(OnnxScope& s, const AxisMap& map, std::size_t axis, std::int64_t in,
                   const std::string& x) {
    return s.node("Gather", {x, s.integers("indices", termsOf(map, in).index)},
                  {{"axis", static_cast<std::int64_t>(axis)}});
}

} // namespace

void writeOnnx(OnnxScope& s, const ReshapeOp& op) {
    s.result(s.reshape(s.in(), s.input().dims, op.dims));
}

void writeOnnx(OnnxScope& s, const PermuteOp& op) {
    s.result(s.node("Transpose", {s.in()}, {{"perm", op.axes}}));
}

void writeOnnx(OnnxScope& s, const SplitOp& op) {
    const auto pieces = s.nodes("Split", {s.in(), s.integers("split", op.sizes)},
                                {{"axis", op.axis}}, op.sizes.size());
    for (std::size_t i = 0; i < pieces.size(); ++i)
        s.result(pieces[i], i);
}

void writeOnnx(OnnxScope& s, const ConcatOp& op) {
    s.result(s.node("Concat", s.all(), {{"axis", op.axis}}));
}

void writeOnnx(OnnxScope& s, const ResampleOp& op) {
    using Kind = AxisMap::Kind;
    auto x = shifted(s, op, s.in());
    const std::array wholes = {isResized(s, op, Kind::Nearest), isResized(s, op, Kind::Linear)};
    if (wholes[0])
        x = resized(s, op, Kind::Nearest, x);
    if (wholes[1])
        x = resized(s, op, Kind::Linear, x);
    for (std::size_t axis = 0; axis < op.axes.size(); ++axis) {
        const auto& map = op.axes[axis];
        if (map.kind == Kind::Keep || map.kind == Kind::Shift)
            continue;
        const auto in = s.input().dims[axis].number();
        if (map.kind == Kind::Nearest && !wholes[0])
            x = picked(s, map, axis, in, x);
        else if (map.kind == Kind::Mean || (map.kind == Kind::Linear && !wholes[1]))
            x = multiplied(s, map, axis, in, x);
    }
    s.result(x);
}

void writeOnnx(OnnxScope& s, const ExpandOp& op) {
    std::vector<std::int64_t> shape;
    bool isForEachSample = false;
    for (std::size_t axis = 0; axis < op.dims.rank(); ++axis) {
        const auto& dim = op.dims[axis];
        const auto missing = op.dims.rank() - s.rank();
        if (!dim.isNumber() && (axis < missing || s.input().dims[axis - missing] != dim)) {
            if (axis > 0 || dim != Dim::batch())
                s.refuse("a value is repeated as often as a length says that is not known");
            isForEachSample = true;
            continue;
        }
        shape.push_back(dim.isNumber() ? dim.number() : 1);
    }
    auto wanted = s.integers("shape", shape);
    if (isForEachSample)
        wanted = s.node("Concat", {s.sampleCount(), wanted}, {{"axis", std::int64_t{0}}});
    s.result(s.node("Expand", {s.in(), wanted}));
}

void writeOnnx(OnnxScope& s, const MatMulOp& op) {
    const auto factor = [&](std::size_t index, bool isTransposed) {
        if (!isTransposed)
            return s.in(index);
        std::vector<std::int64_t> perm(s.rank(index));
        std::iota(perm.begin(), perm.end(), 0);
        std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
        return s.node("Transpose", {s.in(index)}, {{"perm", perm}});
    };
    const auto a = factor(0, op.transposeA);
    const auto b = factor(1, op.transposeB);
    s.result(s.node("MatMul", {a, b}));
}

void writeOnnx(OnnxScope& s, const ReduceOp& op) {
    constexpr std::array types = {"ReduceSum", "ReduceMean", "ReduceProd",
                                  "ReduceMax", "ReduceMin",  "ReduceL2"};
    const auto* const type = types[static_cast<std::size_t>(op.kind)];
    std::vector<std::string> inputs{s.in()};
    OnnxAttributes attributes{{"keepdims", std::int64_t{op.keep}}};
    if (!op.axes.empty()) {
        if (op.kind == ReduceKind::Sum || s.opset() >= kReduceAxesOpset)
            inputs.push_back(s.integers("axes", op.axes));
        else
            attributes.push_back({"axes", op.axes});
    }
    s.result(s.node(type, inputs, attributes));
}

void writeOnnx(OnnxScope& s, const ArgMaxOp& op) {
    s.result(s.node(op.minimum ? "ArgMin" : "ArgMax", {s.in()},
                    {{"axis", op.axis}, {"keepdims", std::int64_t{op.keep}}}));
}

void writeOnnx(OnnxScope& s, const TopKOp& op) {
    const auto found = s.nodes("TopK", {s.in(), s.integers("k", {op.k})},
                               {{"axis", op.axis}, {"largest", std::int64_t{!op.smallest}}}, 2);
    s.result(found[0], 0);
    s.result(found[1], 1);
}

void writeOnnx(OnnxScope& s, const GatherOp& op) {
    if (s.input(1).isReal())
        s.refuse("ONNX takes indices as whole numbers");
    s.result(s.node("Gather", s.all(), {{"axis", op.axis}}));
}

} // namespace gradwright
