// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright::layers {
namespace {

/// Padding as wide as the kernel would make windows that lie outside the input altogether.
std::optional<LayerProblem> checkPadding(const Window& window) {
    Extents widest;
    bool fits = true;
    for (std::size_t axis = 0; axis < window.axes; ++axis) {
        widest[axis] = std::max(window.padding.before(axis), window.padding.after(axis));
        fits = fits && widest[axis] < window.kernel[axis];
    }
    if (fits)
        return {};
    return LayerProblem{
        fmt::format("Pooling needs padding smaller than its kernel on every side; received padding "
                    "of up to {} with kernel {}.",
                    pathOf(widest, window.axes), pathOf(window.kernel, window.axes)),
        "padding_sides",
        {{"Use same padding", SetParamProposal{"padding", std::string("same")}}}};
}

template <std::size_t axes>
Inferred inferPooling(const InferContext& context) {
    const auto& input = context.inputs[0];
    if (auto problem = requireAxes("Pooling", input, axes))
        return *std::move(problem);
    if (auto problem = checkPadding(windowOf(context.params, positionsOf(input))))
        return *std::move(problem);
    auto positions = inferWindow(context.params, positionsOf(input));
    if (const auto* shape = std::get_if<Shape>(&positions))
        return withPositions(channelsOf(input), *shape);
    return positions;
}

bool counts(const Params& params) {
    return params.has("count_padding") && params.boolean("count_padding");
}

/// Zeros that count, but not where the last window hangs over them: they become part of the input.
ValueId padded(LowerContext& context, ValueId x, const Window& window) {
    std::vector<AxisMap> axes(window.axes + 1);
    const auto& shape = context.shapeOf(x);
    for (std::size_t axis = 0; axis < window.axes; ++axis)
        axes[axis + 1] = {AxisMap::Kind::Shift, shape[axis + 1] + window.padding.both(axis),
                          -window.padding.before(axis)};
    return context.op(ResampleOp::ofSample(std::move(axes)), {x});
}

template <PoolKind kind>
ValueId lowerPooling(LowerContext& context) {
    const auto window = windowOf(context.params(), positionsOf(context.inputShape()));
    PoolOp op{kind, window.kernel, window.stride, window.reach(), counts(context.params())};
    return withChannelsFirst(context, [&](ValueId x) {
        if (op.countPadding && window.overhang != Padding{}) {
            x = padded(context, x, window);
            op.padding = window.overhang;
            op.countPadding = false;
        }
        return context.op(op, {x});
    });
}

template <PoolKind kind>
std::string labelPooling(const Params& params) {
    return fmt::format("{} {}", kind == PoolKind::Max ? "MaxPool" : "AvgPool",
                       fmt::join(params.tuple("kernel"), "×"));
}

/// Whether PyTorch's pooling can pad like that: alike on both sides, by half the kernel at most.
bool torchPads(const Window& window) {
    for (std::size_t axis = 0; axis < window.axes; ++axis)
        if (2 * window.padding.before(axis) > window.kernel[axis])
            return false;
    return window.isEven();
}

std::string torchPool(PoolKind kind, const Window& window, const std::string& x,
                      std::initializer_list<std::string> rest = {}) {
    std::vector<std::string> arguments = {x, code::extents(window.kernel, window.axes),
                                          code::keyword("stride",
                                                        code::extents(window.stride, window.axes),
                                                        window.stride != window.kernel)};
    arguments.insert(arguments.end(), rest);
    return code::call(
        fmt::format("F.{}_pool{}d", kind == PoolKind::Max ? "max" : "avg", window.axes), arguments);
}

std::string torchAverage(const Window& window, const std::string& x, bool counted) {
    const auto axes = window.axes;
    if (torchPads(window))
        return torchPool(
            PoolKind::Average, window, x,
            {code::keyword("padding", evenPadding(window), window.padding != Padding{}),
             code::keyword("count_include_pad", "False", window.padding != Padding{} && !counted)});
    const auto all =
        torchPool(PoolKind::Average, window, code::torchPadded(window.reach(), axes, x));
    if (counted && window.overhang == Padding{})
        return all;
    // The mean over all, divided by the share that counts.
    const auto ones = code::call("torch.ones_like", {x});
    const auto counting =
        counted ? code::torchPadded(window.overhang, axes,
                                    code::torchPadded(window.padding, axes, ones, "1.0"))
                : code::torchPadded(window.reach(), axes, ones);
    const auto quotient = all + " / " + torchPool(PoolKind::Average, window, counting);
    return axes == 1 ? "(" + quotient + ")" : quotient; // to be turned
}

template <PoolKind kind>
PyTorchCode pytorchPooling(const CodeContext& context) {
    const auto window = windowOf(context.params(), positionsOf(context.shape()));
    const auto axes = window.axes;
    const auto x = torchTurned(axes, context.input());
    if (kind == PoolKind::Average)
        return {"", torchTurned(axes, torchAverage(window, x, counts(context.params())))};
    if (torchPads(window))
        return {"", torchTurned(axes, torchPool(kind, window, x,
                                                {code::keyword("padding", evenPadding(window),
                                                               window.padding != Padding{})}))};
    return {"", torchTurned(axes, torchPool(kind, window,
                                            code::torchPadded(window.reach(), axes, x,
                                                              "float(\"-inf\")")))};
}

std::string kerasPool(std::string_view name, const CodeContext& context, const Window& window,
                      const std::string& x, std::string_view padding = {}) {
    const auto axes = window.axes;
    return fmt::format("{}({})",
                       code::call(fmt::format("layers.{}Pooling{}D", name, axes),
                                  {code::extents(window.kernel, axes),
                                   code::keyword("strides", code::extents(window.stride, axes),
                                                 window.stride != window.kernel),
                                   code::keyword("padding", padding, !padding.empty()),
                                   fmt::format("name=\"{}\"", context.name())}),
                       x);
}

std::string kerasMax(const CodeContext& context) {
    const auto window = windowOf(context.params(), positionsOf(context.shape()));
    if (context.params().text("padding") == "same" && window.overhang == Padding{})
        return kerasPool("Max", context, window, context.input(), "\"same\"");
    return kerasPool(
        "Max", context, window,
        code::kerasPadded(window.reach(), window.axes, context.input(), "float(\"-inf\")"));
}

/// Keras's own "same" padding counts or not as its backend pleases.
std::string kerasAverage(const CodeContext& context) {
    const auto window = windowOf(context.params(), positionsOf(context.shape()));
    const auto axes = window.axes;
    const auto& x = context.input();
    const bool counted = counts(context.params());
    if (window.reach() == Padding{} || (counted && window.overhang == Padding{}))
        return kerasPool("Average", context, window, code::kerasPadded(window.padding, axes, x));
    const auto pooled = [&](const std::string& value) {
        return code::call("ops.average_pool",
                          {value, code::extents(window.kernel, axes),
                           code::keyword("strides", code::extents(window.stride, axes),
                                         window.stride != window.kernel)});
    };
    const auto ones = code::call("ops.ones_like", {x});
    const auto counting =
        counted ? code::kerasPadded(window.overhang, axes,
                                    code::kerasPadded(window.padding, axes, ones, "1.0"))
                : code::kerasPadded(window.reach(), axes, ones);
    return pooled(code::kerasPadded(window.reach(), axes, x)) + " / " + pooled(counting);
}

template <PoolKind kind>
std::string kerasPooling(const CodeContext& context) {
    return kind == PoolKind::Max ? kerasMax(context) : kerasAverage(context);
}

template <PoolKind kind>
LayerDef poolingDefinition(std::size_t axes) {
    auto ceil = boolParam("ceil_mode", "Round up", false,
                          "Rounds the output's size up: the last window may extend past the end.");
    ceil.advanced = true;
    LayerDef def{.key = "",
                 .title = "",
                 .category = Category::Pooling,
                 .doc = "",
                 .formula = "",
                 .source = "",
                 .params = joined({windowParams(IntTuple(axes, 2), IntTuple(axes, 2)),
                                   paddingParams(axes),
                                   {std::move(ceil)}}),
                 .lower = lowerPooling<kind>,
                 .pytorch = pytorchPooling<kind>,
                 .keras = kerasPooling<kind>,
                 .label = labelPooling<kind>};
    constexpr std::array infers = {inferPooling<1>, inferPooling<2>, inferPooling<3>};
    def.infer = infers.at(axes - 1);
    return def;
}

} // namespace

LayerDef pooling(PoolKind kind, std::size_t axes) {
    if (kind == PoolKind::Max)
        return poolingDefinition<PoolKind::Max>(axes);
    auto def = poolingDefinition<PoolKind::Average>(axes);
    auto countPadding = boolParam("count_padding", "Count padding", false,
                                  "Whether padded zeros count towards the mean.");
    countPadding.advanced = true;
    def.params.push_back(std::move(countPadding));
    return def;
}

} // namespace gradwright::layers
