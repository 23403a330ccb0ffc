// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace gradwright::layers {
namespace {

/// The shape with its 0, if it has one, replaced by what is left over; empty when that fails.
std::optional<Shape> targetOf(const IntTuple& wanted, std::int64_t elements) {
    auto dims = wanted;
    const auto open = std::ranges::find(dims, 0);
    if (open != dims.end()) {
        std::int64_t rest = 1;
        for (const auto length : dims)
            rest *= length == 0 ? 1 : length;
        if (std::ranges::count(dims, 0) != 1 || elements % rest != 0)
            return {};
        *open = elements / rest;
    }
    Shape shape(std::move(dims));
    return shape.elements() == elements ? std::optional(std::move(shape)) : std::nullopt;
}

Inferred inferReshape(const InferContext& context) {
    const auto& input = context.inputs[0];
    const auto& wanted = context.params.tuple("shape");
    if (auto shape = targetOf(wanted, input.elements()))
        return *std::move(shape);
    return LayerProblem{
        fmt::format("Reshape needs a shape of as many elements as its input; received {} for the "
                    "{} elements of {}.",
                    fmt::join(wanted, "×"), input.elements(), toString(input)),
        "shape",
        {{fmt::format("Set shape to {}", input.elements()),
          SetParamProposal{"shape", IntTuple{input.elements()}}}}};
}

ValueId lowerReshape(LowerContext& context) {
    return context.op(ReshapeOp::ofSample(
        *targetOf(context.params().tuple("shape"), context.inputShape().elements())));
}

std::string labelReshape(const Params& params) {
    return fmt::format("Reshape {}", fmt::join(params.tuple("shape"), "×"));
}

Shape targetOf(const CodeContext& context) {
    return *targetOf(context.params().tuple("shape"), context.shape().elements());
}

PyTorchCode pytorchReshape(const CodeContext& context) {
    return {"", fmt::format("{}.reshape(-1, {})", context.input(),
                            fmt::join(targetOf(context).dims(), ", "))};
}

/// In the order of channels × rows × columns, on both sides.
std::string kerasReshape(const CodeContext& context) {
    const auto target = targetOf(context);
    auto x = context.input();
    // Permute counts axes from 1 there. The channels come first, or go to the end.
    const auto turned = [](std::size_t rank, bool isFirst, const std::string& value) {
        IntTuple axes(rank);
        std::iota(axes.begin(), axes.end(), 1);
        if (isFirst)
            std::rotate(axes.begin(), axes.end() - 1, axes.end());
        else
            std::rotate(axes.begin(), axes.begin() + 1, axes.end());
        return fmt::format("layers.Permute(({}))({})", fmt::join(axes, ", "), value);
    };
    if (context.shape().rank() > 2)
        x = turned(context.shape().rank(), true, x);
    x = fmt::format("layers.Reshape(({},), name=\"{}\")({})", fmt::join(target.dims(), ", "),
                    context.name(), x);
    if (target.rank() > 2)
        x = turned(target.rank(), false, x);
    return x;
}

} // namespace

LayerDef reshape() {
    return {.key = "reshape",
            .title = "Reshape",
            .category = Category::Shape,
            .doc = "The same values in the same order (channel by channel, row by row) under "
                   "another shape.",
            .formula = "",
            .source = "",
            .traits = {.passesOn = true},
            .params = {tupleParam("shape", "Shape", {0}, 1, kMostSampleAxes, 0, 1 << 24,
                                  "The new shape without the batch; one number may be 0, which "
                                  "stands for whatever is left over.")},
            .infer = inferReshape,
            .lower = lowerReshape,
            .pytorch = pytorchReshape,
            .keras = kerasReshape,
            .label = labelReshape};
}

} // namespace gradwright::layers
