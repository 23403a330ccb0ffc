// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright::layers {
namespace {

constexpr double kMaxExtent = 4096;

struct AxisWords {
    std::string kernel, sides;
};

const AxisWords& wordsOf(std::size_t axes) {
    static const std::array<AxisWords, 3> words = {{
        {"Steps that the window spans.", "Steps before and steps after."},
        {"Rows × columns of the window.",
         "Rows above, rows below, columns to the left, columns to the right."},
        {"Slices × rows × columns of the window.",
         "Slices in front and behind, rows above and below, columns to the left and to the right."},
    }};
    return words.at(axes - 1);
}

/// Along one axis: before and after.
std::array<std::int64_t, 2> sameSides(std::int64_t in, std::int64_t kernel, std::int64_t stride,
                                      std::int64_t dilation) {
    const auto out = (in + stride - 1) / stride;
    const auto total =
        std::max<std::int64_t>((out - 1) * stride + (kernel - 1) * dilation + 1 - in, 0);
    return {total / 2, total - total / 2};
}

/// How far the last window reaches over the padded input when sizes are rounded up. It must start
/// in the input or before it.
std::int64_t overhangOf(std::int64_t in, const Window& window, std::size_t axis) {
    const auto span = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    const auto room = in + window.padding.both(axis) - span;
    const auto stride = window.stride[axis];
    if (room < 0 || room % stride == 0)
        return 0;
    const auto last = room / stride + 1;
    return last * stride < in + window.padding.before(axis) ? last * stride - room : 0;
}

std::int64_t& afterOf(Padding& padding, std::size_t axis) {
    return padding.after(axis);
}

} // namespace

std::string pathOf(const Extents& extents, std::size_t axes) {
    return fmt::format("{}", fmt::join(extents.begin(), extents.begin() + axes, "×"));
}

Padding Window::reach() const {
    auto all = padding;
    for (std::size_t axis = 0; axis < axes; ++axis)
        afterOf(all, axis) += overhang.after(axis);
    return all;
}

bool Window::isEven() const {
    for (std::size_t axis = 0; axis < axes; ++axis)
        if (padding.before(axis) != padding.after(axis))
            return false;
    return overhang == Padding{};
}

ParamSpecs windowParams(IntTuple kernel, IntTuple stride) {
    const auto axes = kernel.size();
    const auto& words = wordsOf(axes);
    return {
        tupleParam("kernel", "Kernel", std::move(kernel), axes, axes, 1, kMaxExtent, words.kernel),
        tupleParam("stride", "Stride", std::move(stride), axes, axes, 1, kMaxExtent,
                   "How far the window moves at a time.")};
}

ParamSpecs paddingParams(std::size_t axes) {
    auto sides = tupleParam("padding_sides", "Sides", IntTuple(2 * axes, 0), 2 * axes, 2 * axes, 0,
                            kMaxExtent, wordsOf(axes).sides);
    sides.visibleWhen = {"padding", {std::string("explicit")}};
    return {choiceParam("padding", "Padding", "valid",
                        {{"valid", "Valid", "No padding: the window stays inside the input."},
                         {"same", "Same", "Enough to keep the size (divided by the stride)."},
                         {"explicit", "Custom", "One number per side."}},
                        "What surrounds the input."),
            std::move(sides)};
}

ParamSpec dilationParam(std::size_t axes) {
    auto dilation = tupleParam("dilation", "Dilation", IntTuple(axes, 1), axes, axes, 1, kMaxExtent,
                               "Distance between the kernel's elements; 1 = dense.");
    dilation.advanced = true;
    return dilation;
}

std::optional<LayerProblem> requireAxes(std::string_view title, const Shape& input,
                                        std::size_t axes) {
    if (input.rank() == axes + 1)
        return {};
    constexpr std::array wanted = {"a sequence of steps × features",
                                   "an image of channels × rows × columns",
                                   "a volume of channels × slices × rows × columns"};
    return LayerProblem{
        fmt::format("{} takes {}; received {}.", title, wanted.at(axes - 1), toString(input)),
        "",
        {}};
}

Shape positionsOf(const Shape& input) {
    if (input.rank() == 2)
        return {input[0]};
    return Shape(std::vector<std::int64_t>(input.begin() + 1, input.end()));
}

Shape withPositions(std::int64_t channels, const Shape& positions) {
    if (positions.rank() == 1)
        return {positions[0], channels};
    auto dims = positions.dims();
    dims.insert(dims.begin(), channels);
    return Shape(std::move(dims));
}

Window windowOf(const Params& params, const Shape& positions) {
    Window window{positions.rank(),
                  Extents(std::span(params.tuple("kernel"))),
                  Extents(std::span(params.tuple("stride"))),
                  {},
                  {}};
    if (params.has("dilation"))
        window.dilation = Extents(std::span(params.tuple("dilation")));
    const auto& padding = params.text("padding");
    if (padding == "explicit") {
        window.padding = Padding(std::span(params.tuple("padding_sides")));
    } else if (padding == "same") {
        IntTuple sides;
        for (std::size_t axis = 0; axis < positions.rank(); ++axis)
            for (const auto side : sameSides(positions[axis], window.kernel[axis],
                                             window.stride[axis], window.dilation[axis]))
                sides.push_back(side);
        window.padding = Padding(std::span(sides));
    }
    if (params.has("ceil_mode") && params.boolean("ceil_mode"))
        for (std::size_t axis = 0; axis < positions.rank(); ++axis)
            afterOf(window.overhang, axis) = overhangOf(positions[axis], window, axis);
    return window;
}

Inferred inferWindow(const Params& params, const Shape& positions) {
    const auto window = windowOf(params, positions);
    const auto reach = window.reach();
    Extents padded;
    std::vector<std::int64_t> out;
    for (std::size_t axis = 0; axis < window.axes; ++axis) {
        padded[axis] = positions[axis] + window.padding.both(axis);
        out.push_back(windowOutput(positions[axis], window.kernel[axis], window.stride[axis],
                                   reach.both(axis), window.dilation[axis]));
    }
    if (*std::ranges::min_element(out) >= 1)
        return Shape(std::move(out));

    const bool spread = window.dilation != Extents{};
    LayerProblem problem{
        fmt::format("Kernel {}{} is larger than the padded input {}.",
                    pathOf(window.kernel, window.axes),
                    spread ? " at dilation " + pathOf(window.dilation, window.axes) : "",
                    pathOf(padded, window.axes)),
        "kernel",
        {}};
    Extents fit;
    for (std::size_t axis = 0; axis < window.axes; ++axis)
        fit[axis] = std::min(window.kernel[axis], (padded[axis] - 1) / window.dilation[axis] + 1);
    problem.proposals.push_back(
        {"Set kernel to " + pathOf(fit, window.axes),
         SetParamProposal{"kernel", IntTuple(fit.begin(), fit.begin() + window.axes)}});
    problem.proposals.push_back(
        {"Use same padding", SetParamProposal{"padding", std::string("same")}});
    return problem;
}

std::string evenPadding(const Window& window) {
    Extents before;
    for (std::size_t axis = 0; axis < window.axes; ++axis)
        before[axis] = window.padding.before(axis);
    return code::extents(before, window.axes);
}

std::string torchTurned(std::size_t axes, const std::string& x) {
    return axes == 1 ? x + ".transpose(1, 2)" : x;
}

} // namespace gradwright::layers
