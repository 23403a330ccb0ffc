// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/auto_layout.h"

#include "engine/graph/graph_index.h"
#include "ui/canvas/folds.h"
#include "ui/canvas/layered_graph.h"
#include "ui/canvas/metrics.h"

#include <algorithm>
#include <set>

namespace gradwright {

namespace {

/// Where each rank begins along the flow.
struct Ranks {
    std::vector<double> start;
    std::vector<double> depth;

    Ranks(const LayeredGraph& part, Flow flow)
        : start(part.ranks.size())
        , depth(part.ranks.size(),
                flow == Flow::Down ? metrics::kNodeHeight : metrics::kNodeWidth) {
        const double gap = flow == Flow::Down ? metrics::kRowPitch - metrics::kNodeHeight
                                              : metrics::kColumnPitch - metrics::kNodeWidth;
        for (const auto& slot : part.slots)
            depth[slot.rank] = std::max(depth[slot.rank], slot.depth);
        for (std::size_t i = 1; i < start.size(); ++i)
            start[i] = start[i - 1] + depth[i - 1] + gap;
    }
};

} // namespace

std::map<NodeId, Point> layeredLayout(const LayoutRequest& request, const std::stop_token& stop) {
    const bool down = request.flow == Flow::Down;
    const double gap = down ? metrics::kColumnPitch - metrics::kNodeWidth
                            : metrics::kRowPitch - metrics::kNodeHeight;
    std::map<NodeId, Point> positions;
    double end = 0; // of the parts so far, across the flow
    for (LayeredGraph& part : layeredParts(request)) {
        orderRanks(part, stop);
        placeSlots(part, stop);
        const Ranks ranks(part, request.flow);
        const Folds folds(part, ranks.start, ranks.depth,
                          down ? request.page : request.page.transposed());
        // The first part keeps its main line where it lies, at 0.
        const double shift = positions.empty() ? 0 : end - folds.left();
        end = shift + folds.right();
        for (const auto& slot : part.slots) {
            if (!slot.isNode())
                continue;
            const Folds::Section& section = folds.sectionOf(slot.rank);
            const double across =
                metrics::onGrid(shift + section.shift + slot.middle - (slot.breadth - gap) / 2);
            const double along =
                metrics::onGrid(ranks.start[slot.rank] - ranks.start[section.firstRank] +
                                (ranks.depth[slot.rank] - slot.depth) / 2);
            positions[slot.node] = down ? Point{across, along} : Point{along, across};
        }
    }
    return positions;
}

std::map<NodeId, Point> stackedLayout(const Graph& graph, const std::map<NodeId, Point>& placed,
                                      Flow flow) {
    const bool down = flow == Flow::Down;
    double x = 0;
    double y = 0;
    for (const auto& [id, point] : placed) {
        x = down ? std::max(x, point.x + metrics::kColumnPitch) : std::min(x, point.x);
        y = down ? std::min(y, point.y) : std::max(y, point.y + metrics::kRowPitch);
    }
    std::vector<NodeId> order = topologicalOrder(graph);
    const std::set<NodeId> ordered(order.begin(), order.end());
    for (const auto& [id, node] : graph.nodes())
        if (!ordered.contains(id))
            order.push_back(id);
    std::map<NodeId, Point> positions;
    for (const NodeId id : order) {
        if (placed.contains(id))
            continue;
        positions[id] = {x, y};
        (down ? y : x) += down ? metrics::kRowPitch : metrics::kColumnPitch;
    }
    return positions;
}

} // namespace gradwright
