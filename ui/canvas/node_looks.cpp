// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/node_looks.h"

#include "engine/layers/catalog.h"
#include "ui/canvas/auto_layout.h"
#include "ui/canvas/link_route.h"
#include "ui/theme/text.h"
#include "ui/theme/theme.h"

#include <QCoreApplication>

#include <algorithm>

namespace gradwright {

namespace {

QString looksText(const char* text) {
    return QCoreApplication::translate("NodeLooks", text);
}

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

const LayerDef* layerOf(const Node& node) {
    const LayerUse* const use = node.layerUse();
    return use != nullptr ? findLayer(use->layer) : nullptr;
}

// The picture of what is in a block.
constexpr double kPreviewScale = 0.5;
constexpr QSizeF kPreviewMost{420, 560};
constexpr double kPreviewMargin = 14;

} // namespace

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

NodeLooks::NodeLooks(const Project& project, const GraphScope& scope)
    : project_(&project)
    , scope_(&scope) {}

/// Null while the graph that was shown has gone and the next is not shown yet.
const Graph* NodeLooks::graph() const {
    return project_->network.findGraph(scope_->graph);
}

const Node* NodeLooks::nodeOf(NodeId id) const {
    const Graph* const shown = graph();
    return shown == nullptr ? nullptr : shown->find(id);
}

void NodeLooks::take(const Analysis& analysis) {
    ++revision_;
    ids_.clear();
    found_.clear();
    totalMacs_ = 0;
    if (graph() == nullptr)
        return;
    ids_.reserve(graph()->nodes().size());
    for (const auto& [id, node] : graph()->nodes())
        ids_.push_back(id);
    found_.resize(ids_.size());
    takeNodes(analysis);
    takeDiagnostics(analysis);
}

void NodeLooks::takeNodes(const Analysis& analysis) {
    const Graph& shown = *graph();
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const std::string_view path = analysis.flat.nodes[i].path;
        if (!path.starts_with(scope_->prefix))
            continue;
        const std::string_view within = path.substr(scope_->prefix.size());
        const FlatNode& flat = analysis.flat.nodes[i];
        const std::size_t slash = within.find('/');
        const Node* const instance =
            slash == std::string_view::npos ? nullptr : shown.findByName(within.substr(0, slash));
        if (slash != std::string_view::npos && instance == nullptr)
            continue;
        const std::optional<std::size_t> place =
            placeOf(instance != nullptr ? instance->id : flat.node);
        if (!place)
            continue;
        Found& found = found_[*place];
        const NodeAnalysis& node = analysis.nodes[i];
        // The last layer of a block is what leaves it.
        found.state = node.state;
        if (instance == nullptr && flat.layer != nullptr)
            found.category = flat.layer->category;
        found.output = node.output;
        if (const BlockUse* const use = instance != nullptr ? instance->blockUse() : nullptr;
            use != nullptr && flat.graph == use->block && flat.layer != nullptr &&
            flat.layer->key == "block-output")
            found.ports[flat.node] = {node.state, node.output};
        found.parameters += node.parameters;
        found.macs += node.macs;
        totalMacs_ += node.macs;
    }
}

void NodeLooks::takeDiagnostics(const Analysis& analysis) {
    const Graph& shown = *graph();
    for (const Diagnostic& diagnostic : analysis.diagnostics) {
        const Place& place = diagnostic.place;
        std::optional<NodeId> owner;
        const std::string_view path = place.path;
        if (place.graph == scope_->graph) {
            owner = place.node;
        } else if (path.starts_with(scope_->prefix)) { // within a block that is drawn here
            const std::string_view within = path.substr(scope_->prefix.size());
            if (const Node* const node = shown.findByName(within.substr(0, within.find('/'))))
                owner = node->id;
        }
        const std::optional<std::size_t> owned = owner ? placeOf(*owner) : std::nullopt;
        if (!owned || diagnostic.severity == Severity::Info)
            continue;
        Found& found = found_[*owned];
        const bool first = found.errors == 0;
        if (diagnostic.severity == Severity::Warning)
            ++found.warnings;
        else
            ++found.errors;
        if (found.problem.isEmpty() || (first && diagnostic.severity == Severity::Error))
            found.problem = qstr(diagnostic.message);
    }
}

std::optional<std::size_t> NodeLooks::placeOf(NodeId id) const {
    const auto place = std::ranges::lower_bound(ids_, id);
    if (place == ids_.end() || *place != id)
        return {};
    return static_cast<std::size_t>(place - ids_.begin());
}

const NodeLooks::Found* NodeLooks::foundOf(NodeId id) const {
    const std::optional<std::size_t> place = placeOf(id);
    return place ? &found_[*place] : nullptr;
}

NodeForm NodeLooks::form(NodeId id) const {
    NodeForm form;
    const Node* const node = nodeOf(id);
    if (node == nullptr)
        return form;
    if (const auto ports = portsOf(project_->network, *node)) {
        form.inputs = inputsShown(*graph(), *node, *ports);
        form.outputs = ports->outputs;
    }
    const auto expanded = project_->canvas.expanded.find(scope_->graph);
    if (expanded != project_->canvas.expanded.end() && expanded->second.contains(id))
        preview(form, *node);
    return form;
}

