// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/link_gesture.h"

#include "engine/layers/catalog.h"
#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_edits.h"
#include "ui/canvas/canvas_text.h"
#include "ui/theme/text.h"

#include <QGraphicsPathItem>
#include <QLineF>
#include <QPen>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace gradwright {

namespace {

constexpr double kFarAway = 40; // from where it was, before the end of an old link is let go
constexpr double kEndPart = 28; // px at a link's end by which it is taken

/// The nodes from which `from` is reached, or that it reaches, without the link that is moved.
std::set<NodeId> reachable(const Graph& graph, NodeId from, bool downstream,
                           std::optional<LinkId> without) {
    std::set<NodeId> seen;
    std::vector<NodeId> open = {from};
    while (!open.empty()) {
        const NodeId node = open.back();
        open.pop_back();
        if (!seen.insert(node).second)
            continue;
        for (const LinkId id : graph.linksOf(node)) {
            const Link& link = *graph.find(id);
            const NodeId near = downstream ? link.from.node : link.to.node;
            if (near == node && id != without)
                open.push_back(downstream ? link.to.node : link.from.node);
        }
    }
    return seen;
}

} // namespace

std::unique_ptr<LinkGesture> LinkGesture::beginAtPort(CanvasContext& canvas, QPointF at,
                                                      OnVoid onVoid) {
    const auto port = canvas.items().portAt(at);
    if (!port)
        return nullptr;
    // A link that ends here is picked up by its end.
    const Link* const link = port->isInput ? canvas.graph().linkInto(port->ref) : nullptr;
    return std::unique_ptr<LinkGesture>(
        link != nullptr
            ? new LinkGesture(canvas, {link->from, false}, link->id, at, std::move(onVoid))
            : new LinkGesture(canvas, *port, {}, at, std::move(onVoid)));
}

std::unique_ptr<LinkGesture> LinkGesture::beginAtEnd(CanvasContext& canvas, const LinkItem& item,
                                                     QPointF at, OnVoid onVoid) {
    const double start = QLineF(at, item.corners().first()).length();
    const double end = QLineF(at, item.corners().last()).length();
    if (std::min(start, end) > kEndPart)
        return nullptr;
    // A link taken near one end is held by the other one.
    const Link& link = *canvas.graph().find(item.id());
    const Port fixed = start < end ? Port{link.to, true} : Port{link.from, false};
    return std::unique_ptr<LinkGesture>(
        new LinkGesture(canvas, fixed, link.id, at, std::move(onVoid)));
}

LinkGesture::LinkGesture(CanvasContext& canvas, Port from, std::optional<LinkId> replaced,
                         QPointF at, OnVoid onVoid)
    : canvas_(&canvas)
    , from_(from)
    , replaced_(replaced)
    , onVoid_(std::move(onVoid))
    , cyclic_(reachable(canvas.graph(), from.ref.node, from.isInput, replaced))
    , line_(canvas.scene().addPath({}, QPen(canvas.themes().theme().focus, 2))) {
    cyclic_.erase(from.ref.node);
    line_->setZValue(2);
    for (const auto& [id, item] : canvas.items().nodes()) {
        std::vector<Port> fitting;
        for (const Port& candidate : item->ports())
            if (!whyNot(candidate))
                fitting.push_back(candidate);
        item->setFitting(std::move(fitting));
    }
    move(at, {});
}

LinkGesture::~LinkGesture() {
    end();
}

/// Takes away what the gesture shows.
void LinkGesture::end() {
    if (line_ == nullptr)
        return;
    delete std::exchange(line_, nullptr);
    for (const auto& [id, item] : canvas_->items().nodes())
        item->setFitting({});
}

bool LinkGesture::isHolding() const {
    return canvas_->items().node(from_.ref.node) != nullptr;
}

/// Why the link that is dragged cannot end at a port.
std::optional<QString> LinkGesture::whyNot(const Port& to) const {
    const Port& from = from_;
    if (from.isInput == to.isInput)
        return from.isInput
                   ? canvasText("A link leads from an output to an input; these are two inputs.")
                   : canvasText("A link leads from an output to an input; these are two outputs.");
    const Graph& shown = canvas_->graph();
    const PortRef source = from.isInput ? to.ref : from.ref;
    const PortRef target = from.isInput ? from.ref : to.ref;
    const auto name = [&](NodeId id) { return qstr(shown.find(id)->name); };
    if (source.node == target.node)
        return canvasText("%1 cannot feed itself.").arg(name(source.node));
    const Link* const old = replaced_ ? shown.find(*replaced_) : nullptr;
    const Link* const taken = shown.linkInto(target);
    if (taken != nullptr && taken != old) {
        const Network& network = canvas_->project().network;
        const auto reason =
            whyNotPorts(shown, source, target, portsOf(network, *shown.find(source.node)),
                        portsOf(network, *shown.find(target.node)));
        return qstr(reason.value_or(std::string()));
    }
    if (cyclic_.contains(to.ref.node))
        return canvasText("%1 already leads to %2: the link would close a cycle.")
            .arg(name(target.node), name(source.node));
    return {};
}

