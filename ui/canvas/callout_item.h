// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/diagnostic.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsItem>

namespace gradwright {

/// Says beside a node what is wrong with it, with its first fix as a button.
class CalloutItem final : public QGraphicsItem {
public:
    enum { Type = UserType + 3 };

    enum class Tail { Left, Right }; ///< the side at which the node stands

    CalloutItem(Diagnostic diagnostic, const ThemeManager& themes);

    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] const Diagnostic& diagnostic() const { return diagnostic_; }
    void setTail(Tail tail);
    [[nodiscard]] QSizeF size() const { return size_; }
    /// In scene coordinates; null when there is no fix.
    [[nodiscard]] QRectF buttonRect() const;

    [[nodiscard]] QRectF boundingRect() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) override;

protected:
    void hoverMoveEvent(QGraphicsSceneHoverEvent* event) override;
    void hoverLeaveEvent(QGraphicsSceneHoverEvent* event) override;

private:
    Diagnostic diagnostic_;
    const ThemeManager* themes_;
    QString text_;
    QString button_;
    Tail tail_ = Tail::Left;
    QSizeF size_;
    QRectF buttonRect_;
    bool hovered_ = false;
};

} // namespace gradwright
