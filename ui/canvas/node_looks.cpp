// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/node_looks.h"

#include "engine/layers/catalog.h"
#include "ui/theme/text.h"

#include <QCoreApplication>

#include <algorithm>

namespace gradwright {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("NodeLooks", text);
}

/// Layers that take several inputs show one port more than are linked, up to what they take.
std::size_t inputsShown(const Graph& graph, const Node& node, const PortCounts& ports) {
    std::size_t used = 0;
    for (const LinkId id : graph.linksOf(node.id)) {
        const Link& link = *graph.find(id);
        if (link.to.node == node.id)
            used = std::max(used, link.to.port.index() + 1);
    }
    return std::clamp(used + (ports.maxInputs > ports.minInputs ? 1 : 0), ports.minInputs,
                      std::max(ports.minInputs, ports.maxInputs));
}

} // namespace

NodeLooks::NodeLooks(const Network& network, const Analysis& analysis)
    : network_(&network) {
    std::map<std::string, NodeId, std::less<>> byName;
    for (const auto& [id, node] : network.main.nodes())
        byName.emplace(node.name, id);
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const std::string& path = analysis.flat.nodes[i].path;
        const auto owner = byName.find(std::string_view(path).substr(0, path.find('/')));
        if (owner == byName.end())
            continue;
        Found& found = found_[owner->second];
        const NodeAnalysis& node = analysis.nodes[i];
        // The last layer of a block is what leaves it.
        found.state = node.state;
        found.output = node.output;
        found.parameters += node.parameters;
        found.macs += node.macs;
    }
    for (const Diagnostic& diagnostic : analysis.diagnostics) {
        const Place& place = diagnostic.place;
        if (!place.graph.empty() || !place.node || diagnostic.severity != Severity::Error)
            continue;
        Found& found = found_[*place.node];
        if (found.errors++ == 0)
            found.problem = qstr(diagnostic.message);
    }
}

NodeLook NodeLooks::node(NodeId id) const {
    const Node& node = *network_->main.find(id);
    NodeLook look;
    look.name = qstr(node.name);
    if (const LayerUse* const use = node.layerUse()) {
        if (const LayerDef* const layer = findLayer(use->layer))
            describeLayer(look, *layer, node);
        else
            look.title = qstr(use->layer);
    } else {
        const BlockUse& block = *node.blockUse();
        look.title = qstr(block.block);
        if (block.repeat > 1)
            look.title += QStringLiteral(" × %1").arg(block.repeat);
        look.icon = QStringLiteral("block");
        look.category = Category::Shape;
    }
    if (const auto ports = portsOf(*network_, node)) {
        look.inputs = inputsShown(network_->main, node, *ports);
        look.outputs = ports->outputs;
    }
    const auto at = found_.find(id);
    const Found found = at == found_.end() ? Found{} : at->second;
    if (found.errors > 0) {
        look.state = NodeLook::State::Error;
        look.line = found.errors == 1 ? tr("Cannot run: 1 error")
                                      : tr("Cannot run: %1 errors").arg(found.errors);
        look.toolTip = found.problem;
    } else if (found.state != ShapeState::Known) {
        look.state = NodeLook::State::Pending;
        look.line = tr("Shape not known yet");
    } else if (found.parameters > 0) {
        look.line = tr("%1 params").arg(shortNumber(found.parameters));
        if (found.macs > 0)
            look.right = tr("%1 MACs").arg(shortNumber(found.macs));
    } else {
        look.line = tr("Output %1").arg(qstr(toString(found.output)));
        if (look.outputs == 0)
            look.line = tr("Takes %1").arg(qstr(toString(found.output)));
    }
    return look;
}

void NodeLooks::describeLayer(NodeLook& look, const LayerDef& layer, const Node& node) const {
    look.title = qstr(labelOf(layer, node.params));
    look.category = layer.category;
    look.icon = layer.hasOutput ? iconOf(layer.category) : QStringLiteral("output");
    look.toolTip = qstr(layer.doc);
}

LinkLook NodeLooks::link(LinkId id) const {
    const Link& link = *network_->main.find(id);
    const auto source = found_.find(link.from.node);
    if (source == found_.end() || source->second.state != ShapeState::Known)
        return {LinkState::Pending, QStringLiteral("?")};
    const auto target = found_.find(link.to.node);
    const bool refused =
        target != found_.end() && target->second.state == ShapeState::Contradiction;
    return {refused ? LinkState::Incompatible : LinkState::Valid,
            qstr(toString(source->second.output))};
}

} // namespace gradwright
