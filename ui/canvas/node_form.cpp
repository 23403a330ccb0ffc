// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/node_form.h"

#include "engine/layers/catalog.h"
#include "ui/canvas/auto_layout.h"
#include "ui/canvas/link_route.h"
#include "ui/theme/text.h"
#include "ui/theme/theme.h"

#include <QTransform>

#include <algorithm>

namespace gradwright {

namespace {

// The picture of what is in a block.
constexpr double kPreviewScale = 0.5;
constexpr QSizeF kPreviewMost{420, 560};
constexpr double kPreviewMargin = 14;

/// Layers that take several inputs show one port more than are linked, up to what they take.
std::size_t inputsShown(const Graph& graph, const Node& node, const PortCounts& ports) {
    if (ports.maxInputs <= ports.minInputs)
        return ports.minInputs;
    std::size_t used = 0;
    for (const LinkId id : graph.linksOf(node.id)) {
        const Link& link = *graph.find(id);
        if (link.to.node == node.id)
            used = std::max(used, link.to.port.index() + 1);
    }
    return std::clamp(used + (ports.maxInputs > ports.minInputs ? 1 : 0), ports.minInputs,
                      std::max(ports.minInputs, ports.maxInputs));
}

/// The nodes of the block where they stand in it, made smaller.
void addPreview(NodeForm& form, const Project& project, const Node& node) {
    const BlockUse* const use = node.blockUse();
    const auto block =
        use != nullptr ? project.network.blocks.find(use->block) : project.network.blocks.end();
    if (block == project.network.blocks.end() || block->second.graph.nodes().empty())
        return;
    const Graph& graph = block->second.graph;
    std::map<NodeId, Point> at;
    if (const auto placed = project.canvas.positions.find(use->block);
        placed != project.canvas.positions.end())
        at = placed->second;
    at.merge(stackedLayout(graph, at));
    QRectF content;
    for (const auto& [id, inner] : graph.nodes())
        content |= metrics::nodeRect().translated(at[id].x, at[id].y);
    const double scale = std::min({kPreviewScale, kPreviewMost.width() / content.width(),
                                   kPreviewMost.height() / content.height()});
    form.size = {std::max(metrics::kNodeWidth, content.width() * scale + 2 * kPreviewMargin),
                 metrics::kNodeHeight + content.height() * scale + kPreviewMargin};
    QTransform shrink;
    shrink.translate((form.size.width() - content.width() * scale) / 2, metrics::kNodeHeight);
    shrink.scale(scale, scale);
    shrink.translate(-content.x(), -content.y());
    for (const auto& [id, inner] : graph.nodes()) {
        const LayerDef* const layer = layerOf(inner);
        form.preview.parts.push_back(
            {shrink.mapRect(metrics::nodeRect().translated(at[id].x, at[id].y)), titleOf(inner),
             iconOf(inner), layer != nullptr ? layer->category : Category::Shape});
    }
    const bool down = project.canvas.flow == Flow::Down;
    for (const auto& [id, link] : graph.links()) {
        const QRectF from =
            metrics::nodeRect().translated(at[link.from.node].x, at[link.from.node].y);
        const QRectF to = metrics::nodeRect().translated(at[link.to.node].x, at[link.to.node].y);
        const QPointF start = down ? QPointF(from.center().x(), from.bottom())
                                   : QPointF(from.right(), from.center().y());
        const QPointF end =
            down ? QPointF(to.center().x(), to.top()) : QPointF(to.left(), to.center().y());
        form.preview.wires.push_back(shrink.map(routeLink(start, end, {}, project.canvas.flow)));
    }
}

} // namespace

const LayerDef* layerOf(const Node& node) {
    const LayerUse* const use = node.layerUse();
    return use != nullptr ? findLayer(use->layer) : nullptr;
}

QString iconOf(const Node& node) {
    if (node.blockUse() != nullptr)
        return QStringLiteral("block");
    const LayerDef* const layer = layerOf(node);
    if (layer == nullptr)
        return {};
    return layer->hasOutput ? iconOf(layer->category) : QStringLiteral("output");
}

QString titleOf(const Node& node) {
    if (const BlockUse* const block = node.blockUse()) {
        const QString title = qstr(block->block);
        return block->repeat > 1 ? title + QStringLiteral(" × %1").arg(block->repeat) : title;
    }
    const LayerDef* const layer = layerOf(node);
    return layer != nullptr ? qstr(labelOf(*layer, node.params)) : qstr(node.layerUse()->layer);
}

NodeForm formOf(const Project& project, const std::string& graph, NodeId id) {
    NodeForm form;
    const Graph* const shown = project.network.findGraph(graph);
    const Node* const node = shown != nullptr ? shown->find(id) : nullptr;
    if (node == nullptr)
        return form;
    if (const auto ports = portsOf(project.network, *node)) {
        form.inputs = inputsShown(*shown, *node, *ports);
        form.outputs = ports->outputs;
    }
    const auto expanded = project.canvas.expanded.find(graph);
    if (expanded != project.canvas.expanded.end() && expanded->second.contains(id))
        addPreview(form, project, *node);
    return form;
}

} // namespace gradwright