/// What the layer at the port would say of the shape; empty when it takes it or when that is not
/// known yet.
QString LinkGesture::shapeProblem(const Port& to) const {
    const Port& from = from_;
    const PortRef source = from.isInput ? to.ref : from.ref;
    const PortRef target = from.isInput ? from.ref : to.ref;
    const Node& feeding = *canvas_->graph().find(source.node);
    const Node& fed = *canvas_->graph().find(target.node);
    const LayerUse* const use = fed.layerUse();
    const LayerDef* const layer = use != nullptr ? findLayer(use->layer) : nullptr;
    const NodeAnalysis* const found = canvas_->analysisOf(feeding.id);
    if (layer == nullptr || layer->infer == nullptr || layer->maxInputs != 1 ||
        feeding.blockUse() != nullptr || found == nullptr || found->state != ShapeState::Known ||
        !validate(layer->params, fed.params).empty())
        return {};
    const Inferred inferred =
        layer->infer({Params(layer->params, fed.params), std::span(&found->output, 1)});
    const auto* const problem = std::get_if<LayerProblem>(&inferred);
    return problem != nullptr ? qstr(problem->message) : QString();
}

/// The port at the place, or the one of the layer there that takes the link; where none does, the
/// one that can say why.
std::optional<Port> LinkGesture::targetAt(QPointF at) const {
    if (const auto port = canvas_->items().portAt(at))
        return port;
    for (const auto& [id, item] : canvas_->items().nodes()) {
        if (!item->sceneRect().contains(at))
            continue;
        if (id == from_.ref.node)
            return from_; // let go where it began
        std::vector<Port> ends = item->ports();
        std::erase_if(ends, [this](const Port& each) { return each.isInput == from_.isInput; });
        const auto farAway = [&](const Port& each) {
            return std::pair(whyNot(each).has_value(), QLineF(at, item->portPos(each)).length());
        };
        const auto best = std::ranges::min_element(ends, {}, farAway);
        return best != ends.end() ? std::optional(*best) : from_;
    }
    return {};
}

void LinkGesture::move(QPointF at, Qt::KeyboardModifiers) {
    const auto target = targetAt(at);
    const QPointF start = canvas_->items().node(from_.ref.node)->portPos(from_);
    const QPointF end =
        target && *target != from_ ? canvas_->items().node(target->ref.node)->portPos(*target) : at;
    const bool backwards = from_.isInput;
    const QPolygonF corners =
        routeLink(backwards ? end : start, backwards ? start : end, {}, canvas_->flow());
    line_->setPath(roundedPath(corners, 12));
    std::optional<QString> reason;
    QString remark;
    if (target && *target != from_) {
        reason = whyNot(*target);
        if (!reason)
            remark = shapeProblem(*target);
    }
    const Theme& theme = canvas_->themes().theme();
    line_->setPen(QPen(reason ? theme.error : remark.isEmpty() ? theme.focus : theme.warning, 2));
    Q_EMIT canvas_->hint(reason.value_or(remark));
}

void LinkGesture::drop(QPointF at) {
    const auto target = targetAt(at);
    const bool refused = target && (*target == from_ || whyNot(*target));
    end();
    if (!target) {
        dropOnVoid(at);
        return;
    }
    if (refused)
        return;
    const PortRef from = from_.isInput ? target->ref : from_.ref;
    const PortRef to = from_.isInput ? from_.ref : target->ref;
    if (replaced_) {
        const Link& old = *canvas_->graph().find(*replaced_);
        if (old.from == from && old.to == to)
            return;
    }
    canvas_->perform(replaced_ ? canvasText("Reconnect") : canvasText("Link"),
                     addLink(canvas_->project(), canvas_->graphName(), from, to, replaced_));
}

/// Removes a link whose end was dragged away, or asks what shall stand at the end of a new one.
void LinkGesture::dropOnVoid(QPointF at) {
    const CanvasItems& items = canvas_->items();
    const QPointF start = items.node(from_.ref.node)->portPos(from_);
    const LinkItem* const old = replaced_ ? items.link(*replaced_) : nullptr;
    if (old != nullptr) {
        // Let go where it was taken: nothing was meant.
        const QPointF end = from_.isInput ? old->corners().first() : old->corners().last();
        if (QLineF(end, at).length() > kFarAway)
            canvas_->perform(
                canvasText("Delete link"),
                removeItems(canvas_->project(), canvas_->graphName(), {}, std::array{*replaced_}));
    } else if (QLineF(start, at).length() > metrics::kPortHit) {
        onVoid_(from_, at);
    }
}

} // namespace gradwright
