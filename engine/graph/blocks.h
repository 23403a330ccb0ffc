// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/edit.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Making and dissolving blocks, as edits.
namespace gradwright {

/// Why these nodes cannot become a block, or nothing.
std::optional<std::string> whyNotGroup(const Network& network, std::string_view graph,
                                       const std::vector<NodeId>& nodes);

struct Grouping {
    NetworkEdit edit;
    NodeId instance;            ///< stands where the nodes stood
    std::vector<NodeId> inputs; ///< Block inputs and outputs in the new definition
    std::vector<NodeId> outputs;
};
/// Moves nodes with the links among them, under their ids, into a new block and puts an instance
/// in their place. Inputs that must be linked and are not become ports of the block. Throws Error
/// where whyNotGroup() has a reason.
Grouping groupNodes(const Network& network, std::string_view graph,
                    const std::vector<NodeId>& nodes, const std::string& block);

struct Ungrouping {
    struct Copy {
        NodeId node;             ///< in the graph of the instance
        NodeId inner;            ///< in the block
        std::int64_t repetition; ///< from 1
    };
    NetworkEdit edit;
    std::vector<Copy> copies;
    bool lastUse = false; ///< the definition goes as well
};
/// Puts copies of the nodes within a block in the place of its instance, one for each repetition,
/// with the values that the instance sets. Throws Error when the node is no instance.
Ungrouping ungroupNode(const Network& network, std::string_view graph, NodeId instance);

/// A stem for the names of a block's instances: "Residual unit" gives "residual_unit".
std::string instanceStem(std::string_view block);
/// `stem`, or else with the smallest number that makes it unique.
std::string freshBlockName(const Network& network, std::string_view stem);
/// How many instances of the block there are.
std::size_t usesOf(const Network& network, std::string_view block);
/// Whether `block` is `within` or contains it at any depth.
bool contains(const Network& network, std::string_view block, std::string_view within);

/// A parameter of a layer that instances of a block set under its key.
struct Promotion {
    const ParamSpec* spec = nullptr;
    ParamValue value; ///< when an instance sets none
};
/// Nothing when the block does not promote the key, or promotes what this version does not know.
std::optional<Promotion> promotionOf(const Network& network, std::string_view block,
                                     std::string_view key);
/// Lets instances set the parameter, under its own key or one made unique by the node's name.
NetworkEdit promote(const Network& network, const std::string& block, NodeId node,
                    const std::string& param);
/// Takes that back; what instances set under the key goes with its last target.
NetworkEdit demote(const Network& network, const std::string& block, NodeId node,
                   const std::string& param);

} // namespace gradwright
