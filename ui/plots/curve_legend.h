// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QString>
#include <QWidget>

#include <vector>

namespace gradwright {

class ThemeManager;

/// Colour, dash and marker of one line of a plot, which tell lines apart three times over.
enum class CurveRole { Training, Validation, Run3, Run4 };

QColor colorOf(CurveRole role, const Theme& theme);
Qt::PenStyle dashOf(CurveRole role);
void drawMarker(QPainter& painter, CurveRole role, QPointF center, double radius);
/// A short piece of the line, as legends and lists show it.
void drawSample(QPainter& painter, const QRectF& rect, CurveRole role, const Theme& theme);

/// One row of line, name and current value, right-aligned. Widths stay while values change.
class CurveLegend : public QWidget {
    Q_OBJECT

public:
    struct Entry {
        CurveRole role = CurveRole::Training;
        QString name;
        QString value;
        bool operator==(const Entry&) const = default;
    };

    explicit CurveLegend(ThemeManager& theme, QWidget* parent = nullptr);

    void setEntries(std::vector<Entry> entries);
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    void paint(QPainter& painter, const QRectF& rect) const;

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return {0, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent*) override;

private:
    [[nodiscard]] double widthOf(const Entry& entry) const;

    ThemeManager* theme_;
    std::vector<Entry> entries_;
};

} // namespace gradwright
