// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/chart_panels.h"
#include "ui/plots/plot_files.h"

#include <QCoreApplication>
#include <QTextStream>

#include <cmath>

namespace gradwright {
namespace {

QString wordsText(const char* text) {
    return QCoreApplication::translate("ChartPanels", text);
}

QString valueWords(const std::function<QString(double)>& text, double value) {
    return text ? text(value) : QString::number(value, 'g', 4);
}

/// With many points a line is told by its ends and its least and most.
constexpr std::size_t kToldPoints = 12;

QString wordsOfLines(const LinePanel& panel) {
    QStringList parts;
    for (const auto& series : panel.series) {
        QStringList points;
        if (series.points.size() > kToldPoints) {
            points << wordsText("from %1 to %2")
                          .arg(valueWords(panel.yText, series.points.front().y),
                               valueWords(panel.yText, series.points.back().y));
        } else {
            for (const auto& point : series.points)
                points << QStringLiteral("%1 %2").arg(
                    valueWords(panel.xText, point.x),
                    valueWords(panel.yText, point.y) +
                        (point.deviation > 0
                             ? QStringLiteral(" ± ") + valueWords(panel.yText, point.deviation)
                             : QString()));
        }
        parts << series.name + QStringLiteral(": ") + points.join(QStringLiteral(", "));
    }
    if (panel.band)
        parts << panel.band->text;
    return panel.title + QStringLiteral(". ") + parts.join(QStringLiteral("; "));
}

QString wordsOfBars(const BarPanel& panel) {
    QStringList parts;
    for (const auto& bar : panel.bars)
        parts << bar.name + (bar.note.isEmpty() ? QString() : QStringLiteral(", ") + bar.note) +
                     QStringLiteral(": ") + bar.text;
    return panel.title + QStringLiteral(". ") + parts.join(QStringLiteral("; "));
}

QString wordsOfMatrix(const MatrixPanel& panel) {
    std::int64_t right = 0;
    std::int64_t all = 0;
    for (std::size_t label = 0; label < panel.counts.size(); ++label)
        for (std::size_t said = 0; said < panel.counts[label].size(); ++said) {
            all += panel.counts[label][said];
            right += label == said ? panel.counts[label][said] : 0;
        }
    return panel.title +
           wordsText(". %1 of %2 are read right").arg(QString::number(right), QString::number(all));
}

QString number(double value) {
    return std::isfinite(value) ? QString::number(value, 'g', 10) : QString();
}

} // namespace

QString wordsOf(const ChartPanel& panel) {
    if (const auto* const lines = std::get_if<LinePanel>(&panel))
        return wordsOfLines(*lines);
    if (const auto* const bars = std::get_if<BarPanel>(&panel))
        return wordsOfBars(*bars);
    return wordsOfMatrix(std::get<MatrixPanel>(panel));
}

QString csvOf(const ChartPanel& panel) {
    QString text;
    QTextStream out(&text);
    const auto line = [&](const QString& title, const QString& name, const QString& x,
                          const QString& value, const QString& deviation) {
        out << csvCell(title) << ',' << csvCell(name) << ',' << csvCell(x) << ',' << value << ','
            << deviation << '\n';
    };
    if (const auto* const lines = std::get_if<LinePanel>(&panel)) {
        for (const auto& series : lines->series)
            for (const auto& point : series.points)
                line(lines->title, series.name, number(point.x), number(point.y),
                     number(point.deviation));
    } else if (const auto* const bars = std::get_if<BarPanel>(&panel)) {
        for (const auto& bar : bars->bars)
            line(bars->title, bar.name, bar.note, number(bar.value), {});
    } else {
        const auto& matrix = std::get<MatrixPanel>(panel);
        for (std::size_t label = 0; label < matrix.counts.size(); ++label)
            for (std::size_t said = 0; said < matrix.counts[label].size(); ++said)
                line(matrix.title, matrix.classes.value(static_cast<qsizetype>(label)),
                     matrix.classes.value(static_cast<qsizetype>(said)),
                     QString::number(matrix.counts[label][said]), {});
    }
    return text;
}

} // namespace gradwright