NodeLook NodeLooks::node(NodeId id) const {
    NodeLook look;
    const Node* const node = nodeOf(id);
    if (node == nullptr)
        return look;
    look.name = qstr(node->name);
    describe(look, *node);
    static const Found nothing;
    const Found* const known = foundOf(id);
    const Found& found = known == nullptr ? nothing : *known;
    look.warnings = found.warnings;
    if (!found.problem.isEmpty())
        look.toolTip = found.problem;
    if (totalMacs_ > 0)
        look.share = static_cast<double>(found.macs) / static_cast<double>(totalMacs_);
    writeLines(look, *node, found);
    return look;
}

Category NodeLooks::categoryOf(NodeId id) const {
    const Found* const found = foundOf(id);
    return found != nullptr ? found->category : Category::Shape;
}

bool NodeLooks::isWrong(NodeId id) const {
    const Found* const found = foundOf(id);
    return found != nullptr && found->errors > 0;
}

void NodeLooks::writeLines(NodeLook& look, const Node& node, const Found& found) const {
    if (found.errors > 0) {
        look.state = NodeLook::State::Error;
        look.line = found.errors == 1 ? looksText("Cannot run: 1 error")
                                      : looksText("Cannot run: %1 errors").arg(found.errors);
    } else if (found.state != ShapeState::Known) {
        look.state = NodeLook::State::Pending;
        look.line = looksText("Shape not known yet");
    } else if (found.parameters > 0) {
        look.line = looksText("%1 params").arg(shortNumber(found.parameters));
        if (found.macs > 0)
            look.right = looksText("%1 MACs").arg(shortNumber(found.macs));
    } else {
        look.line = looksText("Output %1").arg(qstr(toString(found.output)));
        if (const auto ports = portsOf(project_->network, node); ports && ports->outputs == 0)
            look.line = looksText("Takes %1").arg(qstr(toString(found.output)));
    }
}

void NodeLooks::describe(NodeLook& look, const Node& node) const {
    look.title = titleOf(node);
    look.icon = iconOf(node);
    look.category = categoryOf(node.id);
    look.isBlock = node.blockUse() != nullptr;
    if (const LayerDef* const layer = layerOf(node)) {
        look.toolTip = qstr(layer->doc);
    } else if (look.isBlock) {
        const auto block = project_->network.blocks.find(node.blockUse()->block);
        look.toolTip = looksText("A block; double-click to go in.");
        if (block != project_->network.blocks.end() && !block->second.doc.empty())
            look.toolTip = qstr(block->second.doc) + u'\n' + look.toolTip;
    }
}

/// The nodes of the block where they stand in it, made smaller.
void NodeLooks::preview(NodeForm& form, const Node& node) const {
    const BlockUse* const use = node.blockUse();
    const auto block =
        use != nullptr ? project_->network.blocks.find(use->block) : project_->network.blocks.end();
    if (block == project_->network.blocks.end() || block->second.graph.nodes().empty())
        return;
    const Graph& graph = block->second.graph;
    std::map<NodeId, Point> at;
    if (const auto placed = project_->canvas.positions.find(use->block);
        placed != project_->canvas.positions.end())
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
    const bool down = project_->canvas.flow == Flow::Down;
    for (const auto& [id, link] : graph.links()) {
        const QRectF from =
            metrics::nodeRect().translated(at[link.from.node].x, at[link.from.node].y);
        const QRectF to = metrics::nodeRect().translated(at[link.to.node].x, at[link.to.node].y);
        const QPointF start = down ? QPointF(from.center().x(), from.bottom())
                                   : QPointF(from.right(), from.center().y());
        const QPointF end =
            down ? QPointF(to.center().x(), to.top()) : QPointF(to.left(), to.center().y());
        form.preview.wires.push_back(shrink.map(routeLink(start, end, {}, project_->canvas.flow)));
    }
}

/// What an output carries; the outputs of a block differ.
NodeLooks::Carried NodeLooks::leaving(PortRef port) const {
    const Found* const found = foundOf(port.node);
    if (found == nullptr)
        return {};
    std::size_t index = 0;
    for (const auto& [node, output] : found->ports) // in the order of ids, as ports are
        if (index++ == port.port.index())
            return {output.first, &output.second};
    return {found->state, &found->output};
}

LinkLook NodeLooks::link(LinkId id) const {
    const Link* const link = graph() == nullptr ? nullptr : graph()->find(id);
    if (link == nullptr)
        return {};
    const auto [state, shape] = leaving(link->from);
    if (state != ShapeState::Known)
        return {LinkState::Pending, QStringLiteral("?")};
    const Found* const target = foundOf(link->to.node);
    const bool refused = target != nullptr && target->state == ShapeState::Contradiction;
    return {refused ? LinkState::Incompatible : LinkState::Valid, qstr(toString(*shape))};
}

QString NodeLooks::tipOf(LinkId id) const {
    const Graph* const shown = graph();
    const Link* const link = shown == nullptr ? nullptr : shown->find(id);
    if (link == nullptr)
        return {};
    const QString ends = qstr(shown->find(link->from.node)->name) + QStringLiteral(" → ") +
                         qstr(shown->find(link->to.node)->name) + u'\n';
    const auto [state, shape] = leaving(link->from);
    if (state != ShapeState::Known)
        return ends + looksText("The shape is not known yet.");
    const QString carried = looksText("%1, %2 values a sample")
                                .arg(qstr(toString(*shape)), fullNumber(shape->elements()));
    const Found* const target = foundOf(link->to.node);
    const bool refused = target != nullptr && target->state == ShapeState::Contradiction;
    return ends + carried +
           (refused && !target->problem.isEmpty() ? u'\n' + target->problem : QString());
}

} // namespace gradwright
