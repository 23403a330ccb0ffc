// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/plane_map.h"
#include "ui/theme/spoken.h"
#include "ui/theme/theme.h"

#include <QImage>
#include <QWidget>

#include <optional>

namespace gradwright {

class ThemeManager;

/// The classes or values that a network gives to the points of the plane, and the points of the
/// test set in the colours of their true ones.
class PlaneView : public QWidget, public Spoken {
    Q_OBJECT

public:
    explicit PlaneView(ThemeManager& theme, QWidget* parent = nullptr);

    void setMap(std::optional<PlaneMap> map);
    [[nodiscard]] const std::optional<PlaneMap>& map() const { return map_; }
    void setHint(const QString& hint);
    /// Which colour stands for which class, or for the least and the largest value; rich text of
    /// one line, long names cut, empty without a map.
    [[nodiscard]] QString legend() const;
    /// Of all classes, as they are; empty for values.
    [[nodiscard]] QString namesInFull() const;

    [[nodiscard]] QSize sizeHint() const override { return {520, 520}; }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Chart; }
    [[nodiscard]] QString spokenText() const override;

Q_SIGNALS:
    void legendChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] QString valueText(float value) const; ///< in the data's own units
    [[nodiscard]] QRectF square() const;
    [[nodiscard]] QPointF toWidget(double x, double y) const;
    void paintImage();
    [[nodiscard]] QColor cellColor(std::size_t cell) const;
    [[nodiscard]] QColor valueColor(float value) const;
    void paintPoints(QPainter& painter) const;
    void paintAxes(QPainter& painter) const;

    ThemeManager* theme_;
    std::optional<PlaneMap> map_;
    QImage image_;
    float least_ = 0; ///< of the values, where samples have them
    float most_ = 1;
    QString hint_;
};

/// A colour a class; they begin anew after the sixth.
QColor classColor(std::int32_t label, const Theme& theme);

} // namespace gradwright
