// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/auto_layout.h"

#include "engine/graph/graph_index.h"
#include "engine/support/error.h"
#include "ui/canvas/metrics.h"

#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <set>

namespace gradwright {

namespace {

constexpr double kPointsPerInch = 72;
/// More nodes take dot longer than one waits for.
constexpr std::size_t kMostForGraphviz = 500;

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

QSizeF sizeOf(const LayoutRequest& request, NodeId id) {
    const auto found = request.sizes.find(id);
    return found == request.sizes.end() ? metrics::nodeRect().size() : found->second;
}

std::map<NodeId, Point> graphvizLayout(const LayoutRequest& request) {
    // Graphviz keeps global state.
    static std::mutex oneAtATime;
    const std::lock_guard lock(oneAtATime);

    // One for the program: Graphviz 2.42 does not free all of a context.
    static GVC_t* const context = gvContext();
    std::string name = "network";
    const std::unique_ptr<Agraph_t, CloseGraph> drawn(agopen(name.data(), Agdirected, nullptr));
    if (!context || !drawn)
        throw Error("Graphviz could not be started for the layout");
    const bool down = request.flow == Flow::Down;
    const double across = metrics::kColumnPitch - metrics::kNodeWidth;
    const double between = metrics::kRowPitch - metrics::kNodeHeight;
    set(drawn.get(), "rankdir", down ? "TB" : "LR");
    set(drawn.get(), "splines", "line");
    set(drawn.get(), "nodesep", inches(down ? across : between));
    set(drawn.get(), "ranksep", inches(down ? between : across));

    std::map<NodeId, Agnode_t*> nodes;
    for (const auto& [id, node] : request.graph.nodes()) {
        std::string key = std::to_string(id.value);
        Agnode_t* const made = agnode(drawn.get(), key.data(), 1);
        const QSizeF size = sizeOf(request, id);
        set(made, "shape", "box");
        set(made, "fixedsize", "true");
        set(made, "label", "");
        set(made, "width", inches(size.width()));
        set(made, "height", inches(size.height()));
        nodes[id] = made;
    }
    for (const auto& [id, link] : request.graph.links()) {
        std::string key = std::to_string(id.value);
        agedge(drawn.get(), nodes.at(link.from.node), nodes.at(link.to.node), key.data(), 1);
    }
    if (gvLayout(context, drawn.get(), "dot") != 0)
        throw Error("Graphviz found no layout for this network");

    std::map<NodeId, Point> positions;
    for (const auto& [id, node] : nodes) {
        // dot counts upwards and from the centre.
        const QSizeF size = sizeOf(request, id);
        positions[id] = {metrics::onGrid(ND_coord(node).x - size.width() / 2),
                         metrics::onGrid(-ND_coord(node).y - size.height() / 2)};
    }
    gvFreeLayout(context, drawn.get());
    return positions;
}

} // namespace

std::map<NodeId, Point> layeredLayout(const LayoutRequest& request, const std::stop_token& stop) {
    const std::size_t size = request.graph.nodes().size() + request.graph.links().size() / 2;
    return size > kMostForGraphviz ? sweepLayout(request, stop) : graphvizLayout(request);
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
