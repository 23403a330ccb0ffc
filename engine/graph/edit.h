// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"
#include "engine/support/variant_place.h"

namespace gradwright {

// Each names its graph: "" is the main one, else a block.

/// A Block input or Block output (which are the ports of the block's instances) is added and
/// removed only where no instance has a link at that port or a later one, which would move.
struct AddNode {
    std::string graph;
    Node node;
};
/// The node must have no links left, and no block may promote its parameters.
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
    /// Set in inverses: a value that a file brought in may come back though it breaks its rule.
    bool unchecked = false;
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
/// No instance may name it yet, as those of a block whose definition is missing do.
struct AddBlock {
    std::string name;
    BlockDefinition definition;
};
/// No instance may be left.
struct RemoveBlock {
    std::string name;
};
/// Also in every instance. No instance may have the new name, as those of a block whose definition
/// is missing do.
struct RenameBlock {
    std::string from;
    std::string to;
};
/// Every node is one of the block's and each of its parameters is promoted once at most; one key
/// may set several.
struct SetPromoted {
    std::string block;
    std::vector<PromotedParam> promoted;
};

struct NetworkEdit;
using AnyNetworkChange =
    std::variant<AddNode, RemoveNode, AddLink, RemoveLink, SetParam, RenameNode, SetRepeat,
                 AddBlock, RemoveBlock, RenameBlock, SetPromoted, std::vector<NetworkEdit>>;

/// What a NetworkEdit does: a std::variant, read with std::visit and std::get_if.
class NetworkChange : public AnyNetworkChange {
public:
    NetworkChange();
    template <AlternativeOf<AnyNetworkChange> Change>
    NetworkChange(Change change) // NOLINT(google-explicit-constructor): as std::variant
        : NetworkChange() {
        take(kPlaceIn<Change, AnyNetworkChange>, &change);
    }
    NetworkChange(const NetworkChange& other);
    NetworkChange(NetworkChange&& other) noexcept;
    NetworkChange& operator=(const NetworkChange& other);
    NetworkChange& operator=(NetworkChange&& other) noexcept;
    ~NetworkChange();

private:
    void take(std::size_t place, void* change);
};

/// A change of a network; a group is done and undone as one.
struct NetworkEdit {
    using Group = std::vector<NetworkEdit>;
    NetworkChange change;
};

/// Makes the change and returns its inverse. Throws Error with the reason when the change does not
/// fit (no such node, a name taken, a link refused, a value out of range); the network is then as
/// before.
NetworkEdit apply(Network& network, const NetworkEdit& edit);

// Edits made of several.

/// Removes nodes with their links and the promotion of their parameters.
NetworkEdit removeNodes(const Network& network, std::string_view graph,
                        const std::vector<NodeId>& nodes);
/// Puts a new node of one input and one output into a link: a → b becomes a → new → b.
NetworkEdit insertIntoLink(const Network& network, std::string_view graph, LinkId link, Node node);

} // namespace gradwright
