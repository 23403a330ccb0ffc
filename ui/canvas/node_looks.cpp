// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/node_looks.h"

#include "engine/graph/freeze.h"
#include "engine/layers/catalog.h"
#include "ui/canvas/node_form.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme.h"

#include <QCoreApplication>

#include <algorithm>

namespace gradwright {

namespace {

QString looksText(const char* text) {
    return QCoreApplication::translate("NodeLooks", text);
}

} // namespace

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

void NodeLooks::setOverlay(const CanvasOverlay* overlay) {
    overlay_ = overlay;
    ++revision_;
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
        if (instance == nullptr && !node.further.empty())
            for (std::uint32_t port = 0; port <= node.further.size(); ++port)
                found.ports[NodeId{port}] = {node.state, node.outputAt(port)};
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
    return formOf(*project_, scope_->graph, id);
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
    look.isFrozen = countFrozen(project_->network, scope_->graph, id).isFrozen();
    if (look.isFrozen)
        look.toolTip +=
            QStringLiteral("\n") + looksText("Frozen: training leaves its weights alone.");
    if (const auto shown = overlay_ != nullptr ? overlay_->node(id) : std::nullopt) {
        look.line = shown->line;
        look.right = shown->right;
        look.fill = shown->fill;
        look.share = 0;
    }
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
    look.title = look.shortTitle = titleOf(node);
    look.icon = iconOf(node);
    look.category = categoryOf(node.id);
    look.isBlock = node.blockUse() != nullptr;
    if (const LayerDef* const layer = layerOf(node)) {
        look.shortTitle = qstr(layer->title);
        look.toolTip = qstr(layer->doc);
    } else if (look.isBlock) {
        const auto block = project_->network.blocks.find(node.blockUse()->block);
        look.toolTip = looksText("A block; double-click to go in.");
        if (block != project_->network.blocks.end() && !block->second.doc.empty())
            look.toolTip = qstr(block->second.doc) + u'\n' + look.toolTip;
    }
}

/// What an output carries; the outputs of a block differ.
NodeLooks::Carried NodeLooks::leaving(PortRef port) const {
    const Found* const found = foundOf(port.node);
    if (found == nullptr)
        return {};
    std::size_t index = 0;
    for (const auto& [node, output] : found->ports) // in the order of ports
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
    LinkLook look{refused ? LinkState::Incompatible : LinkState::Valid, qstr(toString(*shape))};
    if (const auto shown = overlay_ != nullptr ? overlay_->link(id) : std::nullopt) {
        look.text = shown->text;
        look.color = shown->color;
    }
    return look;
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
    const QString carried =
        looksText("%1, %2 per sample")
            .arg(qstr(toString(*shape)),
                 countedText(shape->elements(), looksText("1 value"), looksText("%1 values")));
    const Found* const target = foundOf(link->to.node);
    const bool refused = target != nullptr && target->state == ShapeState::Contradiction;
    return ends + carried +
           (refused && !target->problem.isEmpty() ? u'\n' + target->problem : QString());
}

} // namespace gradwright
