// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {
namespace {

/// Padding as wide as the kernel would make windows that lie outside the image altogether.
std::optional<LayerProblem> checkPadding(std::string_view title, const InferContext& context) {
    const auto window = windowOf(context.params, context.inputs[0], false);
    const auto rows = std::max(window.padding.top, window.padding.bottom);
    const auto columns = std::max(window.padding.left, window.padding.right);
    if (rows < window.kernel[0] && columns < window.kernel[1])
        return {};
    return LayerProblem{
        fmt::format(
            "{} needs padding smaller than its kernel on every side; received padding of up "
            "to {}×{} with kernel {}×{}.",
            title, rows, columns, window.kernel[0], window.kernel[1]),
        "padding_sides",
        {{"Use same padding", SetParamProposal{"padding", std::string("same")}}}};
}

Inferred infer(const InferContext& context) {
    const auto& image = context.inputs[0];
    if (auto problem = requireImage("Pooling", image))
        return *std::move(problem);
    if (auto problem = checkPadding("Pooling", context))
        return *std::move(problem);
    return inferWindow("Pooling", context, image[0], false);
}

} // namespace

LayerDef pooling2d(std::string key, std::string title, std::string doc) {
    return {.key = std::move(key),
            .title = std::move(title),
            .category = Category::Pooling,
            .doc = std::move(doc),
            .formula = "",
            .source = "",
            .params = joined({windowParams({2, 2}, {2, 2}), paddingParams()}),
            .infer = infer};
}

PoolOp poolingOp(const LowerContext& context, PoolKind kind) {
    const auto window = windowOf(context.params(), context.inputShape(), false);
    return {kind, window.kernel, window.stride, window.padding, false};
}

Window poolingWindow(const CodeContext& context) {
    return windowOf(context.params(), context.shape(), false);
}

bool torchPads(const Window& window) {
    const auto& padding = window.padding;
    return padding.top == padding.bottom && padding.left == padding.right &&
           2 * padding.top <= window.kernel[0] && 2 * padding.left <= window.kernel[1];
}

std::string torchPool(std::string_view function, const Window& window, const std::string& x,
                      std::initializer_list<std::string> rest) {
    std::vector<std::string> arguments = {
        x, code::pair(window.kernel),
        code::keyword("stride", code::pair(window.stride), window.stride != window.kernel)};
    arguments.insert(arguments.end(), rest);
    return code::call(function, arguments);
}

std::string kerasPool(std::string_view layer, const CodeContext& context, const std::string& x,
                      std::string_view padding) {
    const auto window = poolingWindow(context);
    const auto quoted = fmt::format("\"{}\"", padding);
    return fmt::format("{}({})",
                       code::call(layer, {code::pair(window.kernel),
                                          code::keyword("strides", code::pair(window.stride),
                                                        window.stride != window.kernel),
                                          code::keyword("padding", quoted, !padding.empty()),
                                          fmt::format("name=\"{}\"", context.name())}),
                       x);
}

} // namespace gradwright::layers
