// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/curve_legend.h"
#include "ui/theme/theme.h"

#include <QRectF>
#include <QString>
#include <QStringList>

#include <cstdint>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

class QPainter;

namespace gradwright {

struct ChartPoint {
    double x = 0;
    double y = 0;
    double deviation = 0; ///< drawn as a bar to both sides; 0: none
};

/// One line, or the points of one, of a panel.
struct ChartSeries {
    QString name;
    CurveRole role = CurveRole::Training;
    std::vector<ChartPoint> points; ///< by x
    bool hasLine = true;
    bool hasMarkers = true;
};

/// A range of y that is shaded, with a line within.
struct ChartBand {
    double low = 0;
    double middle = 0;
    double high = 0;
    QString text; ///< for readers and tables: "mean ± standard deviation"
};

/// Lines over two axes.
struct LinePanel {
    QString title, xTitle;
    bool isXLogarithmic = false;
    bool isYLogarithmic = false;
    bool hasWholeX = false;                    ///< numbers of something that is counted
    std::function<QString(double)> yText = {}; ///< empty: three digits
    std::function<QString(double)> xText = {};
    std::vector<ChartSeries> series = {};
    std::optional<ChartBand> band = {};
};

struct ChartBar {
    QString name;
    QString note; ///< behind the name, paler
    double value = 0;
    QString text;       ///< of the value
    bool isOwn = false; ///< the network's own, in the accent
    double more = 0;    ///< a paler piece behind the bar, such as what comes on top
};

/// Bars with a name above each.
struct BarPanel {
    QString title;
    std::vector<ChartBar> bars = {};
    /// Bars begin at 0; else where differences show, which the title says.
    bool beginsAtZero = true;
    std::function<QString(double)> text = {}; ///< of where they begin
};

/// How often each class was read as which.
struct MatrixPanel {
    QString title;
    QStringList classes;
    std::vector<std::vector<std::int64_t>> counts; ///< [class][read as]
};

using ChartPanel = std::variant<LinePanel, BarPanel, MatrixPanel>;

/// How high a panel wants to be at a width.
double heightOf(const ChartPanel& panel, double width);
void paintPanel(QPainter& painter, const QRectF& place, const ChartPanel& panel,
                const Theme& theme);
/// The panel in words.
QString wordsOf(const ChartPanel& panel);
/// Its numbers, a line each: panel, series or bar, x, value, deviation.
QString csvOf(const ChartPanel& panel);

// One for each of them.
void paintLines(QPainter& painter, const QRectF& place, const LinePanel& panel, const Theme& theme);
void paintBars(QPainter& painter, const QRectF& place, const BarPanel& panel, const Theme& theme);
void paintMatrix(QPainter& painter, const QRectF& place, const MatrixPanel& panel,
                 const Theme& theme);
/// Where the bars begin: 0, or a round number below all of them.
double beginOfBars(const BarPanel& panel);
/// Round numbers from `low` to `high`, about so many: 1, 2 or 5 times a power of ten apart, or, on
/// a logarithmic scale, such numbers themselves.
std::vector<double> roundTicks(double low, double high, int about, bool isLogarithmic);

} // namespace gradwright
