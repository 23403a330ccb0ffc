// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/found_blocks.h"

#include "engine/exchange/found_parts.h"
#include "engine/graph/blocks.h"
#include "engine/layers/catalog.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {
namespace {

ParamValue valueInNode(const Node& node, const std::string& param) {
    const auto found = node.params.find(param);
    return found != node.params.end()
               ? found->second
               : findParam(layer(node.layerUse()->layer).params, param)->defaultValue;
}

/// What all the names begin with, up to a place where a word ends.
std::size_t commonBeginning(const std::vector<std::string>& names) {
    auto length = names.front().size();
    for (const auto& name : names) {
        const auto [mine, other] = std::ranges::mismatch(name, names.front());
        length = std::min(length, static_cast<std::size_t>(mine - name.begin()));
    }
    const auto end = names.front().substr(0, length).rfind('_');
    return end == std::string::npos ? 0 : end + 1;
}

class BlockMaker {
public:
    BlockMaker(Network& network, Weights& weights)
        : network_(network)
        , weights_(weights)
        , segments_(segmentsOf(network.main))
        , parts_(partsOf(network.main, segments_)) {}

    std::size_t run() {
        // Parts of one form are instances of one block.
        std::map<std::vector<std::size_t>, std::vector<const FoundPart*>> forms;
        std::vector<const std::vector<const FoundPart*>*> order;
        for (const auto& part : parts_) {
            std::vector<std::size_t> form;
            for (std::size_t i = 0; i < part.length; ++i)
                form.push_back(segments_[part.begin + i].alike);
            auto& alike = forms[form];
            if (alike.empty())
                order.push_back(&alike);
            alike.push_back(&part);
        }
        for (const auto* alike : order)
            makeBlock(*alike);
        for (auto& [key, values] : weights_.values) {
            const auto slash = key.find('/');
            if (const auto found = moved_.find(key.substr(0, slash)); found != moved_.end())
                key = found->second + key.substr(slash);
        }
        return parts_.size();
    }

private:
    /// The nodes of one repetition, in an order that is the same for parts that are alike.
    [[nodiscard]] std::vector<NodeId> nodesOf(const FoundPart& part, std::size_t repetition) const {
        std::vector<NodeId> nodes;
        for (std::size_t i = 0; i < part.length; ++i) {
            const auto& more = segments_[part.begin + repetition * part.length + i].nodes;
            nodes.insert(nodes.end(), more.begin(), more.end());
        }
        return nodes;
    }

    void makeBlock(const std::vector<const FoundPart*>& parts) {
        auto definition = definitionOf(*parts.front());
        const auto promoted = promotionsOf(parts, definition);
        const auto name = freshBlockName(network_, stemOf(definition.graph));
        std::vector<std::string> inner;
        for (const auto id : inner_)
            inner.push_back(definition.graph.find(id)->name);
        network_.blocks.emplace(name, std::move(definition));
        for (const auto* part : parts)
            putInstance(*part, name, inner, promoted);
    }

    /// The first part of its form as a block.
    BlockDefinition definitionOf(const FoundPart& part) {
        BlockDefinition definition;
        auto& graph = definition.graph;
        const auto nodes = nodesOf(part, 0);
        std::vector<std::string> names;
        for (const auto id : nodes)
            names.push_back(network_.main.find(id)->name);
        const auto beginning = commonBeginning(names);
        const auto add = [&](Node node) {
            node.id = graph.freshNodeId();
            const auto id = node.id;
            graph.insert(std::move(node));
            return id;
        };
        const auto input = add({{}, "in", LayerUse{"block-input"}, {}});
        std::map<NodeId, NodeId> copies;
        inner_.clear();
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            auto node = *network_.main.find(nodes[i]);
            const auto rest = names[i].substr(beginning);
            node.name = rest.empty() || graph.findByName(rest) ? graph.freshName("layer") : rest;
            copies[nodes[i]] = add(std::move(node));
            inner_.push_back(copies[nodes[i]]);
        }
        const auto output = add({{},
                                 graph.findByName("out") ? graph.freshName("out") : "out",
                                 LayerUse{"block-output"},
                                 {}});
        const auto entry = sourceOf(segments_[part.begin].entry);
        for (const auto id : nodes)
            for (const auto each : network_.main.linksOf(id)) {
                auto link = *network_.main.find(each);
                if (link.to.node != id)
                    continue;
                link.id = graph.freshLinkId();
                link.from = link.from == entry ? PortRef{input, PortIndex{0}}
                                               : PortRef{copies.at(link.from.node), link.from.port};
                link.to.node = copies.at(id);
                graph.insert(link);
            }
        graph.insert(Link{
            graph.freshLinkId(), {copies.at(nodes.back()), PortIndex{0}}, {output, PortIndex{0}}});
        return definition;
    }

