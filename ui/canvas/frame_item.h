// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsItem>

namespace gradwright {

/// A titled rectangle behind nodes. It is taken by its edge or its title; what lies inside stays
/// free for other gestures.
class FrameItem final : public QGraphicsItem {
public:
    enum { Type = UserType + 4 };

    FrameItem(FrameId id, const ThemeManager& themes);

    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] FrameId id() const { return id_; }
    void setFrame(const Frame& frame);
    [[nodiscard]] const QString& title() const { return title_; }
    /// In scene coordinates.
    [[nodiscard]] QRectF sceneRect() const { return QRectF(pos(), size_); }
    [[nodiscard]] QRectF titleRect() const;
    /// The corner by which the size is changed.
    [[nodiscard]] QRectF handleRect() const;

    [[nodiscard]] QRectF boundingRect() const override;
    [[nodiscard]] QPainterPath shape() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) override;

private:
    FrameId id_;
    const ThemeManager* themes_;
    QString title_;
    QSizeF size_;
};

} // namespace gradwright
