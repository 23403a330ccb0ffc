// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

#include <fmt/ranges.h>

#include <charconv>
#include <numeric>

namespace gradwright::layers {
namespace {

constexpr std::int64_t kMostPieces = 64;

/// "3, 5" as numbers of 1 or more; nothing when it is something else.
std::optional<std::vector<std::int64_t>> sizesFrom(std::string_view text) {
    std::vector<std::int64_t> sizes;
    const auto skip = [&text] {
        text.remove_prefix(std::min(text.find_first_not_of(" ,"), text.size()));
    };
    for (skip(); !text.empty(); skip()) {
        std::int64_t size = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
        if (error != std::errc{} || size < 1 || sizes.size() == kMostPieces)
            return {};
        sizes.push_back(size);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    return sizes;
}

std::size_t countPieces(const ParamValues& values) {
    if (const auto found = values.find("sizes"); found != values.end())
        if (const auto* text = std::get_if<std::string>(&found->second))
            if (const auto sizes = sizesFrom(*text); sizes && !sizes->empty())
                return sizes->size();
    const auto found = values.find("parts");
    const auto* parts = found == values.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
    return static_cast<std::size_t>(parts ? std::clamp<std::int64_t>(*parts, 1, kMostPieces) : 2);
}

std::size_t axisOfSplit(const Params& params) {
    return static_cast<std::size_t>(params.integer("axis"));
}

/// Given parameters and an input that inferSplit() accepts.
std::vector<std::int64_t> piecesOf(const Params& params, const Shape& shape) {
    auto sizes = *sizesFrom(params.text("sizes"));
    if (sizes.empty())
        sizes.assign(static_cast<std::size_t>(params.integer("parts")),
                     shape[axisOfSplit(params)] / params.integer("parts"));
    return sizes;
}

Inferred inferSplit(const InferContext& context) {
    const auto& params = context.params;
    auto shape = context.inputs[0];
    const auto axis = axisOfSplit(params);
    if (axis >= shape.rank())
        return LayerProblem{fmt::format("Axis {} does not exist in {}, which has axes 0 to {}.",
                                        axis, toString(shape), shape.rank() - 1),
                            "axis",
                            {{"Set axis to 0", SetParamProposal{"axis", std::int64_t{0}}}}};
    const auto sizes = sizesFrom(params.text("sizes"));
    if (!sizes)
        return LayerProblem{fmt::format("Sizes are up to {} whole numbers of 1 or more, such as "
                                        "\"16, 48\"; received \"{}\".",
                                        kMostPieces, params.text("sizes")),
                            "sizes",
                            {{"Cut into equal parts", SetParamProposal{"sizes", std::string()}}}};
    const auto parts = params.integer("parts");
    if (sizes->empty() && shape[axis] % parts != 0)
        return LayerProblem{fmt::format("{} parts of {} are not equal; write their sizes instead.",
                                        parts, shape[axis]),
                            "parts",
                            {}};
    const auto sum = std::accumulate(sizes->begin(), sizes->end(), std::int64_t{0});
    if (!sizes->empty() && sum != shape[axis])
        return LayerProblem{fmt::format("The sizes must sum to {}, the length of axis {}; {} sum "
                                        "to {}.",
                                        shape[axis], axis, fmt::join(*sizes, " + "), sum),
                            "sizes",
                            {}};
    shape[axis] = piecesOf(params, shape).front();
    return shape;
}

std::vector<Shape> shapesOfPieces(const InferContext& context) {
    std::vector<Shape> shapes;
    for (const auto size : piecesOf(context.params, context.inputs[0])) {
        shapes.push_back(context.inputs[0]);
        shapes.back()[axisOfSplit(context.params)] = size;
    }
    return shapes;
}

ValueId lowerSplit(LowerContext& context) {
    auto sizes = piecesOf(context.params(), context.inputShape());
    return context.severalOutputs(SplitOp{context.params().integer("axis") + 1, std::move(sizes)});
}

PyTorchCode pytorchSplit(const CodeContext& context) {
    return {"", fmt::format("torch.split({}, [{}], dim={})", context.input(),
                            fmt::join(piecesOf(context.params(), context.shape()), ", "),
                            axisOfSplit(context.params()) + 1)};
}

/// The channels of images come last there. Takes the places of the cuts.
std::string kerasSplit(const CodeContext& context) {
    const auto axis = context.params().integer("axis");
    const auto rank = static_cast<std::int64_t>(context.shape().rank());
    const auto there = rank >= 3 ? (axis == 0 ? rank : axis) : axis + 1;
    auto cuts = piecesOf(context.params(), context.shape());
    cuts.pop_back();
    std::partial_sum(cuts.begin(), cuts.end(), cuts.begin());
    return fmt::format("ops.split({}, [{}], axis={})", context.input(), fmt::join(cuts, ", "),
                       there);
}

std::string labelSplit(const Params& params) {
    const auto sizes = sizesFrom(params.text("sizes"));
    return sizes && !sizes->empty() ? fmt::format("Split {}", fmt::join(*sizes, " + "))
                                    : fmt::format("Split in {}", params.integer("parts"));
}

} // namespace

LayerDef split() {
    return {.key = "split",
            .title = "Split",
            .category = Category::Shape,
            .doc = "Cuts its input along one axis into pieces, each at an output of its own: the "
                   "counterpart of Concatenate.",
            .formula = "",
            .source = "",
            .several = {countPieces, shapesOfPieces},
            .params = {intParam("axis", "Axis", 0, 0, kMostSampleAxes - 1,
                                "0 cuts channels, vectors or steps, 1 rows or features, 2 "
                                "columns."),
                       intParam("parts", "Parts", 2, 1, kMostPieces,
                                "Number of equal pieces, where no sizes are given."),
                       textParam("sizes", "Sizes", "",
                                 "Lengths of the pieces, separated by commas; empty cuts equal "
                                 "parts.")},
            .infer = inferSplit,
            .lower = lowerSplit,
            .pytorch = pytorchSplit,
            .keras = kerasSplit,
            .label = labelSplit};
}

} // namespace gradwright::layers
