// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/expand.h"

#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <algorithm>
#include <map>

namespace gradwright {
namespace {

constexpr std::size_t kMaxFlatNodes = 200'000;

using Source = std::optional<std::size_t>; ///< index of a flat node

/// Kahn's algorithm, smallest id first among those that are ready, so that the order is stable.
/// Nodes of a cycle (which edits refuse, but a file may hold) are left out.
std::vector<NodeId> topologicalOrder(const Graph& graph) {
    std::map<NodeId, std::size_t> missing;
    for (const auto& [id, node] : graph.nodes())
        missing[id] = 0;
    for (const auto& [id, link] : graph.links())
        ++missing[link.to.node];
    std::vector<NodeId> ready;
    for (const auto& [id, count] : missing)
        if (count == 0)
            ready.push_back(id);
    std::ranges::make_heap(ready, std::ranges::greater{});
    std::vector<NodeId> order;
    while (!ready.empty()) {
        std::ranges::pop_heap(ready, std::ranges::greater{});
        const auto node = ready.back();
        ready.pop_back();
        order.push_back(node);
        for (const auto id : graph.linksOf(node)) {
            const auto& link = *graph.find(id);
            if (link.from.node == node && --missing[link.to.node] == 0) {
                ready.push_back(link.to.node);
                std::ranges::push_heap(ready, std::ranges::greater{});
            }
        }
    }
    return order;
}

class Expander {
public:
    explicit Expander(const Network& network)
        : network_(network) {}

    FlatNetwork run() {
        expandGraph("", network_.main, "", {}, nullptr, nullptr);
        return std::move(result_);
    }

private:
    /// Appends the nodes of one instance of a graph. `inputs` feed its Block input nodes; returns
    /// what arrives at its Block output nodes.
    std::vector<Source> expandGraph(const std::string& name, const Graph& graph,
                                    const std::string& prefix, const std::vector<Source>& inputs,
                                    const BlockDefinition* definition, const ParamValues* values) {
        std::map<PortRef, Source> sources;
        std::vector<Source> outputs;
        std::size_t nextInput = 0;
        std::map<NodeId, std::size_t> inputOrder;
        for (const auto id : nodesOfLayer(graph, "block-input"))
            inputOrder[id] = nextInput++;
        const auto outputNodes = nodesOfLayer(graph, "block-output");
        outputs.resize(outputNodes.size());

        for (const auto id : topologicalOrder(graph)) {
            if (result_.nodes.size() > kMaxFlatNodes)
                return outputs;
            const auto& node = *graph.find(id);
            const auto feeds = feedsOf(graph, node, sources);
            if (node.blockUse()) {
                expandBlock(name, node, prefix, feeds, sources);
                continue;
            }
            const auto index = appendLayer(name, node, prefix, feeds, definition, values);
            sources[{id, PortIndex{0}}] = index;
            if (const auto port = inputOrder.find(id); port != inputOrder.end())
                result_.nodes[index].inputs = {port->second < inputs.size() ? inputs[port->second]
                                                                            : Source{}};
            const auto output = std::ranges::find(outputNodes, id);
            if (output != outputNodes.end())
                outputs[static_cast<std::size_t>(output - outputNodes.begin())] = index;
        }
        return outputs;
    }

    std::vector<Source> feedsOf(const Graph& graph, const Node& node,
                                const std::map<PortRef, Source>& sources) const {
        const auto ports = portsOf(network_, node);
        auto count = ports ? ports->minInputs : 0;
        for (const auto id : graph.linksOf(node.id))
            if (const auto& link = *graph.find(id); link.to.node == node.id)
                count = std::max(count, link.to.port.index() + 1);
        std::vector<Source> feeds(count);
        for (std::uint32_t port = 0; port < count; ++port)
            if (const auto* link = graph.linkInto({node.id, PortIndex{port}}))
                if (const auto found = sources.find(link->from); found != sources.end())
                    feeds[port] = found->second;
        return feeds;
    }

    std::size_t appendLayer(const std::string& graph, const Node& node, const std::string& prefix,
                            std::vector<Source> feeds, const BlockDefinition* definition,
                            const ParamValues* values) {
        auto params = node.params;
        if (definition && values)
            for (const auto& promoted : definition->promoted)
                if (const auto value = values->find(promoted.key);
                    promoted.node == node.id && value != values->end())
                    params.insert_or_assign(promoted.param, value->second);
        result_.nodes.push_back({prefix + node.name, graph, node.id,
                                 findLayer(node.layerUse()->layer), std::move(params),
                                 std::move(feeds)});
        return result_.nodes.size() - 1;
    }

    void expandBlock(const std::string& graph, const Node& node, const std::string& prefix,
                     std::vector<Source> feeds, std::map<PortRef, Source>& sources) {
        const auto& use = *node.blockUse();
        const auto found = network_.blocks.find(use.block);
        const auto report = [&](std::string message) {
            result_.diagnostics.push_back({Severity::Error,
                                           {graph, node.id, {}, "", prefix + node.name},
                                           std::move(message)});
        };
        if (found == network_.blocks.end())
            return report(fmt::format("The network has no block \"{}\".", use.block));
        if (std::ranges::find(open_, use.block) != open_.end())
            return report(fmt::format("The block \"{}\" contains itself.", use.block));
        const auto& definition = found->second;
        const auto ports = *portsOf(network_, node);
        if (use.repeat > 1 && (ports.minInputs != 1 || ports.outputs != 1))
            return report(fmt::format(
                "A block that is repeated needs one input and one output; \"{}\" has {} and {}.",
                use.block, ports.minInputs, ports.outputs));

        open_.push_back(use.block);
        for (std::int64_t i = 1; i <= use.repeat; ++i)
            feeds = expandGraph(use.block, definition.graph,
                                fmt::format("{}{}/{}/", prefix, node.name, i), feeds, &definition,
                                &node.params);
        open_.pop_back();
        if (result_.nodes.size() > kMaxFlatNodes && !tooLarge_) {
            tooLarge_ = true;
            report(fmt::format("Unrolled, the network would have more than {} layers.",
                               kMaxFlatNodes));
        }
        for (std::uint32_t port = 0; port < feeds.size(); ++port)
            sources[{node.id, PortIndex{port}}] = feeds[port];
    }

    const Network& network_;
    FlatNetwork result_;
    std::vector<std::string> open_; ///< blocks being unrolled, outermost first
    bool tooLarge_ = false;
};

} // namespace

FlatNetwork expand(const Network& network) {
    return Expander(network).run();
}

} // namespace gradwright
