// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/inference_model.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright {
namespace {

/// A product of one group that reads one value and adds none, without its number of outputs:
/// products for which this is equal can be computed as one.
std::optional<FusedProductOp> kindOf(const Op& op) {
    FusedProductOp kind;
    if (const auto* conv = std::get_if<ConvOp>(&op.attributes))
        kind.product = *conv;
    else if (const auto* dense = std::get_if<DenseOp>(&op.attributes))
        kind.product = *dense;
    else if (const auto* fused = std::get_if<FusedProductOp>(&op.attributes))
        kind = *fused;
    else
        return {};
    kind.parts.clear();
    if (kind.adds)
        return {};
    if (auto* conv = std::get_if<ConvOp>(&kind.product)) {
        if (conv->groups != 1)
            return {};
        conv->outChannels = 0;
    } else {
        std::get<DenseOp>(kind.product).units = 0;
    }
    return kind;
}

std::int64_t outputsOf(const OpGraph& graph, const Op& op) {
    return graph.weight(op.weights[0]).shape[0];
}

/// One after the other along the first axis, which is that of the outputs.
Tensor joinedRows(const InferenceModel& model, const std::vector<Op>& siblings,
                  std::size_t weight) {
    std::vector<std::byte> bytes;
    std::int64_t rows = 0;
    for (const auto& op : siblings) {
        const auto& tensor = model.of(op.weights[weight]);
        bytes.insert(bytes.end(), tensor.bytes().begin(), tensor.bytes().end());
        rows += tensor.shape()[0];
    }
    const auto& first = model.of(siblings[0].weights[weight]);
    auto dims = first.shape().dims();
    dims[0] = rows;
    Tensor all(first.dtype(), Shape(dims));
    std::ranges::copy(bytes, all.bytes().begin());
    return all;
}

std::vector<std::string> pathsOf(const std::vector<Op>& siblings) {
    std::vector<std::string> paths;
    for (const auto& op : siblings)
        paths.push_back(op.path);
    return paths;
}

void merge(InferenceModel& model, FusedProductOp kind, const std::vector<Op>& siblings) {
    auto& graph = model.graph;
    SplitOp split{.axis = 1, .sizes = {}};
    for (const auto& op : siblings)
        split.sizes.push_back(outputsOf(graph, op));
    std::int64_t outputs = 0;
    for (const auto size : split.sizes)
        outputs += size;
    kind.parts = pathsOf(siblings);
    const auto path = fmt::format("{}", fmt::join(kind.parts, " + "));
    if (auto* conv = std::get_if<ConvOp>(&kind.product)) {
        conv->outChannels = outputs;
    } else {
        std::get<DenseOp>(kind.product).units = outputs;
        split.axis = static_cast<std::int64_t>(graph.type(siblings[0].output()).dims.rank()) - 1;
    }
    std::vector<WeightId> weights;
    for (std::size_t i = 0; i < siblings[0].weights.size(); ++i)
        weights.push_back(model.add(fmt::format("{}/{}", path, i == 0 ? "weight" : "bias"),
                                    joinedRows(model, siblings, i)));
    const auto place = *graph.placeOf(siblings[0].id);
    const auto all = graph.insert(place, std::move(kind), siblings[0].inputs, path, weights);
    const auto pieces = graph.insert(place + 1, std::move(split), all, path);
    for (std::size_t i = 0; i < siblings.size(); ++i)
        graph.replaceUses(siblings[i].output(), pieces[i]);
    std::vector<bool> gone(graph.ops().size());
    for (const auto& op : siblings)
        gone[*graph.placeOf(op.id)] = true;
    graph.remove(gone);
}

} // namespace

/// Products of one kind that read the same value, as the branches of an Inception block do, are
/// one product with the outputs of all: the value is read once, and the product is larger.
void mergeSiblings(InferenceModel& model, std::vector<Merge>& merges) {
    auto& graph = model.graph;
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto first = graph.ops()[i];
        const auto kind = kindOf(first);
        if (!kind)
            continue;
        std::vector<Op> siblings{first};
        for (const auto& use : graph.usesOf(first.inputs[0])) {
            const auto& other = graph.ops()[use.op];
            if (use.op > i && kindOf(other) == kind)
                siblings.push_back(other);
        }
        if (siblings.size() < 2)
            continue;
        merges.push_back({pathsOf(siblings)});
        merge(model, *kind, siblings);
    }
}

} // namespace gradwright
