// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/frame_item.h"
#include "ui/theme/text.h"

#include <QSignalBlocker>

#include <algorithm>
#include <limits>

// Frames: titled rectangles that take the nodes inside along.
namespace gradwright {

namespace {

constexpr double kMargin = 20;
constexpr double kTitleRoom = 32; // above the nodes
constexpr double kSmallest = 80;

QRectF rectOf(const Frame& frame) {
    return {frame.position.x, frame.position.y, frame.width, frame.height};
}

FrameId freshId(const std::map<FrameId, Frame>& frames) {
    return frames.empty() ? FrameId{1} : FrameId{frames.rbegin()->first.value + 1};
}

} // namespace

void CanvasScene::syncFrames() {
    const auto& frames = document_->project().canvas.frames;
    const QSignalBlocker quiet(this);
    const auto shown = [&](FrameId id) {
        const auto at = frames.find(id);
        return at != frames.end() && at->second.graph == kMainGraph;
    };
    std::erase_if(frames_, [&](const auto& entry) {
        const bool gone = !shown(entry.first);
        if (gone)
            delete entry.second;
        return gone;
    });
    for (const auto& [id, frame] : frames) {
        if (!shown(id))
            continue;
        FrameItem*& item = frames_[id];
        if (item == nullptr) {
            item = new FrameItem(id, *themes_);
            addItem(item);
        }
        item->setFrame(frame);
    }
}

const FrameItem* CanvasScene::frameItem(FrameId id) const {
    const auto at = frames_.find(id);
    return at == frames_.end() ? nullptr : at->second;
}

std::vector<FrameId> CanvasScene::selectedFrames() const {
    std::vector<FrameId> selected;
    for (const auto& [id, item] : frames_)
        if (item->isSelected())
            selected.push_back(id);
    return selected;
}

void CanvasScene::frameSelection() {
    QRectF around;
    for (const NodeId id : selectedNodes())
        around |= metrics::nodeRect().translated(nodes_.at(id)->pos());
    if (around.isEmpty()) {
        Q_EMIT hint(tr("Select the layers that the frame shall hold."));
        return;
    }
    around.adjust(-kMargin, -kTitleRoom, kMargin, kMargin);
    Frame frame;
    frame.graph = kMainGraph;
    frame.title = tr("Frame").toStdString();
    frame.position = {metrics::onGrid(around.x()), metrics::onGrid(around.y())};
    frame.width = metrics::onGrid(around.width());
    frame.height = metrics::onGrid(around.height());
    const FrameId id = freshId(document_->project().canvas.frames);
    if (perform(tr("Add frame"), {SetFrame{id, frame}}))
        Q_EMIT frameMade(id);
}

void CanvasScene::setFrameTitle(FrameId id, const QString& title) {
    const auto at = document_->project().canvas.frames.find(id);
    if (at == document_->project().canvas.frames.end())
        return;
    Frame frame = at->second;
    frame.title = title.toStdString();
    perform(tr("Rename frame"), {SetFrame{id, std::move(frame)}});
}

bool CanvasScene::startFrameDrag(QPointF at) {
    for (QGraphicsItem* const item : items(at)) {
        if (item->type() == NodeItem::Type || item->type() == LinkItem::Type)
            return false;
        const auto* const frame = qgraphicsitem_cast<FrameItem*>(item);
        if (frame == nullptr)
            continue;
        const Frame& before = document_->project().canvas.frames.at(frame->id());
        frameDrag_ = FrameDrag{
            frame->id(), before, at, {}, frame->handleRect().contains(frame->mapFromScene(at))};
        for (const auto& [id, node] : nodes_)
            if (rectOf(before).contains(metrics::nodeRect().translated(node->pos())))
                frameDrag_->inside[id] = positionOf(id);
        document_->endMerge();
        return true;
    }
    return false;
}

void CanvasScene::dragFrame(QPointF at) {
    const QPointF by = at - frameDrag_->start;
    Frame frame = frameDrag_->before;
    MoveNodes move{kMainGraph, {}};
    if (frameDrag_->resizes) {
        frame.width = std::max(kSmallest, metrics::onGrid(frame.width + by.x()));
        frame.height = std::max(kSmallest, metrics::onGrid(frame.height + by.y()));
    } else {
        const double dx = metrics::onGrid(by.x());
        const double dy = metrics::onGrid(by.y());
        frame.position = {frame.position.x + dx, frame.position.y + dy};
        for (const auto& [id, from] : frameDrag_->inside)
            move.to[id] = Point{from.x + dx, from.y + dy};
    }
    if (frame == document_->project().canvas.frames.at(frameDrag_->id))
        return;
    const QString title = frameDrag_->resizes ? tr("Resize frame") : tr("Move frame");
    ProjectEdit::Group group{{SetFrame{frameDrag_->id, std::move(frame)}}, {std::move(move)}};
    try {
        document_->performMerged(title, {std::move(group)}, QStringLiteral("frame"));
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

} // namespace gradwright
