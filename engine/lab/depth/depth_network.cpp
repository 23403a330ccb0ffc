// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/depth/depth.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <fmt/format.h>

namespace gradwright {
namespace {

/// What the network that is replaced tells about its ends.
struct NetworkEnds {
    Node input;
    Node output;
    ParamValues lastDense;
    bool hasSoftmax = false;
};

NetworkEnds endsOf(const Graph& graph) {
    const auto inputs = nodesOfLayer(graph, "input");
    const auto outputs = nodesOfLayer(graph, "output");
    if (inputs.size() != 1 || outputs.size() != 1)
        throw Error("the comparison of depths takes the data of a network with one Input and one "
                    "Output; this one has {} and {}",
                    inputs.size(), outputs.size());
    NetworkEnds ends{*graph.find(inputs.front()), *graph.find(outputs.front()), {}, false};
    auto at = outputs.front();
    for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
        const auto* link = graph.linkInto({at, {0}});
        if (!link)
            break;
        at = link->from.node;
        const auto* node = graph.find(at);
        const auto layer = node->layerUse() ? node->layerUse()->layer : std::string();
        if (layer == "dense") {
            ends.lastDense = node->params;
            return ends;
        }
        ends.hasSoftmax = ends.hasSoftmax || layer == "softmax";
    }
    throw Error("the comparison of depths needs a Dense layer that leads to the Output, which says "
                "how many units the last layer has");
}

/// Puts one node behind the other.
class ChainBuilder {
public:
    explicit ChainBuilder(Network& network)
        : network_(network) {}

    NodeId add(const std::string& name, const std::string& layer, ParamValues params = {}) {
        const auto id = network_.main.freshNodeId();
        apply(network_, {AddNode{"", {id, name, LayerUse{layer}, std::move(params)}}});
        if (last_)
            link(*last_, id, 0);
        last_ = id;
        return id;
    }
    void link(NodeId from, NodeId to, std::uint32_t port) {
        apply(network_, {AddLink{"", {network_.main.freshLinkId(), {from, {0}}, {to, {port}}}}});
    }
    [[nodiscard]] NodeId last() const { return *last_; }

private:
    Network& network_;
    std::optional<NodeId> last_;
};

} // namespace

Project depthProject(const Project& base, std::int64_t depth, const std::string& activation,
                     DepthVariant variant, std::int64_t units, const std::string& initializer) {
    const auto ends = endsOf(base.network.main);
    if (const auto why = whyInvalid(*findParam(layer("dense").params, "activation"), activation))
        throw Error("activations: {}", *why);
    if (const auto why = whyInvalid(*findParam(layer("dense").params, "initializer"), initializer))
        throw Error("initializers: {}", *why);
    const bool isNormalized =
        variant == DepthVariant::Normalized || variant == DepthVariant::ResidualNormalized;
    const bool isResidual =
        variant == DepthVariant::Residual || variant == DepthVariant::ResidualNormalized;
    if (isNormalized && !findLayer(activation))
        throw Error("activations: {} is no layer, which normalized variants need", activation);
    auto project = base;
    project.network = {};
    project.canvas = {};
    project.startWeights.clear(); // of another network
    ChainBuilder chain(project.network);
    chain.add(ends.input.name, "input", ends.input.params);
    chain.add("flatten", "flatten");
    for (std::int64_t i = 1; i <= depth; ++i) {
        const auto before = chain.last();
        const auto name = fmt::format("hidden{}", i);
        if (isNormalized) {
            chain.add(name, "dense",
                      {{"units", units}, {"bias", false}, {"initializer", initializer}});
            chain.add(fmt::format("norm{}", i), "batch-norm");
        } else {
            chain.add(name, "dense",
                      {{"units", units}, {"activation", activation}, {"initializer", initializer}});
        }
        if (isResidual && i > 1) {
            const auto sum = chain.add(fmt::format("sum{}", i), "add");
            chain.link(before, sum, 1);
        }
        if (isNormalized)
            chain.add(fmt::format("activation{}", i), activation);
    }
    chain.add("scores", "dense", ends.lastDense);
    if (ends.hasSoftmax)
        chain.add("probabilities", "softmax");
    chain.add(ends.output.name, "output", ends.output.params);
    return project;
}

} // namespace gradwright
