// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/blocks.h"
#include "engine/layers/catalog.h"
#include "engine/project/rename_node.h"
#include "engine/support/error.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/note_item.h"
#include "ui/theme/text.h"

#include <QClipboard>
#include <QGuiApplication>

#include <algorithm>

// What menus and keys do with layers: add, remove, copy, arrange.
namespace gradwright {

namespace {

constexpr Point kPasteOffset{24, 24};

} // namespace

bool CanvasScene::perform(const QString& title, const ProjectEdit& edit) {
    try {
        document_->perform(title, edit);
        return true;
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
        return false;
    }
}

void CanvasScene::performMerged(const QString& title, const ProjectEdit& edit, const QString& key) {
    try {
        document_->performMerged(title, edit, key);
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

/// From a node to the next one along the flow.
Point CanvasScene::pitch() const {
    return flow() == Flow::Down ? Point{0, metrics::kRowPitch} : Point{metrics::kColumnPitch, 0};
}

/// The selected node, when a new one can follow it: it feeds nothing yet.
std::optional<NodeId> CanvasScene::openEnd() const {
    const std::vector<NodeId> selected = selectedNodes();
    if (selected.size() != 1 || nodes_.at(selected.front())->form().outputs == 0)
        return {};
    const bool feeds = std::ranges::any_of(graph().linksOf(selected.front()), [&](LinkId id) {
        return graph().find(id)->from.node == selected.front();
    });
    return feeds ? std::nullopt : std::optional(selected.front());
}

Point CanvasScene::placeForNew() const {
    const std::vector<NodeId> selected = selectedNodes();
    const bool down = flow() == Flow::Down;
    QPointF corner;
    if (selected.size() == 1) {
        const QRectF box = nodes_.at(selected.front())->sceneRect();
        corner =
            down ? QPointF(box.left(), box.bottom() + metrics::kRowPitch - metrics::kNodeHeight)
                 : QPointF(box.right() + metrics::kColumnPitch - metrics::kNodeWidth, box.top());
    } else if (!nodes_.empty()) {
        const QRectF content = contentRect();
        corner = down ? QPointF(content.left(),
                                content.bottom() + metrics::kRowPitch - metrics::kNodeHeight)
                      : QPointF(content.right() + metrics::kColumnPitch - metrics::kNodeWidth,
                                content.top());
    }
    while (!isFree(QRectF(corner, metrics::nodeRect().size())))
        corner += down ? QPointF(metrics::kColumnPitch, 0) : QPointF(0, metrics::kRowPitch);
    return {metrics::onGrid(corner.x()), metrics::onGrid(corner.y())};
}

void CanvasScene::addLayer(const std::string& key, std::optional<QPointF> center) {
    std::optional<LinkId> into;
    std::optional<NodeId> after;
    Point corner;
    if (center) {
        const QPointF at = *center - metrics::nodeRect().center();
        corner = {metrics::onGrid(at.x()), metrics::onGrid(at.y())};
        if (const LinkItem* const link = linkAt(*center))
            into = link->id();
    } else {
        corner = placeForNew();
        after = openEnd();
    }
    const Addition added =
        gradwright::addLayer(document_->project(), scope_.graph, key, corner, into, after);
    if (perform(tr("Add %1").arg(qstr(titleOfKey(key))), added.edit))
        selectNodes(added.nodes);
}

void CanvasScene::addLinkedLayer(const std::string& key, QPointF center, const Port& port) {
    const QPointF corner = center - metrics::nodeRect().center();
    const Addition added = gradwright::addLinkedLayer(
        document_->project(), scope_.graph, key,
        {metrics::onGrid(corner.x()), metrics::onGrid(corner.y())}, port.ref, port.isInput);
    if (perform(tr("Add %1").arg(qstr(titleOfKey(key))), added.edit))
        selectNodes(added.nodes);
}

bool CanvasScene::fits(const LayerDef& layer, const std::optional<Port>& port) const {
    if (layer.category == Category::InputOutput && layer.insideBlocksOnly == scope_.graph.empty())
        return false;
    if (!port)
        return true;
    if (port->isInput)
        return layer.hasOutput;
    if (layer.maxInputs == 0)
        return false;
    const Node* const node = graph().find(port->ref.node);
    if (node == nullptr || node->blockUse() != nullptr || layer.minInputs > 1)
        return true; // what arrives is not one shape
    const NodeAnalysis* const source = analysisOf(node->id);
    if (source == nullptr || source->state != ShapeState::Known || layer.infer == nullptr)
        return true;
    const ParamValues standard;
    const Inferred inferred =
        layer.infer({Params(layer.params, standard), std::span(&source->output, 1)});
    return std::holds_alternative<Shape>(inferred);
}

bool CanvasScene::fits(const std::string& block, const std::optional<Port>& port) const {
    const Network& network = document_->project().network;
    const auto found = network.blocks.find(block);
    if (found == network.blocks.end() ||
        (!scope_.graph.empty() && contains(network, block, scope_.graph)))
        return false;
    return !port ||
           !nodesOfLayer(found->second.graph, port->isInput ? "block-output" : "block-input")
                .empty();
}

void CanvasScene::renameNode(NodeId id, const QString& name) {
    perform(tr("Rename"),
            gradwright::renameNode(document_->project(), scope_.graph, id, name.toStdString()));
}

void CanvasScene::removeSelection() {
    const std::vector<NodeId> nodes = selectedNodes();
    const std::vector<LinkId> links = selectedLinks();
    const std::vector<FrameId> frames = selectedFrames();
    const std::vector<NoteId> notes = selectedNotes();
    if (nodes.empty() && links.empty() && frames.empty() && notes.empty())
        return;
    const QString title = nodes.size() == 1  ? tr("Delete layer")
                          : nodes.size() > 1 ? tr("Delete %1 layers").arg(nodes.size())
                          : !links.empty()   ? tr("Delete link")
                          : !frames.empty()  ? tr("Delete frame")
                                             : tr("Delete note");
    ProjectEdit::Group group;
    if (!nodes.empty() || !links.empty())
        group.push_back(removeItems(document_->project(), scope_.graph, nodes, links));
    for (const FrameId frame : frames)
        group.push_back({SetFrame{frame, std::nullopt}});
    for (const NoteId note : notes)
        group.push_back({SetNote{note, std::nullopt}});
    perform(title, {std::move(group)});
}

void CanvasScene::removeAndClose() {
    const std::vector<NodeId> nodes = selectedNodes();
    const auto closed = closeGap(document_->project(), scope_.graph, nodes);
    if (!closed) {
        Q_EMIT hint(tr("Only layers with one link into them and one or more out of them can go so "
                       "that the gap closes."));
        return;
    }
    try {
        // What is left to remove is known once the links have gone.
        Project without = document_->project();
        gradwright::apply(without, {*closed});
        document_->perform(
            tr("Delete and close the gap"),
            {ProjectEdit::Group{{*closed}, removeItems(without, scope_.graph, nodes, {})}});
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

// ---- copies

/// Frames take along what is inside.
Copied CanvasScene::copiedItems() const {
    Copied items;
    for (const NodeId id : selectedNodes())
        items.nodes[id] = positionOf(id);
    for (const NoteId id : selectedNotes())
        items.notes.insert(id);
    for (const FrameId id : selectedFrames()) {
        items.frames.insert(id);
        const QRectF frame = frames_.at(id)->sceneRect();
        for (const auto& [node, item] : nodes_)
            if (frame.contains(item->sceneRect()))
                items.nodes[node] = positionOf(node);
        for (const auto& [note, item] : notes_)
            if (frame.contains(item->sceneRect()))
                items.notes.insert(note);
    }
    return items;
}

void CanvasScene::copySelection() const {
    const Copied items = copiedItems();
    if (!items.isEmpty())
        QGuiApplication::clipboard()->setText(
            qstr(copyItems(document_->project(), scope_.graph, items)));
}

void CanvasScene::cutSelection() {
    copySelection();
    removeSelection();
}

void CanvasScene::pasteText(const std::string& text, Point offset, const QString& title) {
    try {
        const Pasted pasted = pasteItems(document_->project(), scope_.graph, text, offset);
        document_->perform(title, pasted.edit);
        std::vector<NodeId> nodes;
        for (const auto& [id, at] : pasted.items.nodes)
            nodes.push_back(id);
        selectNodes(nodes);
        for (const FrameId id : pasted.items.frames)
            frames_.at(id)->setSelected(true);
        for (const NoteId id : pasted.items.notes)
            notes_.at(id)->setSelected(true);
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

void CanvasScene::paste() {
    pasteText(QGuiApplication::clipboard()->text().toStdString(), kPasteOffset, tr("Paste"));
}

void CanvasScene::duplicateSelection() {
    const Copied items = copiedItems();
    if (!items.isEmpty())
        pasteText(copyItems(document_->project(), scope_.graph, items), kPasteOffset,
                  tr("Duplicate"));
}

// ---- arranging

void CanvasScene::moveSelection(QPointF by) {
    const auto moved = [&](const Point& at) {
        return Point{metrics::onGrid(at.x + by.x()), metrics::onGrid(at.y + by.y())};
    };
    ProjectEdit::Group group;
    MoveNodes move{scope_.graph, {}};
    for (const auto& [id, at] : copiedItems().nodes)
        move.to[id] = moved(at);
    if (!move.to.empty())
        group.push_back({std::move(move)});
    for (const FrameId id : selectedFrames()) {
        Frame frame = document_->project().canvas.frames.at(id);
        frame.position = moved(frame.position);
        group.push_back({SetFrame{id, std::move(frame)}});
    }
    for (const NoteId id : copiedItems().notes) {
        Note note = document_->project().canvas.notes.at(id);
        note.position = moved(note.position);
        group.push_back({SetNote{id, std::move(note)}});
    }
    if (!group.empty())
        perform(tr("Move"), {std::move(group)});
}

void CanvasScene::arrange(const QString& title, const std::map<NodeId, Point>& to) {
    MoveNodes move{scope_.graph, {}};
    for (const auto& [id, at] : to)
        if (at != positionOf(id))
            move.to[id] = at;
    if (!move.to.empty())
        perform(title, {std::move(move)});
}

void CanvasScene::align(Edge edge) {
    const std::vector<NodeId> selected = selectedNodes();
    if (selected.size() < 2) {
        Q_EMIT hint(tr("Select the layers to align, two or more."));
        return;
    }
    QRectF all;
    for (const NodeId id : selected)
        all |= nodes_.at(id)->sceneRect();
    std::map<NodeId, Point> to;
    for (const NodeId id : selected) {
        QRectF box = nodes_.at(id)->sceneRect();
        switch (edge) {
        case Edge::Left:
            box.moveLeft(all.left());
            break;
        case Edge::Center:
            box.moveLeft(all.center().x() - box.width() / 2);
            break;
        case Edge::Right:
            box.moveRight(all.right());
            break;
        case Edge::Top:
            box.moveTop(all.top());
            break;
        case Edge::Middle:
            box.moveTop(all.center().y() - box.height() / 2);
            break;
        case Edge::Bottom:
            box.moveBottom(all.bottom());
            break;
        }
        to[id] = {box.x(), box.y()};
    }
    arrange(tr("Align"), to);
}

void CanvasScene::distribute(Qt::Orientation orientation) {
    std::vector<NodeId> selected = selectedNodes();
    if (selected.size() < 3) {
        Q_EMIT hint(tr("Select the layers to distribute, three or more."));
        return;
    }
    const bool across = orientation == Qt::Horizontal;
    const auto begin = [&](NodeId id) {
        const QRectF box = nodes_.at(id)->sceneRect();
        return across ? box.left() : box.top();
    };
    const auto length = [&](NodeId id) {
        const QRectF box = nodes_.at(id)->sceneRect();
        return across ? box.width() : box.height();
    };
    std::ranges::stable_sort(selected, {}, begin);
    double taken = 0;
    for (const NodeId id : selected)
        taken += length(id);
    const double first = begin(selected.front());
    const double last = begin(selected.back()) + length(selected.back());
    const double gap = (last - first - taken) / static_cast<double>(selected.size() - 1);
    std::map<NodeId, Point> to;
    double at = first;
    for (const NodeId id : selected) {
        const QPointF old = nodes_.at(id)->pos();
        to[id] = across ? Point{at, old.y()} : Point{old.x(), at};
        at += length(id) + gap;
    }
    arrange(tr("Distribute"), to);
}

} // namespace gradwright
