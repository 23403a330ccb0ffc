// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

#include <fmt/ranges.h>

namespace gradwright::layers {
namespace {

Inferred inferConcatenate(const InferContext& context) {
    auto joint = context.inputs[0];
    const auto axis = context.params.integer("axis");
    const auto index = static_cast<std::size_t>(axis);
    if (index >= joint.rank())
        return LayerProblem{fmt::format("Axis {} does not exist in {}, which has axes 0 to {}.",
                                        axis, toString(joint), joint.rank() - 1),
                            "axis",
                            {{"Set axis to 0", SetParamProposal{"axis", std::int64_t{0}}}}};
    for (const auto& input : context.inputs.subspan(1)) {
        auto aligned = input;
        if (aligned.rank() == joint.rank())
            aligned[index] = joint[index];
        if (aligned != joint)
            return LayerProblem{
                fmt::format("Concatenate takes inputs that agree in all but axis {}; received {} "
                            "and {}.",
                            axis, toString(context.inputs[0]), toString(input)),
                "",
                {}};
        joint[index] += input[index];
    }
    return joint;
}

ValueId lowerConcatenate(LowerContext& context) {
    return context.op(ConcatOp::ofSample(context.params().integer("axis")));
}

PyTorchCode pytorchConcatenate(const CodeContext& context) {
    return {"", fmt::format("torch.cat([{}], dim={})", fmt::join(context.inputs(), ", "),
                            context.params().integer("axis") + 1)};
}

/// The channels of images come last there.
std::string kerasConcatenate(const CodeContext& context) {
    const auto axis = context.params().integer("axis");
    const auto rank = static_cast<std::int64_t>(context.shape().rank());
    const auto there = rank >= 3 ? (axis == 0 ? rank : axis) : axis + 1;
    return fmt::format("layers.Concatenate(axis={}, name=\"{}\")([{}])", there, context.name(),
                       fmt::join(context.inputs(), ", "));
}

} // namespace

LayerDef concatenate() {
    return {
        .key = "concatenate",
        .title = "Concatenate",
        .category = Category::Merge,
        .doc = "Puts its inputs side by side along an axis: channels of images, features of "
               "vectors.",
        .formula = "",
        .source = "Szegedy et al.: Going deeper with convolutions, 2014",
        .minInputs = 2,
        .maxInputs = 16,
        .traits = {.joins = true},
        .params = {intParam("axis", "Axis", 0, 0, kMostSampleAxes - 1,
                            "0 joins channels, vectors or steps, 1 rows or features, 2 columns.")},
        .infer = inferConcatenate,
        .lower = lowerConcatenate,
        .pytorch = pytorchConcatenate,
        .keras = kerasConcatenate};
}

} // namespace gradwright::layers
