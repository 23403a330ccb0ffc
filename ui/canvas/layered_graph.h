// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/auto_layout.h"

#include <cstddef>
#include <stop_token>
#include <vector>

// The steps of the layered layout (Sugiyama, Tagawa, Toda 1981): ranks, order within them, places.
namespace gradwright {

/// A part of a graph that hangs together, in ranks: each link leads from one rank to the next.
struct LayeredGraph {
    /// The end of a link at another slot.
    struct End {
        std::size_t slot = 0;
        double share = 0.5; ///< where along that slot's side the link ends, from 0 to 1
        double own = 0.5;   ///< the same at the slot that has this end
    };

    /// A node, or the room that a link takes in a rank which it passes.
    struct Slot {
        NodeId node{0}; ///< 0 where a link passes
        std::size_t rank = 0;
        std::size_t place = 0; ///< within the rank
        double breadth = 0;    ///< across the flow, with the gap to the next slot
        double depth = 0;      ///< along the flow
        double middle = 0;     ///< across the flow
        std::vector<End> before;
        std::vector<End> after;
        [[nodiscard]] bool isNode() const { return node.value != 0; }
    };

    std::vector<Slot> slots;
    std::vector<std::vector<std::size_t>> ranks; ///< slots in their order across the flow

    /// Takes over an order of the slots of a rank.
    void setOrder(std::size_t rank, std::vector<std::size_t> order);
};

/// Each connected part of the graph, that of the lowest id first. Links that close a cycle are
/// treated as if they led the other way.
std::vector<LayeredGraph> layeredParts(const LayoutRequest& request);

/// How often links cross between neighbouring ranks. Two links at the same port do not cross.
std::size_t crossings(const LayeredGraph& graph);

/// Orders the ranks so that few links cross: sweeps by the mean place of the neighbours, and
/// exchanges of neighbours, from which the best order is kept.
void orderRanks(LayeredGraph& graph, const std::stop_token& stop);

/// Sets `middle` of all slots. The path with the most nodes becomes straight, then what else can;
/// the rest lies as near to its neighbours as their order and breadth allow.
void placeSlots(LayeredGraph& graph, const std::stop_token& stop);

} // namespace gradwright
