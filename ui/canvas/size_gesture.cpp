// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/size_gesture.h"

#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_text.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/note_item.h"

#include <algorithm>

namespace gradwright {

namespace {

constexpr double kSmallest = 80;

} // namespace

std::unique_ptr<SizeGesture> SizeGesture::begin(CanvasContext& canvas, QPointF at) {
    const auto isHandle = [at](const auto& item) {
        return item.handleRect().contains(item.mapFromScene(at));
    };
    const auto make = [&](Box before) {
        return std::unique_ptr<SizeGesture>(new SizeGesture(canvas, at, std::move(before)));
    };
    const auto& drawn = canvas.project().canvas;
    for (QGraphicsItem* const item : canvas.scene().items(at)) {
        if (item->type() == NodeItem::Type)
            return nullptr;
        if (const auto* const frame = qgraphicsitem_cast<FrameItem*>(item);
            frame != nullptr && isHandle(*frame))
            return make(std::pair(frame->id(), drawn.frames.at(frame->id())));
        if (const auto* const note = qgraphicsitem_cast<NoteItem*>(item);
            note != nullptr && isHandle(*note))
            return make(std::pair(note->id(), drawn.notes.at(note->id())));
    }
    return nullptr;
}

SizeGesture::SizeGesture(CanvasContext& canvas, QPointF start, Box before)
    : canvas_(&canvas)
    , start_(start)
    , before_(std::move(before)) {
    canvas.document().endMerge();
}

bool SizeGesture::isHolding() const {
    if (const auto* const frame = std::get_if<std::pair<FrameId, Frame>>(&before_))
        return canvas_->items().frame(frame->first) != nullptr;
    return canvas_->items().note(std::get<std::pair<NoteId, Note>>(before_).first) != nullptr;
}

void SizeGesture::move(QPointF at, Qt::KeyboardModifiers) {
    const QPointF by = at - start_;
    const auto resized = [&](auto box) {
        box.width = std::max(kSmallest, metrics::onGrid(box.width + by.x()));
        box.height = std::max(metrics::kDots, metrics::onGrid(box.height + by.y()));
        return box;
    };
    if (const auto* const held = std::get_if<std::pair<FrameId, Frame>>(&before_)) {
        Frame frame = resized(held->second);
        frame.height = std::max(frame.height, kSmallest);
        if (frame != canvas_->project().canvas.frames.at(held->first))
            canvas_->performMerged(canvasText("Resize frame"),
                                   {SetFrame{held->first, std::move(frame)}},
                                   QStringLiteral("size"));
    } else {
        const auto& [id, before] = std::get<std::pair<NoteId, Note>>(before_);
        Note note = resized(before);
        if (note != canvas_->project().canvas.notes.at(id))
            canvas_->performMerged(canvasText("Resize note"), {SetNote{id, std::move(note)}},
                                   QStringLiteral("size"));
    }
}

} // namespace gradwright
