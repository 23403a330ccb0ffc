// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace gradwright::layers {
namespace {

Inferred inferPermute(const InferContext& context) {
    const auto& input = context.inputs[0];
    const auto& axes = context.params.tuple("axes");
    IntTuple all(input.rank());
    std::iota(all.begin(), all.end(), 0);
    auto sorted = axes;
    std::ranges::sort(sorted);
    if (sorted != all) {
        IntTuple reversed(all.rbegin(), all.rend());
        return LayerProblem{
            fmt::format("Permute names every axis of its input once, counted from 0; received {} "
                        "for {}.",
                        fmt::join(axes, ", "), toString(input)),
            "axes",
            {{fmt::format("Set axes to {}", fmt::join(reversed, ", ")),
              SetParamProposal{"axes", reversed}}}};
    }
    std::vector<std::int64_t> dims;
    for (const auto axis : axes)
        dims.push_back(input[static_cast<std::size_t>(axis)]);
    return Shape(std::move(dims));
}

ValueId lowerPermute(LowerContext& context) {
    return context.op(PermuteOp::ofSample(context.params().tuple("axes")));
}

PyTorchCode pytorchPermute(const CodeContext& context) {
    std::string axes = "0";
    for (const auto axis : context.params().tuple("axes"))
        axes += fmt::format(", {}", axis + 1);
    return {"", fmt::format("{}.permute({})", context.input(), axes)};
}

/// Channels are last there, on both sides.
std::string kerasPermute(const CodeContext& context) {
    const auto& axes = context.params().tuple("axes");
    const auto rank = static_cast<std::int64_t>(axes.size());
    const auto there = [&](std::int64_t axis) {
        return rank <= 2 ? axis + 1 : axis == 0 ? rank : axis;
    };
    IntTuple result;
    for (std::int64_t i = 0; i < rank; ++i) {
        // The axis of ours that is the i-th there.
        const auto ours = rank <= 2 ? i : i + 1 == rank ? 0 : i + 1;
        result.push_back(there(axes[static_cast<std::size_t>(ours)]));
    }
    return code::kerasLayer("Permute", context, {fmt::format("({},)", fmt::join(result, ", "))});
}

} // namespace

LayerDef permute() {
    return {
        .key = "permute",
        .title = "Permute",
        .category = Category::Shape,
        .doc = "Puts the axes in another order: axis i of the output is axis axes[i] of the "
               "input. 1, 0 transposes a sequence of steps × features.",
        .formula = "",
        .source = "",
        .params = {tupleParam("axes", "Axes", {1, 0}, 1, kMostSampleAxes, 0, kMostSampleAxes - 1,
                              "Every axis of the input once, counted from 0 without the "
                              "batch.")},
        .infer = inferPermute,
        .lower = lowerPermute,
        .pytorch = pytorchPermute,
        .keras = kerasPermute};
}

} // namespace gradwright::layers
