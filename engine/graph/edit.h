// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

namespace gradwright {

// Each names its graph: "" is the main one, else a block.

struct AddNode {
    std::string graph;
    Node node;
};
/// The node must have no links left.
struct RemoveNode {
    std::string graph;
    NodeId node;
};
struct AddLink {
    std::string graph;
    Link link;
};
struct RemoveLink {
    std::string graph;
    LinkId link;
};
/// No value brings back the default.
struct SetParam {
    std::string graph;
    NodeId node;
    std::string param;
    std::optional<ParamValue> value;
};
struct RenameNode {
    std::string graph;
    NodeId node;
    std::string name;
};
struct SetRepeat {
    std::string graph;
    NodeId node;
    std::int64_t repeat;
};
struct AddBlock {
    std::string name;
    BlockDefinition definition;
};
/// No instance may be left.
struct RemoveBlock {
    std::string name;
};
struct SetPromoted {
    std::string block;
    std::vector<PromotedParam> promoted;
};

/// A change of a network; a group is done and undone as one.
struct NetworkEdit {
    using Group = std::vector<NetworkEdit>;
    std::variant<AddNode, RemoveNode, AddLink, RemoveLink, SetParam, RenameNode, SetRepeat,
                 AddBlock, RemoveBlock, SetPromoted, Group>
        change;
};

/// Makes the change and returns its inverse. Throws Error with the reason when the change does not
/// fit (no such node, a name taken, a link refused, a value out of range); the network is then as
/// before.
NetworkEdit apply(Network& network, const NetworkEdit& edit);

// Edits made of several.

/// Removes nodes with their links.
NetworkEdit removeNodes(const Network& network, std::string_view graph,
                        const std::vector<NodeId>& nodes);
/// Puts a new node of one input and one output into a link: a → b becomes a → new → b.
NetworkEdit insertIntoLink(const Network& network, std::string_view graph, LinkId link, Node node);

} // namespace gradwright
