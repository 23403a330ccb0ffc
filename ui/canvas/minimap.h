// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/canvas_view.h"
#include "ui/theme/paced_refresh.h"
#include "ui/theme/spoken.h"

#include <QFrame>
#include <QPixmap>
#include <QTransform>

namespace gradwright {

/// The whole network in little, with the part that the view shows; a click or drag goes there. It
/// hides while the view shows everything, where it would only cover what it shows.
class Minimap final : public QFrame, public Spoken {
    Q_OBJECT
public:
    Minimap(CanvasView& view, CanvasScene& scene, const ThemeManager& themes);

    /// Whether it is there when not everything can be seen.
    void setWanted(bool wanted);
    [[nodiscard]] bool isWanted() const { return wanted_; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Graphic; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void place();
    void showIfNeeded();
    [[nodiscard]] QRectF contentRect() const;
    [[nodiscard]] QRectF shownScene() const;
    [[nodiscard]] QTransform fromScene() const;
    void drawNodes(const QTransform& transform);
    void goTo(QPointF position);

    CanvasView* view_;
    CanvasScene* scene_;
    const ThemeManager* themes_;
    QPixmap picture_; ///< of the nodes, as they are; null when they have changed
    QTransform pictured_;
    mutable QRectF content_; ///< null when it has changed
    PacedRefresh refresh_;
    bool wanted_ = true;
};

} // namespace gradwright
