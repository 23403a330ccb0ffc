// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"
#include "ui/theme/spoken.h"

#include <QImage>
#include <QPointF>
#include <QWidget>

#include <optional>
#include <vector>

namespace gradwright {

class ThemeManager;

enum class PadTool { Brush, Eraser };

/// A square to draw on with mouse, finger or pen. Strokes have an undo of their own.
class DrawingPad : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit DrawingPad(ThemeManager& theme, QWidget* parent = nullptr);

    void setTool(PadTool tool);
    [[nodiscard]] PadTool tool() const { return tool_; }
    /// Diameter in logical pixels of a pad of 280.
    void setBrush(double width);
    void undo();
    void redo();
    void clear();
    /// Shows a picture instead of strokes; the next stroke begins a new drawing.
    void setPicture(const QImage& picture);
    /// Null while there is none.
    [[nodiscard]] const QImage& picture() const { return picture_; }
    /// What is to be drawn, said while the pad is blank. Drawings have ink and paper in the theme's
    /// colours, pictures are white on black in all of them.
    void setSubject(const QString& invitation, bool isDrawing);

    [[nodiscard]] bool canUndo() const { return !strokes_.empty(); }
    [[nodiscard]] bool canRedo() const { return !undone_.empty(); }
    [[nodiscard]] bool isBlank() const { return strokes_.empty() && picture_.isNull(); }
    /// The strokes: white ink on black, 280 × 280.
    [[nodiscard]] GrayImage image() const;

    [[nodiscard]] QSize sizeHint() const override { return {316, 316}; }
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override { return width; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Canvas; }
    [[nodiscard]] QString spokenText() const override;

Q_SIGNALS:
    /// With every move of a stroke.
    void changed();
    void toolChanged(gradwright::PadTool tool);

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void tabletEvent(QTabletEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Stroke {
        bool erases = false;
        double width = 0;            ///< in ink pixels
        std::vector<QPointF> points; ///< in ink pixels
    };

    void begin(QPointF position, bool erases, double pressure = 1);
    void extend(QPointF position);
    void end();
    /// Draws what the points from `from` on add.
    void drawSegment(const Stroke& stroke, std::size_t from);
    void redraw();
    [[nodiscard]] QRectF square() const;
    [[nodiscard]] QPointF toInk(QPointF position) const;
    bool touch(QEvent* event);

    ThemeManager* theme_;
    QImage ink_; ///< white on black
    QImage picture_;
    QString invitation_;
    bool isDrawing_ = true;
    std::vector<Stroke> strokes_, undone_;
    PadTool tool_ = PadTool::Brush;
    double brush_ = 20;
    bool drawing_ = false;
    std::optional<QPointF> cursor_;
};

} // namespace gradwright
