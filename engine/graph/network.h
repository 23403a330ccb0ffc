// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"
#include "engine/support/id.h"
#include "engine/support/param.h"
#include "engine/support/unknown_keys.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gradwright {

/// A layer of the catalog.
struct LayerUse {
    std::string layer; ///< key
    bool operator==(const LayerUse&) const = default;
};

inline constexpr std::int64_t kMaxRepeat = 1000;

/// An instance of a block definition, `repeat` copies of it in a row.
struct BlockUse {
    std::string block; ///< name of the definition
    std::int64_t repeat = 1;
    bool operator==(const BlockUse&) const = default;
};

struct Node {
    NodeId id;
    std::string name; ///< unique in its graph; part of the key of its weights
    std::variant<LayerUse, BlockUse> use;
    /// A layer's parameters, without those at their defaults, so that equal networks have equal
    /// nodes; a block's values for the parameters that it promotes.
    ParamValues params;
    UnknownKeys extra = {};

    bool operator==(const Node&) const = default;
    [[nodiscard]] const LayerUse* layerUse() const { return std::get_if<LayerUse>(&use); }
    [[nodiscard]] const BlockUse* blockUse() const { return std::get_if<BlockUse>(&use); }
};

/// An output port or an input port, by context.
struct PortRef {
    NodeId node;
    PortIndex port;
    auto operator<=>(const PortRef&) const = default;
};

struct Link {
    LinkId id;
    PortRef from; ///< an output port
    PortRef to;   ///< an input port; takes one link
    UnknownKeys extra = {};

    bool operator==(const Link&) const = default;
};

/// Nodes and links. Ids are never reused while the graph lives.
class Graph {
public:
    [[nodiscard]] const std::map<NodeId, Node>& nodes() const { return nodes_; }
    [[nodiscard]] const std::map<LinkId, Link>& links() const { return links_; }

    [[nodiscard]] const Node* find(NodeId id) const;
    [[nodiscard]] const Link* find(LinkId id) const;
    [[nodiscard]] const Node* findByName(std::string_view name) const;
    /// The link that enters an input port, or nullptr.
    [[nodiscard]] const Link* linkInto(PortRef input) const;
    [[nodiscard]] const std::vector<LinkId>& linksOf(NodeId node) const;

    [[nodiscard]] NodeId freshNodeId() const { return {nextNode_}; }
    [[nodiscard]] LinkId freshLinkId() const { return {nextLink_}; }
    /// `stem` with the smallest number that makes it unique: "conv1", "conv2" …
    [[nodiscard]] std::string freshName(std::string_view stem) const;

    // Unchecked: edits check first.
    void insert(Node node);
    void insert(Link link);
    void erase(NodeId id);
    void erase(LinkId id);
    Node& at(NodeId id);
    void rename(NodeId id, std::string name);

    /// Nodes and links; the counters of ids don't count.
    bool operator==(const Graph& other) const {
        return nodes_ == other.nodes_ && links_ == other.links_;
    }

private:
    std::map<NodeId, Node> nodes_;
    std::map<LinkId, Link> links_;
    std::map<std::string, NodeId, std::less<>> byName_;
    std::map<PortRef, LinkId> byInput_;
    std::map<NodeId, std::vector<LinkId>> byNode_;
    std::uint32_t nextNode_ = 1;
    std::uint32_t nextLink_ = 1;
};

/// Lets instances of a block set a parameter of a node inside it.
struct PromotedParam {
    std::string key; ///< as instances name it
    NodeId node;
    std::string param;
    UnknownKeys extra = {};
    bool operator==(const PromotedParam&) const = default;
};

/// A graph with Block input and Block output nodes, whose order by id is the order of the ports.
struct BlockDefinition {
    Graph graph;
    std::vector<PromotedParam> promoted;
    std::string doc;
    UnknownKeys extra = {};
    bool operator==(const BlockDefinition&) const = default;
};

/// What a user draws: the main graph and the blocks it may use. A plain value, without positions
/// and without weights.
struct Network {
    Graph main;
    std::map<std::string, BlockDefinition, std::less<>> blocks;
    UnknownKeys extra = {};

    bool operator==(const Network&) const = default;

    /// "" is the main graph, else a block's. Nullptr when there is no such block.
    [[nodiscard]] const Graph* findGraph(std::string_view name) const;
    /// Throws Error when there is no such block.
    [[nodiscard]] const Graph& graph(std::string_view name) const;
    [[nodiscard]] Graph& graph(std::string_view name);
};

/// Visits the main graph under the name "", then that of each block.
template <class Visit>
void forEachGraph(const Network& network, Visit visit) {
    visit(std::string_view{}, network.main);
    for (const auto& [name, block] : network.blocks)
        visit(std::string_view{name}, block.graph);
}

struct PortCounts {
    std::size_t minInputs = 0;
    std::size_t maxInputs = 0;
    std::size_t outputs = 0;
};

/// Ports of a node whose layer or block is not known are not checked, but bounded.
inline constexpr std::uint32_t kMaxUnknownPorts = 256;

/// Leaves out the parameters that are at the layer's defaults; edits and readers see to it.
void dropDefaults(Node& node);

/// How many ports a node has; nothing when its layer or block is not known.
std::optional<PortCounts> portsOf(const Network& network, const Node& node);
/// The nodes of a layer, in order of id: a block's ports, a network's outputs.
std::vector<NodeId> nodesOfLayer(const Graph& graph, std::string_view layer);

/// Why a link cannot be drawn (no such port, a port that already has a link, a cycle), or nothing.
/// Shapes are left to inference: a wrong one is a diagnostic, not a refusal.
std::optional<std::string> whyNotLink(const Network& network, std::string_view graph, PortRef from,
                                      PortRef to);
/// The same without the search for a cycle, given the ports of both nodes.
std::optional<std::string> whyNotPorts(const Graph& graph, PortRef from, PortRef to,
                                       const std::optional<PortCounts>& source,
                                       const std::optional<PortCounts>& target);
/// Why a node cannot have the name, or nothing.
std::optional<std::string> whyNotName(const Graph& graph, std::string_view name);

} // namespace gradwright
