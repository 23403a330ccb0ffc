// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/auto_layout.h"

#include "engine/support/error.h"
#include "ui/canvas/metrics.h"

#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

namespace gradwright {

namespace {

constexpr double kPointsPerInch = 72;

struct CloseContext {
    void operator()(GVC_t* context) const { gvFreeContext(context); }
};
struct CloseGraph {
    void operator()(Agraph_t* graph) const { agclose(graph); }
};

void set(void* object, const char* name, std::string value) {
    std::string key = name;
    std::string none;
    agsafeset(object, key.data(), value.data(), none.data());
}

std::string inches(double pixels) {
    return fmt::format("{:.4f}", pixels / kPointsPerInch);
}

} // namespace

std::map<NodeId, Point> layeredLayout(const Graph& graph) {
    // Graphviz keeps global state.
    static std::mutex oneAtATime;
    const std::lock_guard lock(oneAtATime);

    const std::unique_ptr<GVC_t, CloseContext> context(gvContext());
    std::string name = "network";
    const std::unique_ptr<Agraph_t, CloseGraph> drawn(agopen(name.data(), Agdirected, nullptr));
    if (!context || !drawn)
        throw Error("Graphviz could not be started for the layout");
    set(drawn.get(), "rankdir", "TB");
    set(drawn.get(), "splines", "line");
    set(drawn.get(), "nodesep", inches(metrics::kColumnPitch - metrics::kNodeWidth));
    set(drawn.get(), "ranksep", inches(metrics::kRowPitch - metrics::kNodeHeight));

    std::map<NodeId, Agnode_t*> nodes;
    for (const auto& [id, node] : graph.nodes()) {
        std::string key = std::to_string(id.value);
        Agnode_t* const made = agnode(drawn.get(), key.data(), 1);
        set(made, "shape", "box");
        set(made, "fixedsize", "true");
        set(made, "label", "");
        set(made, "width", inches(metrics::kNodeWidth));
        set(made, "height", inches(metrics::kNodeHeight));
        nodes[id] = made;
    }
    for (const auto& [id, link] : graph.links()) {
        std::string key = std::to_string(id.value);
        agedge(drawn.get(), nodes.at(link.from.node), nodes.at(link.to.node), key.data(), 1);
    }
    if (gvLayout(context.get(), drawn.get(), "dot") != 0)
        throw Error("Graphviz found no layout for this network");

    std::map<NodeId, Point> positions;
    for (const auto& [id, node] : nodes) {
        // dot counts upwards and from the centre.
        positions[id] = {metrics::onGrid(ND_coord(node).x - metrics::kNodeWidth / 2),
                         metrics::onGrid(-ND_coord(node).y - metrics::kNodeHeight / 2)};
    }
    gvFreeLayout(context.get(), drawn.get());
    return positions;
}

std::map<NodeId, Point> stackedLayout(const Graph& graph, const std::map<NodeId, Point>& placed) {
    double x = 0;
    double y = 0;
    for (const auto& [id, point] : placed) {
        x = std::max(x, point.x + metrics::kColumnPitch);
        y = std::min(y, point.y);
    }
    std::vector<NodeId> order = topologicalOrder(graph);
    for (const auto& [id, node] : graph.nodes())
        if (std::ranges::find(order, id) == order.end())
            order.push_back(id);
    std::map<NodeId, Point> positions;
    for (const NodeId id : order) {
        if (placed.contains(id))
            continue;
        positions[id] = {x, y};
        y += metrics::kRowPitch;
    }
    return positions;
}

} // namespace gradwright
