// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/spoken.h"
#include "ui/theme/theme.h"

#include <QPainterPath>
#include <QString>
#include <QWidget>

#include <vector>

namespace gradwright {

class ThemeManager;

/// Colour, dash and marker of one line of a plot, which tell lines apart three times over. Runs
/// laid over others have the roles from Run3 on, as many as there are: overlayRole().
enum class CurveRole : int { Training, Validation, Run3, Run4 };

/// Of the overlay with that number, counted from 0. Colour, dash and marker repeat together after
/// 60 of them only.
[[nodiscard]] constexpr CurveRole overlayRole(int number) {
    return static_cast<CurveRole>(static_cast<int>(CurveRole::Run3) + number);
}
/// The number of an overlay; less than 0 for training and validation.
[[nodiscard]] constexpr int overlayNumber(CurveRole role) {
    return static_cast<int>(role) - static_cast<int>(CurveRole::Run3);
}

QColor colorOf(CurveRole role, const Theme& theme);
Qt::PenStyle dashOf(CurveRole role);
/// The marker around the origin; empty for training.
QPainterPath markerOf(CurveRole role);
/// A short piece of the line, as legends and lists show it.
void drawSample(QPainter& painter, const QRectF& rect, CurveRole role, const Theme& theme);

/// One row of line, name and current value, right-aligned. Widths stay while values change. With
/// little room names are cut, then the last entries are counted instead of shown; the tooltip has
/// all of them.
class CurveLegend : public QWidget, public Spoken {
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

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::StaticText; }

protected:
    void paintEvent(QPaintEvent*) override;

private:
    [[nodiscard]] static double widthOf(const Entry& entry, double mostOfName);
    [[nodiscard]] static double widthOf(const std::vector<Entry>& entries, double mostOfName);

    ThemeManager* theme_;
    std::vector<Entry> entries_;
};

} // namespace gradwright
