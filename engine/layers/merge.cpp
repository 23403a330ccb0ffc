// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/broadcast_inputs.h"

#include <fmt/ranges.h>

#include <algorithm>

// Subtract, Multiply, Average, Maximum and Minimum.

namespace gradwright::layers {
namespace {

constexpr std::array kMergeTitles = {"Subtract", "Multiply", "Average", "Maximum", "Minimum"};

template <CombineKind kind>
Inferred inferMerge(const InferContext& context) {
    if (const auto joint = jointShape(context.inputs))
        return *joint;
    std::vector<std::string> received;
    for (const auto& input : context.inputs)
        received.push_back(toString(input));
    return LayerProblem{fmt::format("{} takes inputs of one shape, or of length 1 along an axis, "
                                    "or one number per channel; received {}.",
                                    kMergeTitles[static_cast<std::size_t>(kind)],
                                    fmt::join(received, " and ")),
                        "",
                        {}};
}

template <CombineKind kind>
ValueId lowerMerge(LowerContext& context) {
    std::vector<ValueId> inputs;
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i < context.inputs().size(); ++i)
        shapes.push_back(context.inputShape(i));
    const auto rank = rankOf(shapes);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const auto input = context.inputs()[i];
        const auto shape = besideSequence(shapes[i], rank);
        inputs.push_back(shape == shapes[i] ? input
                                            : context.op(ReshapeOp::ofSample(shape), {input}));
    }
    return context.op(CombineOp{kind}, std::move(inputs));
}

std::string nested(std::string_view function, const std::vector<std::string>& inputs) {
    auto result = inputs[0];
    for (std::size_t i = 1; i < inputs.size(); ++i)
        result = code::call(function, {result, inputs[i]});
    return result;
}

template <CombineKind kind>
PyTorchCode pytorchMerge(const CodeContext& context) {
    const auto inputs = alignedInputs(context, false);
    switch (kind) {
    case CombineKind::Subtract:
        return {"", fmt::format("{} - {}", inputs[0], inputs[1])};
    case CombineKind::Multiply:
        return {"", fmt::format("{}", fmt::join(inputs, " * "))};
    case CombineKind::Average:
        return {"", fmt::format("({}) / {}", fmt::join(inputs, " + "), inputs.size())};
    case CombineKind::Maximum:
        return {"", nested("torch.maximum", inputs)};
    case CombineKind::Minimum:
        return {"", nested("torch.minimum", inputs)};
    }
    return {};
}

template <CombineKind kind>
std::string kerasMerge(const CodeContext& context) {
    return fmt::format("layers.{}(name=\"{}\")([{}])", kMergeTitles[static_cast<std::size_t>(kind)],
                       context.name(), fmt::join(alignedInputs(context, true), ", "));
}

template <CombineKind kind>
LayerDef mergeDefinition(std::string key, std::string doc, std::string formula,
                         std::string source = {}) {
    return {.key = std::move(key),
            .title = kMergeTitles[static_cast<std::size_t>(kind)],
            .category = Category::Merge,
            .doc = std::move(doc),
            .formula = std::move(formula),
            .source = std::move(source),
            .minInputs = 2,
            .maxInputs = kind == CombineKind::Subtract ? 2U : 16U,
            .infer = inferMerge<kind>,
            .lower = lowerMerge<kind>,
            .pytorch = pytorchMerge<kind>,
            .keras = kerasMerge<kind>};
}

} // namespace

LayerDef subtract() {
    return mergeDefinition<CombineKind::Subtract>(
        "subtract",
        "The first input minus the second, element by element. A vector is applied at every "
        "position of its channel.",
        "y = x1 - x2");
}

LayerDef multiply() {
    return mergeDefinition<CombineKind::Multiply>(
        "multiply",
        "The product of its inputs, element by element. A vector multiplies an image channel by "
        "channel, as a gate of squeeze-and-excitation does.",
        "y = x1 · x2 · …", "Hu, Shen, Albanie, Sun, Wu: Squeeze-and-excitation networks, 2017");
}

LayerDef average() {
    return mergeDefinition<CombineKind::Average>(
        "average", "The mean of its inputs, element by element: several branches as one vote.",
        "y = (x1 + x2 + …) / n");
}

LayerDef maximum() {
    return mergeDefinition<CombineKind::Maximum>(
        "maximum", "The largest of its inputs, element by element.", "y = max(x1, x2, …)",
        "Goodfellow, Warde-Farley, Mirza, Courville, Bengio: Maxout networks, 2013");
}

LayerDef minimum() {
    return mergeDefinition<CombineKind::Minimum>(
        "minimum", "The smallest of its inputs, element by element.", "y = min(x1, x2, …)");
}

} // namespace gradwright::layers
