// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/layer_commands.h"

#include "engine/graph/blocks.h"
#include "engine/graph/freeze.h"
#include "engine/layers/catalog.h"
#include "engine/project/rename_node.h"
#include "ui/canvas/callout_item.h"
#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_edits.h"
#include "ui/canvas/canvas_text.h"
#include "ui/theme/text.h"

#include <algorithm>
#include <span>
#include <vector>

namespace gradwright {

namespace {

/// The selected node, when a new one can follow it: it feeds nothing yet.
std::optional<NodeId> openEnd(const CanvasContext& canvas) {
    const std::vector<NodeId> selected = canvas.selection().nodes();
    if (selected.size() != 1 || canvas.items().node(selected.front())->form().outputs == 0)
        return {};
    const bool feeds =
        std::ranges::any_of(canvas.graph().linksOf(selected.front()), [&](LinkId id) {
            return canvas.graph().find(id)->from.node == selected.front();
        });
    return feeds ? std::nullopt : std::optional(selected.front());
}

/// Behind the selected node, or below all others.
Point placeForNew(const CanvasContext& canvas) {
    const std::vector<NodeId> selected = canvas.selection().nodes();
    const bool down = canvas.flow() == Flow::Down;
    QPointF corner;
    if (selected.size() == 1) {
        const QRectF box = canvas.items().node(selected.front())->sceneRect();
        corner =
            down ? QPointF(box.left(), box.bottom() + metrics::kRowPitch - metrics::kNodeHeight)
                 : QPointF(box.right() + metrics::kColumnPitch - metrics::kNodeWidth, box.top());
    } else if (!canvas.items().nodes().empty()) {
        const QRectF content = canvas.items().contentRect();
        corner = down ? QPointF(content.left(),
                                content.bottom() + metrics::kRowPitch - metrics::kNodeHeight)
                      : QPointF(content.right() + metrics::kColumnPitch - metrics::kNodeWidth,
                                content.top());
    }
    while (!canvas.items().isFree(QRectF(corner, metrics::nodeRect().size())))
        corner += down ? QPointF(metrics::kColumnPitch, 0) : QPointF(0, metrics::kRowPitch);
    return {metrics::onGrid(corner.x()), metrics::onGrid(corner.y())};
}

/// The selected layers and blocks that have weights.
std::vector<NodeId> learningNodes(const CanvasContext& canvas) {
    auto nodes = canvas.selection().nodes();
    std::erase_if(nodes, [&canvas](NodeId id) {
        return countFrozen(canvas.project().network, canvas.graphName(), id).all == 0;
    });
    return nodes;
}

} // namespace

void addLayer(CanvasContext& canvas, const std::string& key, std::optional<QPointF> center) {
    std::optional<LinkId> into;
    std::optional<NodeId> after;
    Point corner;
    if (center) {
        const QPointF at = *center - metrics::nodeRect().center();
        corner = {metrics::onGrid(at.x()), metrics::onGrid(at.y())};
        if (const LinkItem* const link = canvas.items().linkAt(*center))
            into = link->id();
    } else {
        corner = placeForNew(canvas);
        after = openEnd(canvas);
    }
    const Addition added = addLayer(canvas.project(), canvas.graphName(), key, corner, into, after);
    if (canvas.perform(canvasText("Add %1").arg(qstr(titleOfKey(key))), added.edit))
        canvas.selection().select(added.nodes);
}

void addBehindSelection(CanvasContext& canvas, const std::string& key, QPointF center) {
    const std::vector<NodeId> selected = canvas.selection().nodes();
    std::optional<NodeId> after;
    Point corner;
    if (selected.size() == 1) {
        corner = placeForNew(canvas);
        if (canvas.items().node(selected.front())->form().outputs > 0)
            after = selected.front();
    } else {
        QPointF at = center - metrics::nodeRect().center();
        while (!canvas.items().isFree(QRectF(at, metrics::nodeRect().size())))
            at += canvas.flow() == Flow::Down ? QPointF(0, metrics::kRowPitch)
                                              : QPointF(metrics::kColumnPitch, 0);
        corner = {metrics::onGrid(at.x()), metrics::onGrid(at.y())};
    }
    const Addition added = addLayer(canvas.project(), canvas.graphName(), key, corner, {}, after);
    if (canvas.perform(canvasText("Add %1").arg(qstr(titleOfKey(key))), added.edit))
        canvas.selection().select(added.nodes);
}

void addLinkedLayer(CanvasContext& canvas, const std::string& key, QPointF center,
                    const Port& port) {
    const QPointF corner = center - metrics::nodeRect().center();
    const Addition added = addLinkedLayer(
        canvas.project(), canvas.graphName(), key,
        {metrics::onGrid(corner.x()), metrics::onGrid(corner.y())}, port.ref, port.isInput);
    if (canvas.perform(canvasText("Add %1").arg(qstr(titleOfKey(key))), added.edit))
        canvas.selection().select(added.nodes);
}

bool fits(const CanvasContext& canvas, const LayerDef& layer, const std::optional<Port>& port) {
    if (layer.category == Category::InputOutput &&
        layer.insideBlocksOnly == canvas.graphName().empty())
        return false;
    if (!port)
        return true;
    if (port->isInput)
        return layer.hasOutput;
    if (layer.maxInputs == 0)
        return false;
    const Node* const node = canvas.graph().find(port->ref.node);
    if (node == nullptr || node->blockUse() != nullptr || layer.minInputs > 1)
        return true; // what arrives is not one shape
    const NodeAnalysis* const source = canvas.analysisOf(node->id);
    if (source == nullptr || source->state != ShapeState::Known || layer.infer == nullptr)
        return true;
    const ParamValues defaults;
    const Inferred inferred =
        layer.infer({Params(layer.params, defaults), std::span(&source->output, 1)});
    return std::holds_alternative<Shape>(inferred);
}

bool fits(const CanvasContext& canvas, const std::string& block, const std::optional<Port>& port) {
    const Network& network = canvas.project().network;
    const auto found = network.blocks.find(block);
    if (found == network.blocks.end() ||
        (!canvas.graphName().empty() && contains(network, block, canvas.graphName())))
        return false;
    return !port ||
           !nodesOfLayer(found->second.graph, port->isInput ? "block-output" : "block-input")
                .empty();
}

void renameNode(CanvasContext& canvas, NodeId id, const QString& name) {
    canvas.perform(canvasText("Rename"),
                   renameNode(canvas.project(), canvas.graphName(), id, name.toStdString()));
}

void removeSelection(CanvasContext& canvas) {
    const std::vector<NodeId> nodes = canvas.selection().nodes();
    const std::vector<LinkId> links = canvas.selection().links();
    const std::vector<FrameId> frames = canvas.selection().frames();
    const std::vector<NoteId> notes = canvas.selection().notes();
    if (nodes.empty() && links.empty() && frames.empty() && notes.empty())
        return;
    const QString title = nodes.size() == 1  ? canvasText("Delete layer")
                          : nodes.size() > 1 ? canvasText("Delete %1 layers").arg(nodes.size())
                          : !links.empty()   ? canvasText("Delete link")
                          : !frames.empty()  ? canvasText("Delete frame")
                                             : canvasText("Delete note");
    ProjectEdit::Group group;
    if (!nodes.empty() || !links.empty())
        group.push_back(removeItems(canvas.project(), canvas.graphName(), nodes, links));
    for (const FrameId frame : frames)
        group.push_back({SetFrame{frame, std::nullopt}});
    for (const NoteId note : notes)
        group.push_back({SetNote{note, std::nullopt}});
    canvas.perform(title, {std::move(group)});
}

void removeAndClose(CanvasContext& canvas) {
    const std::vector<NodeId> nodes = canvas.selection().nodes();
    const auto closed = closeGap(canvas.project(), canvas.graphName(), nodes);
    if (!closed) {
        Q_EMIT canvas.hint(canvasText("Only layers with one incoming link and one or more outgoing "
                                      "ones can be deleted so that the gap closes."));
        return;
    }
    canvas.attempt([&] {
        // What is left to remove is known once the links have gone.
        Project without = canvas.project();
        apply(without, {*closed});
        canvas.document().perform(
            canvasText("Delete and close the gap"),
            {ProjectEdit::Group{{*closed}, removeItems(without, canvas.graphName(), nodes, {})}});
    });
}

bool haveWeights(const CanvasContext& canvas) {
    return !learningNodes(canvas).empty();
}

bool areFrozen(const CanvasContext& canvas) {
    const std::vector<NodeId> nodes = learningNodes(canvas);
    return !nodes.empty() && std::ranges::all_of(nodes, [&canvas](NodeId id) {
        return countFrozen(canvas.project().network, canvas.graphName(), id).isFrozen();
    });
}

void setFrozen(CanvasContext& canvas, bool frozen) {
    const std::vector<NodeId> nodes = learningNodes(canvas);
    const Network& network = canvas.project().network;
    if (nodes.empty())
        Q_EMIT canvas.hint(canvasText("Select a layer that has weights."));
    else
        canvas.perform(frozen ? canvasText("Freeze") : canvasText("Unfreeze"),
                       {frozen ? freeze(network, canvas.graphName(), nodes)
                               : unfreeze(network, canvas.graphName(), nodes)});
}

void freezeUpToSelection(CanvasContext& canvas) {
    const std::vector<NodeId> selected = canvas.selection().nodes();
    if (selected.size() != 1) {
        Q_EMIT canvas.hint(canvasText("Select one layer, up to which weights are to be frozen."));
        return;
    }
    const Network& network = canvas.project().network;
    const std::vector<NodeId> nodes = nodesUpTo(canvas.graph(), selected.front());
    const bool haveAny = std::ranges::any_of(
        nodes, [&](NodeId id) { return countFrozen(network, canvas.graphName(), id).all > 0; });
    if (!haveAny)
        Q_EMIT canvas.hint(canvasText("No layer up to there has weights."));
    else
        canvas.perform(
            canvasText("Freeze up to %1").arg(qstr(canvas.graph().find(selected.front())->name)),
            {freeze(network, canvas.graphName(), nodes)});
}

void linkSelection(CanvasContext& canvas) {
    std::vector<NodeId> selected = canvas.items().nodesInOrder();
    std::erase_if(selected,
                  [&canvas](NodeId id) { return !canvas.items().node(id)->isSelected(); });
    if (selected.size() < 2) {
        Q_EMIT canvas.hint(canvasText("Select the layers to link, two or more."));
        return;
    }
    // Made on a copy one after the other, since each changes what the next may do.
    Network network = canvas.project().network;
    const Graph& changing = network.graph(canvas.graphName());
    NetworkEdit::Group group;
    std::optional<std::string> reason;
    for (std::size_t i = 0; i + 1 < selected.size(); ++i) {
        const PortRef from{selected[i], {0}};
        const auto counts = portsOf(network, *changing.find(selected[i + 1]));
        const std::size_t inputs = counts ? std::min<std::size_t>(counts->maxInputs, 16) : 1;
        bool linked = false;
        for (std::uint32_t port = 0; port < inputs && !linked; ++port) {
            const PortRef to{selected[i + 1], {port}};
            if (changing.linkInto(to) != nullptr)
                continue;
            if (auto why = whyNotLink(network, canvas.graphName(), from, to)) {
                reason = std::move(why);
                continue;
            }
            const NetworkEdit edit{AddLink{
                canvas.graphName(), Link{.id = changing.freshLinkId(), .from = from, .to = to}}};
            apply(network, edit);
            group.push_back(edit);
            linked = true;
        }
    }
    if (!group.empty())
        canvas.perform(canvasText("Link"), {NetworkEdit{std::move(group)}});
    else
        Q_EMIT canvas.hint(reason ? qstr(*reason)
                                  : canvasText("The inputs of these layers are linked already."));
}

void applyFix(CanvasContext& canvas) {
    // Of errors the shown one comes first; only without any a remark's fix is meant.
    const CalloutItem* const callout = canvas.callout().item();
    const auto hasFix = [](const Diagnostic& diagnostic) { return !diagnostic.fixes.empty(); };
    const Diagnostic* chosen = nullptr;
    if (callout != nullptr && hasFix(callout->diagnostic()))
        chosen = &callout->diagnostic();
    if (chosen == nullptr || chosen->severity != Severity::Error)
        for (const Diagnostic& diagnostic : canvas.document().analysis().diagnostics)
            if (diagnostic.severity == Severity::Error && hasFix(diagnostic)) {
                chosen = &diagnostic;
                break;
            }
    if (chosen == nullptr) {
        Q_EMIT canvas.hint(canvasText("There is no problem with a fix here."));
        return;
    }
    const Fix fix = chosen->fixes.front();
    canvas.perform(qstr(fix.title), editOf(canvas.project(), fix));
}

} // namespace gradwright
