// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

#include <algorithm>

namespace gradwright::layers {
namespace {

constexpr double kMaxExtent = 4096;

struct Sides {
    std::int64_t before, after;
};

Sides sameSides(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t dilation) {
    const auto out = (in + stride - 1) / stride;
    const auto total =
        std::max<std::int64_t>((out - 1) * stride + (kernel - 1) * dilation + 1 - in, 0);
    return {total / 2, total - total / 2};
}

} // namespace

ParamSpecs activationParams() {
    std::vector<ParamChoice> choices;
    for (const auto& activation : activations())
        choices.push_back({activation.key, activation.title, activation.doc});
    auto slope = realParam("slope", "Slope", 0.01, 0, 1, "Slope of leaky ReLU below zero.");
    slope.visibleWhen = {"activation", {std::string("leaky-relu")}};
    return {choiceParam("activation", "Activation", "identity", std::move(choices),
                        "Function applied to the result, in the same pass."),
            std::move(slope)};
}

Activation activationOf(const Params& params) {
    const auto kind = activationFromKey(params.text("activation"));
    return {kind, kind == ActivationKind::LeakyRelu ? params.real("slope") : 0.0};
}

ValueId lowerActivation(LowerContext& context, ValueId value) {
    const auto activation = activationOf(context.params());
    if (activation.kind == ActivationKind::Identity)
        return value;
    return context.op(ActivationOp{activation}, {value});
}

ParamSpecs initializerParams() {
    std::vector<ParamChoice> choices = {
        {"auto", "Automatic", "He for ReLU and leaky ReLU, Xavier for the others."}};
    for (const auto& def : initializers())
        if (def.forKernels)
            choices.push_back({def.key, def.title, def.doc});
    auto method = choiceParam("initializer", "Weights", "auto", std::move(choices),
                              "How the weights get their first values; biases start at zero.");
    method.advanced = true;
    auto range = realParam("initializer_range", "Range", 0.05, 0, 1000,
                           "Half width of the uniform distribution U(-a, a), deviation of a normal "
                           "one.");
    range.minimumExclusive = true;
    range.advanced = true;
    range.visibleWhen = {
        "initializer",
        {std::string("uniform"), std::string("normal"), std::string("truncated-normal")}};
    return {std::move(method), std::move(range)};
}

Initializer initializerOf(const Params& params, const Activation& activation) {
    const auto& key = params.text("initializer");
    if (key == "uniform" || key == "normal" || key == "truncated-normal")
        return {key, params.real("initializer_range"), 1.0};
    const auto gain = info(activation.kind).gain;
    if (key != "auto")
        return {key, 0.0, activation.kind == ActivationKind::Tanh ? gain : 1.0};
    if (activation.kind == ActivationKind::Relu || activation.kind == ActivationKind::LeakyRelu)
        return {"he-normal", 0.0, 1.0};
    return {"xavier-uniform", 0.0, 1.0};
}

ParamSpecs windowParams(Extent2d kernel, Extent2d stride) {
    return {tupleParam("kernel", "Kernel", {kernel[0], kernel[1]}, 2, 2, 1, kMaxExtent,
                       "Rows × columns of the window."),
            tupleParam("stride", "Stride", {stride[0], stride[1]}, 2, 2, 1, kMaxExtent,
                       "Rows × columns that the window moves at a time.")};
}

ParamSpecs paddingParams() {
    auto sides = tupleParam("padding_sides", "Sides", {0, 0, 0, 0}, 4, 4, 0, kMaxExtent,
                            "Rows above, rows below, columns to the left, columns to the right.");
    sides.visibleWhen = {"padding", {std::string("explicit")}};
    return {choiceParam("padding", "Padding", "valid",
                        {{"valid", "Valid", "No padding: the window stays inside the image."},
                         {"same", "Same", "As much as keeps the size (divided by the stride)."},
                         {"explicit", "Custom", "A number for each side."}},
                        "What surrounds the image."),
            std::move(sides)};
}

Window windowOf(const Params& params, const Shape& image, bool dilated) {
    Window window{extentOf(params.tuple("kernel")),
                  extentOf(params.tuple("stride")),
                  dilated ? extentOf(params.tuple("dilation")) : Extent2d{1, 1},
                  {}};
    const auto& padding = params.text("padding");
    if (padding == "explicit") {
        const auto& sides = params.tuple("padding_sides");
        window.padding = {sides[0], sides[1], sides[2], sides[3]};
    } else if (padding == "same") {
        const auto rows =
            sameSides(image[1], window.kernel[0], window.stride[0], window.dilation[0]);
        const auto columns =
            sameSides(image[2], window.kernel[1], window.stride[1], window.dilation[1]);
        window.padding = {rows.before, rows.after, columns.before, columns.after};
    }
    return window;
}

Inferred inferWindow(std::string_view title, const InferContext& context, std::int64_t channels,
                     bool dilated) {
    const auto& image = context.inputs[0];
    if (auto problem = requireImage(title, image))
        return *std::move(problem);
    const auto window = windowOf(context.params, image, dilated);
    const auto paddedRows = image[1] + window.padding.top + window.padding.bottom;
    const auto paddedColumns = image[2] + window.padding.left + window.padding.right;
    const auto rows =
        windowOutput(paddedRows, window.kernel[0], window.stride[0], 0, window.dilation[0]);
    const auto columns =
        windowOutput(paddedColumns, window.kernel[1], window.stride[1], 0, window.dilation[1]);
    if (rows >= 1 && columns >= 1)
        return Shape{channels, rows, columns};

    const bool spread = window.dilation != Extent2d{1, 1};
    LayerProblem problem{fmt::format("Kernel {}×{}{} is larger than the padded input {}×{}.",
                                     window.kernel[0], window.kernel[1],
                                     spread ? fmt::format(" at dilation {}×{}", window.dilation[0],
                                                          window.dilation[1])
                                            : std::string(),
                                     paddedRows, paddedColumns),
                         "kernel",
                         {}};
    const auto fit = [](std::int64_t kernel, std::int64_t dilation, std::int64_t room) {
        return std::min(kernel, (room - 1) / dilation + 1);
    };
    const auto fitRows = fit(window.kernel[0], window.dilation[0], paddedRows);
    const auto fitColumns = fit(window.kernel[1], window.dilation[1], paddedColumns);
    problem.proposals.push_back({fmt::format("Set kernel to {}×{}", fitRows, fitColumns),
                                 SetParamProposal{"kernel", IntTuple{fitRows, fitColumns}}});
    problem.proposals.push_back(
        {"Use same padding", SetParamProposal{"padding", std::string("same")}});
    return problem;
}

std::optional<LayerProblem> requireImage(std::string_view title, const Shape& input) {
    if (input.rank() == 3)
        return {};
    return LayerProblem{fmt::format("{} takes an image of channels × rows × columns; received {}.",
                                    title, toString(input)),
                        "",
                        {}};
}

Extent2d extentOf(const IntTuple& tuple) {
    return {tuple.at(0), tuple.at(1)};
}

ParamSpecs joined(std::initializer_list<ParamSpecs> parts) {
    ParamSpecs all;
    for (const auto& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace gradwright::layers
