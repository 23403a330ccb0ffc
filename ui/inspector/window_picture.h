// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/inspector/window_geometry.h"
#include "ui/theme/spoken.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

namespace gradwright {

/// The padded input as a grid with the window on it, and the output it makes; hovering a place of
/// the output shows what it is made from.
class WindowPicture final : public QWidget, public Spoken {
    Q_OBJECT
public:
    explicit WindowPicture(const ThemeManager& themes, QWidget* parent = nullptr);

    void setGeometry2d(const WindowGeometry& geometry, Category category);
    [[nodiscard]] QSize sizeHint() const override { return {272, 158}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Graphic; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    /// How many rows and columns are drawn, and how large.
    struct Layout {
        int rows = 1, columns = 1;       ///< of the padded input
        int outRows = 1, outColumns = 1; ///< of the output
        double cell = 8, outCell = 8;
        QPointF input, output; ///< top left corners
    };
    [[nodiscard]] Layout layOut() const;
    void paintInput(QPainter& painter, const Layout& layout) const;
    void paintOutput(QPainter& painter, const Layout& layout) const;
    void paintWindow(QPainter& painter, const Layout& layout, int row, int column) const;
    [[nodiscard]] QString caption() const;

    const ThemeManager* themes_;
    WindowGeometry geometry_;
    Category category_ = Category::Convolution;
    QPoint place_; ///< of the output: column, row
};

} // namespace gradwright
