// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/lab/lab_chart.h"
#include "ui/lab/relief.h"

#include <optional>
#include <vector>

class QPushButton;

namespace gradwright {

/// Where labels of these sizes stand beside points: within the area, and not over each other as far
/// as there is room.
std::vector<QRectF> labelsBeside(const std::vector<QPointF>& points,
                                 const std::vector<QSizeF>& sizes, const QRectF& area);

/// A cost surface over two directions, by the logarithm of the loss, with the paths of optimizers
/// on it: as a map, in colours with lines of equal loss, and beside it as a relief that turns. Rows
/// appear as they are measured; before, the paths are drawn as they are trained.
class LandscapeChart final : public LabChart {
    Q_OBJECT

public:
    explicit LandscapeChart(ThemeManager& theme, QWidget* parent = nullptr);

    [[nodiscard]] QString spokenText() const override;
    [[nodiscard]] PanelChoices choices() const override;
    [[nodiscard]] int chosen() const override { return static_cast<int>(shown_); }
    void choose(int number) override;
    /// Paths alone are drawn quickly, 20 times a second at most.
    [[nodiscard]] int pauseBetween() const override;
    [[nodiscard]] QSize pictureSize() const override { return {960, 440}; }
    [[nodiscard]] QSize sizeHint() const override { return {760, 380}; }

    [[nodiscard]] const ReliefView& view() const { return view_; }
    void setView(const ReliefView& view);
    /// Where the relief is drawn in the widget; empty where it is not shown.
    [[nodiscard]] QRectF reliefArea() const;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void paint(QPainter& painter, QSize size) override;
    void dataChanged() override;
    [[nodiscard]] QString csv() const override;

private:
    enum class Shown { Both, Map, Relief };
    struct Areas {
        QRectF map, relief;
    };

    /// Paths without a surface are a map alone.
    [[nodiscard]] Areas areasIn(QSize size) const;
    void paintPaths(QPainter& painter, const QRectF& area, const LossSurface& surface,
                    const std::vector<SurfacePath>& paths) const;
    void paintMap(QPainter& painter, QSizeF size, const LossSurface& surface,
                  const std::vector<SurfacePath>& paths) const;
    /// Which path is which.
    void paintLegend(QPainter& painter, const QRectF& area,
                     const std::vector<SurfacePath>& paths) const;
    void placeReset();
    void changed();

    Shown shown_ = Shown::Both;
    bool isMeasured_ = false; ///< any place of the surface
    ReliefView view_;
    std::optional<QPointF> dragged_; ///< where the mouse was
    QPushButton* reset_;             ///< shown where the view is not the first one
};

} // namespace gradwright
