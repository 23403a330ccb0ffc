// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

struct Range {
    std::size_t axis;
    std::int64_t begin, end, step;
    bool isReversed;

    [[nodiscard]] std::int64_t length() const { return (end - begin + step - 1) / step; }
};

/// An end of 0 is that of the axis.
Range rangeOf(const Params& params, const Shape& shape) {
    const auto axis = static_cast<std::size_t>(params.integer("axis"));
    const auto length = axis < shape.rank() ? shape[axis] : 0;
    const auto end = params.integer("end");
    return {axis, params.integer("begin"), end == 0 ? length : end, params.integer("step"),
            params.boolean("reverse")};
}

Inferred inferSlice(const InferContext& context) {
    auto shape = context.inputs[0];
    const auto range = rangeOf(context.params, shape);
    if (range.axis >= shape.rank())
        return LayerProblem{fmt::format("Axis {} does not exist in {}, which has axes 0 to {}.",
                                        range.axis, toString(shape), shape.rank() - 1),
                            "axis",
                            {{"Set axis to 0", SetParamProposal{"axis", std::int64_t{0}}}}};
    if (range.end > shape[range.axis] || range.begin >= range.end)
        return LayerProblem{
            fmt::format("Slice needs a beginning before its end, within the axis; received {} to "
                        "{} of {}.",
                        range.begin, range.end, shape[range.axis]),
            range.end > shape[range.axis] ? "end" : "begin",
            {{"Take everything", range.end > shape[range.axis]
                                     ? SetParamProposal{"end", std::int64_t{0}}
                                     : SetParamProposal{"begin", std::int64_t{0}}}}};
    shape[range.axis] = range.length();
    return shape;
}

ValueId lowerSlice(LowerContext& context) {
    const auto& shape = context.inputShape();
    const auto range = rangeOf(context.params(), shape);
    auto op = ResampleOp::ofSample(std::vector<AxisMap>(shape.rank()));
    const auto last = range.begin + (range.length() - 1) * range.step;
    op.axes[range.axis + 1] = {AxisMap::Kind::Shift, range.length(),
                               range.isReversed ? last : range.begin,
                               range.isReversed ? -range.step : range.step};
    return context.op(std::move(op));
}

std::string ranges(const Range& range, std::size_t before) {
    std::string text;
    for (std::size_t axis = 0; axis < before; ++axis)
        text += ":, ";
    text += fmt::format("{}:{}", range.begin, range.end);
    return range.step == 1 ? text : text + fmt::format(":{}", range.step);
}

PyTorchCode pytorchSlice(const CodeContext& context) {
    const auto range = rangeOf(context.params(), context.shape());
    const auto taken = fmt::format("{}[{}]", context.input(), ranges(range, range.axis + 1));
    // Steps below 0 are not to be had there.
    return {"", range.isReversed ? fmt::format("{}.flip({})", taken, range.axis + 1) : taken};
}

/// The channels of images come last there.
std::string kerasSlice(const CodeContext& context) {
    const auto& shape = context.shape();
    const auto range = rangeOf(context.params(), shape);
    const auto there = shape.rank() <= 2 ? range.axis + 1
                       : range.axis == 0 ? shape.rank()
                                         : range.axis;
    const auto taken = fmt::format("{}[{}]", context.input(), ranges(range, there));
    return range.isReversed ? fmt::format("ops.flip({}, axis={})", taken, there) : taken;
}

} // namespace

LayerDef slice() {
    return {
        .key = "slice",
        .title = "Slice",
        .category = Category::Shape,
        .doc = "A part of its input along one axis: some channels, some rows, every second "
               "step; from its end to its beginning, if wanted.",
        .formula = "y[i] = x[begin + i · step]",
        .source = "",
        .params = {intParam("axis", "Axis", 0, 0, kMostSampleAxes - 1,
                            "0 cuts channels or steps, 1 rows or features, 2 columns."),
                   intParam("begin", "Begin", 0, 0, 1 << 24, "The first index that is taken."),
                   intParam(
                       "end", "End", 0, 0, 1 << 24,
                       "The first index that is no longer taken; 0 takes everything to the end."),
                   intParam("step", "Step", 1, 1, 1 << 24, "1 takes all, 2 every second."),
                   boolParam("reverse", "Reverse", false,
                             "Puts what is taken in the opposite order, the last first.")},
        .infer = inferSlice,
        .lower = lowerSlice,
        .pytorch = pytorchSlice,
        .keras = kerasSlice};
}

} // namespace gradwright::layers
