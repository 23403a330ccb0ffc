// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsItem>
#include <QTextDocument>

namespace gradwright {

/// Text on the canvas; its lines may be headings ("# …"), lists and emphasis, as in Markdown.
class NoteItem final : public QGraphicsItem {
public:
    enum { Type = UserType + 5 };

    NoteItem(NoteId id, const ThemeManager& themes);

    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] NoteId id() const { return id_; }
    void setNote(const Note& note);
    [[nodiscard]] const QString& text() const { return text_; }
    /// In scene coordinates. As high as its text at least.
    [[nodiscard]] QRectF sceneRect() const { return {pos(), size_}; }
    /// The corner by which the size is changed.
    [[nodiscard]] QRectF handleRect() const;

    [[nodiscard]] QRectF boundingRect() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) override;

private:
    void layOut();

    NoteId id_;
    const ThemeManager* themes_;
    QString text_;
    QSizeF wanted_;
    QSizeF size_;
    QTextDocument document_;
};

} // namespace gradwright
