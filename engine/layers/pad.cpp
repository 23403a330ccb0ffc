// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

namespace gradwright::layers {
namespace {

Border borderOf(const Params& params) {
    const auto& mode = params.text("mode");
    return mode == "reflect" ? Border::Reflect
           : mode == "zero"  ? Border::Constant
                             : Border::Replicate;
}

/// What a constant border holds.
double constantAround(const Params& params) {
    return params.text("mode") == "zero" ? params.real("value") : 0.0;
}

Inferred inferPad(const InferContext& context) {
    const auto& image = context.inputs[0];
    if (auto problem = requireAxes("Pad", image, 2))
        return *std::move(problem);
    const auto& sides = context.params.tuple("sides");
    if (borderOf(context.params) == Border::Reflect)
        for (std::size_t side = 0; side < 4; ++side)
            if (sides[side] >= image[side / 2 + 1])
                return LayerProblem{
                    fmt::format("A reflected border must be smaller than the image; received {} "
                                "for {} {}.",
                                sides[side], image[side / 2 + 1], side < 2 ? "rows" : "columns"),
                    "sides",
                    {{"Use a constant", SetParamProposal{"mode", std::string("zero")}}}};
    return Shape{image[0], image[1] + sides[0] + sides[1], image[2] + sides[2] + sides[3]};
}

ValueId lowerPad(LowerContext& context) {
    const auto& image = context.inputShape();
    const auto& sides = context.params().tuple("sides");
    const auto border = borderOf(context.params());
    auto op = ResampleOp::ofSample(
        {{},
         {AxisMap::Kind::Shift, image[1] + sides[0] + sides[1], -sides[0], 1, border},
         {AxisMap::Kind::Shift, image[2] + sides[2] + sides[3], -sides[2], 1, border}});
    op.outside = constantAround(context.params());
    return context.op(std::move(op));
}

PyTorchCode pytorchPad(const CodeContext& context) {
    const auto& sides = context.params().tuple("sides");
    const auto& mode = context.params().text("mode");
    const auto value = constantAround(context.params());
    return {"", code::call("F.pad",
                           {context.input(),
                            fmt::format("({}, {}, {}, {})", sides[2], sides[3], sides[0], sides[1]),
                            code::keyword("mode", fmt::format("\"{}\"", mode), mode != "zero"),
                            code::keyword("value", code::number(value), value != 0)})};
}

std::string kerasPad(const CodeContext& context) {
    const auto& sides = context.params().tuple("sides");
    const auto& mode = context.params().text("mode");
    const auto around = fmt::format("(({}, {}), ({}, {}))", sides[0], sides[1], sides[2], sides[3]);
    const auto value = constantAround(context.params());
    if (mode == "zero" && value == 0)
        return code::kerasLayer("ZeroPadding2D", context, {around});
    if (mode != "replicate")
        return code::call(
            "ops.pad",
            {context.input(),
             fmt::format("((0, 0), ({}, {}), ({}, {}), (0, 0))", sides[0], sides[1], sides[2],
                         sides[3]),
             mode == "reflect" ? "mode=\"reflect\"" : "constant_values=" + code::number(value)});
    // Not every backend of Keras repeats the border: the pixels are picked one by one.
    auto x = context.input();
    for (std::size_t axis = 1; axis <= 2; ++axis) {
        const auto length = context.shape()[axis];
        x = code::call("ops.take",
                       {x,
                        fmt::format("numpy.clip(numpy.arange({}, {}), 0, {})", -sides[2 * axis - 2],
                                    length + sides[2 * axis - 1], length - 1),
                        fmt::format("axis={}", axis)});
    }
    return x;
}

} // namespace

LayerDef pad() {
    constexpr double kMost = 1e6;
    auto value = realParam("value", "Value", 0, -kMost, kMost, "What a constant border holds.");
    value.visibleWhen = {"mode", {std::string("zero")}};
    return {
        .key = "pad",
        .title = "Pad",
        .category = Category::Shape,
        .doc = "Puts a border around an image: zeros or another constant, its mirror image or "
               "its outermost pixels repeated.",
        .formula = "",
        .source = "",
        .params = {tupleParam("sides", "Sides", {1, 1, 1, 1}, 4, 4, 0, 4096,
                              "Rows above, rows below, columns to the left, columns to the "
                              "right."),
                   choiceParam(
                       "mode", "Border", "zero",
                       {{"zero", "Constant", "One value around the image; zero unless set."},
                        {"reflect", "Reflect", "The image mirrored, without its outermost pixels."},
                        {"replicate", "Replicate", "The outermost pixels repeated."}},
                       "What the border holds."),
                   std::move(value)},
        .infer = inferPad,
        .lower = lowerPad,
        .pytorch = pytorchPad,
        .keras = kerasPad};
}

} // namespace gradwright::layers
