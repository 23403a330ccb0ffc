// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/note_item.h"

#include "ui/canvas/resize_corner.h"
#include "ui/theme/text.h"

#include <QAbstractTextDocumentLayout>
#include <QPainter>
#include <QTextBlock>
#include <QTextCursor>

#include <algorithm>

namespace gradwright {

namespace {

constexpr double kNotePadding = 10;
constexpr double kAboveFrames = -1; // z: above frames, behind links

} // namespace

NoteItem::NoteItem(NoteId id, const ThemeManager& themes)
    : id_(id)
    , themes_(&themes) {
    setZValue(kAboveFrames);
    setFlag(ItemIsSelectable);
    document_.setDocumentMargin(0);
    document_.setUndoRedoEnabled(false);
}

void NoteItem::setNote(const Note& note) {
    prepareGeometryChange();
    setPos(note.position.x, note.position.y);
    const QString text = qstr(note.text);
    const QSizeF wanted(note.width, note.height);
    if (text == text_ && wanted == wanted_)
        return;
    text_ = text;
    wanted_ = wanted;
    layOut();
    update();
}

void NoteItem::layOut() {
    document_.setDefaultFont(textFont(type::kBody));
    // Plain Markdown: a note is text, and may hold neither pictures nor markup of other kinds.
    document_.setMarkdown(
        text_, QTextDocument::MarkdownFeatures(QTextDocument::MarkdownDialectCommonMark) |
                   QTextDocument::MarkdownNoHTML);
    for (QTextBlock block = document_.begin(); block.isValid(); block = block.next()) {
        const int level = block.blockFormat().headingLevel();
        if (level == 0)
            continue;
        QTextCharFormat format;
        format.setFont(
            textFont(level == 1 ? type::kPageTitle : type::kPanelTitle, QFont::DemiBold));
        QTextCursor cursor(block);
        cursor.select(QTextCursor::BlockUnderCursor);
        cursor.mergeCharFormat(format);
    }
    document_.setTextWidth(std::max(1.0, wanted_.width() - 2 * kNotePadding));
    size_ = {wanted_.width(),
             std::max(wanted_.height(), document_.size().height() + 2 * kNotePadding)};
}

QRectF NoteItem::handleRect() const {
    return resizeCorner::rectOf(size_);
}

QRectF NoteItem::boundingRect() const {
    return QRectF(QPointF(), size_).adjusted(-2, -2, 2, 2);
}

void NoteItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*) {
    const Theme& theme = themes_->theme();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(isSelected() ? QPen(theme.focus, 2) : QPen(theme.divider, 1));
    painter->setBrush(theme.infoTint);
    painter->drawRoundedRect(QRectF(QPointF(), size_).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    painter->save();
    painter->translate(kNotePadding, kNotePadding);
    QAbstractTextDocumentLayout::PaintContext context;
    context.palette.setColor(QPalette::Text, theme.text);
    document_.documentLayout()->draw(painter, context);
    painter->restore();
    if (isSelected())
        resizeCorner::paint(*painter, theme, size_);
}

} // namespace gradwright