    struct Promoted {
        std::string key;
        std::size_t node; ///< the first of those that it sets, by its place
        std::string param;
        ParamValue value; ///< within the block
    };

    /// The numbers in which parts differ. Those that always have the same value get one key.
    std::vector<Promoted> promotionsOf(const std::vector<const FoundPart*>& parts,
                                       BlockDefinition& definition) const {
        std::vector<Promoted> promoted;
        std::map<std::pair<std::string, std::vector<ParamValue>>, std::string> keys;
        std::vector<std::vector<NodeId>> nodes;
        for (const auto* part : parts)
            nodes.push_back(nodesOf(*part, 0));
        for (std::size_t i = 0; i < inner_.size(); ++i) {
            const auto& first = *network_.main.find(nodes[0][i]);
            for (const auto& spec : layer(first.layerUse()->layer).params) {
                std::vector<ParamValue> values;
                for (const auto& each : nodes)
                    values.push_back(valueInNode(*network_.main.find(each[i]), spec.key));
                if (std::ranges::all_of(values,
                                        [&](const ParamValue& v) { return v == values[0]; }))
                    continue;
                auto& key = keys[{spec.key, values}];
                if (key.empty()) {
                    const bool isTaken =
                        std::ranges::find(promoted, spec.key, &Promoted::key) != promoted.end();
                    key = isTaken ? definition.graph.find(inner_[i])->name + "_" + spec.key
                                  : spec.key;
                    promoted.push_back({key, i, spec.key, values[0]});
                }
                definition.promoted.push_back({key, inner_[i], spec.key});
            }
        }
        return promoted;
    }

    /// Puts an instance where the part's nodes are.
    void putInstance(const FoundPart& part, const std::string& block,
                     const std::vector<std::string>& inner, const std::vector<Promoted>& promoted) {
        auto& graph = network_.main;
        Node instance{graph.freshNodeId(),
                      graph.freshName(instanceStem(block)),
                      BlockUse{block, static_cast<std::int64_t>(part.repeat)},
                      {}};
        const auto first = nodesOf(part, 0);
        for (const auto& each : promoted)
            if (auto value = valueInNode(*graph.find(first[each.node]), each.param);
                value != each.value)
                instance.params.emplace(each.key, std::move(value));
        const auto entry = sourceOf(segments_[part.begin].entry);
        const PortRef exit{nodesOf(part, part.repeat - 1).back(), PortIndex{0}};
        std::vector<PortRef> readers;
        for (const auto each : graph.linksOf(exit.node))
            if (const auto* link = graph.find(each); link->from == exit)
                readers.push_back(link->to);
        for (std::size_t repetition = 0; repetition < part.repeat; ++repetition) {
            const auto nodes = nodesOf(part, repetition);
            for (std::size_t i = 0; i < nodes.size(); ++i) {
                moved_[graph.find(nodes[i])->name] =
                    fmt::format("{}/{}/{}", instance.name, repetition + 1, inner[i]);
                for (const auto link : std::vector(graph.linksOf(nodes[i])))
                    graph.erase(link);
                graph.erase(nodes[i]);
            }
        }
        const PortRef made{instance.id, PortIndex{0}};
        graph.insert(std::move(instance));
        graph.insert(Link{graph.freshLinkId(), entry, made});
        for (const auto& reader : readers)
            graph.insert(Link{graph.freshLinkId(), made, reader});
        replaced_[exit.node] = made;
    }

    /// Where a value comes from now.
    [[nodiscard]] PortRef sourceOf(PortRef port) const {
        const auto found = replaced_.find(port.node);
        return found == replaced_.end() ? port : found->second;
    }

    /// A name for what is inside, as people call it.
    static std::string stemOf(const Graph& graph) {
        bool isSum = false;
        for (const auto& [id, node] : graph.nodes()) {
            const auto& key = node.layerUse()->layer;
            if (key == "multi-head-self-attention")
                return "Transformer block";
            isSum = isSum || key == "add";
        }
        return isSum ? "Residual unit" : "Unit";
    }

    Network& network_;
    Weights& weights_;
    std::vector<GraphSegment> segments_;
    std::vector<FoundPart> parts_;
    std::vector<NodeId> inner_; ///< of the block that is being made, in the order of the parts
    std::map<NodeId, PortRef> replaced_;
    std::map<std::string, std::string> moved_; ///< nodes' names to their paths in blocks
};

} // namespace

std::size_t findBlocks(Network& network, Weights& weights) {
    return BlockMaker(network, weights).run();
}

} // namespace gradwright
