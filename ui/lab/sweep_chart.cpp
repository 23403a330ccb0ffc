// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/sweep_chart.h"

#include "engine/metrics/quality.h"
#include "ui/plots/plot_files.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QPainter>
#include <QTextStream>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace gradwright {
namespace {

constexpr int kSweepSide = 64;
constexpr int kSweepTop = 48;
constexpr int kSweepBottom = 26;

struct SweepLine {
    std::int64_t number = 0;
    std::vector<double> units;
    std::optional<double> value;
};

std::vector<SweepLine> linesIn(const Json& data) {
    std::vector<SweepLine> lines;
    const auto trials = data.find("trials");
    if (trials == data.end())
        return lines;
    for (const auto& trial : *trials) {
        SweepLine line{trial.at("number").get<std::int64_t>(),
                       trial.at("units").get<std::vector<double>>(),
                       {}};
        if (trial.at("value").is_number())
            line.value = trial.at("value").get<double>();
        lines.push_back(std::move(line));
    }
    return lines;
}

QString sweepValueText(const Json& data, double value) {
    if (data.value("objective", "loss") == "quality" && data.contains("metric"))
        return qstr(valueText(metric(data.at("metric").get<std::string>()), value));
    return QString::number(value, 'g', 4);
}

QString endText(const Json& dimension, bool isHigh) {
    if (dimension.contains("values")) {
        const auto& values = dimension.at("values");
        return qstr((isHigh ? values.back() : values.front()).get<std::string>());
    }
    return QString::number(dimension.at(isHigh ? "high" : "low").get<double>(), 'g', 4);
}

/// What lies between in luminance, from hardly seen to the accent.
QColor mixed(const QColor& from, const QColor& to, double share) {
    const auto part = [share](int a, int b) {
        return static_cast<int>(std::lround(a + share * (b - a)));
    };
    return {part(from.red(), to.red()), part(from.green(), to.green()),
            part(from.blue(), to.blue())};
}

} // namespace

SweepChart::SweepChart(ThemeManager& theme, QWidget* parent)
    : LabChart(theme, tr("Settings and results"), parent) {}

void SweepChart::paint(QPainter& painter, QSize size) {
    const auto& theme = theme_->theme();
    auto lines = linesIn(data());
    painter.setFont(textFont(type::kCaption));
    if (lines.empty()) {
        painter.setPen(theme.text3);
        painter.drawText(QRect({}, size), Qt::AlignCenter, tr("Nothing is measured yet."));
        return;
    }
    const auto& dimensions = data().at("dimensions");
    const bool higherIsBetter = data().value("higher_is_better", false);
    double least = HUGE_VAL;
    double most = -HUGE_VAL;
    for (const auto& line : lines)
        if (line.value) {
            least = std::min(least, *line.value);
            most = std::max(most, *line.value);
        }
    const double range = most > least ? most - least : 1;
    /// 1 for the best result.
    const auto goodness = [&](double value) {
        const double share = (value - least) / range;
        return higherIsBetter ? share : 1 - share;
    };
    const auto axes = dimensions.size() + 1;
    const double top = kSweepTop;
    const double bottom = size.height() - kSweepBottom;
    const auto xOf = [&](std::size_t axis) {
        return kSweepSide + static_cast<double>(axis) * (size.width() - 2.0 * kSweepSide) /
                                static_cast<double>(axes - 1);
    };
    const auto yOf = [&](double unit) { return bottom - unit * (bottom - top); };

    // The best ones last, on top of the others; failed ones only as far as their settings go.
    std::ranges::stable_sort(
        lines, {}, [&](const SweepLine& line) { return line.value ? goodness(*line.value) : -1; });
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto& line = lines[i];
        // Lines, which Qt draws many times faster than the outline of a path.
        std::vector<QLineF> pieces;
        QPointF end(xOf(0), yOf(line.units.front()));
        const auto leadTo = [&](std::size_t axis, double unit) {
            const QPointF begin = std::exchange(end, QPointF(xOf(axis), yOf(unit)));
            pieces.emplace_back(begin, end);
        };
        for (std::size_t d = 1; d < line.units.size(); ++d)
            leadTo(d, line.units[d]);
        if (line.value)
            leadTo(axes - 1, (*line.value - least) / range);
        const bool isBest = i + 1 == lines.size() && line.value;
        const double share = line.value ? goodness(*line.value) : 0;
        auto colour = isBest ? theme.ok : mixed(theme.border, theme.training, share);
        if (!isBest)
            colour.setAlphaF(static_cast<float>(0.35 + 0.5 * share));
        painter.setPen(QPen(colour, isBest ? 2.6 : 1.4, line.value ? Qt::SolidLine : Qt::DotLine));
        painter.setBrush(Qt::NoBrush);
        painter.drawLines(pieces.data(), static_cast<int>(pieces.size()));
        if (isBest) {
            painter.setBrush(theme.ok);
            painter.setPen(QPen(theme.panel, 1.5));
            for (std::size_t d = 0; d < line.units.size(); ++d)
                painter.drawEllipse(QPointF(xOf(d), yOf(line.units[d])), 4.5, 4.5);
            painter.drawEllipse(QPointF(xOf(axes - 1), yOf((*line.value - least) / range)), 4.5,
                                4.5);
        }
    }
    for (std::size_t axis = 0; axis < axes; ++axis) {
        const double x = xOf(axis);
        painter.setPen(QPen(theme.axis, 1));
        painter.drawLine(QPointF(x, top), QPointF(x, bottom));
        const double room = (size.width() - 2.0 * kSweepSide) / static_cast<double>(axes - 1) - 8;
        const double wide = std::max(
            40.0, std::min(room, axis == 0 || axis + 1 == axes ? 2.0 * kSweepSide - 8 : room));
        const auto write = [&](double y, const QString& text) {
            painter.drawText(
                QRectF(x - wide / 2, y, wide, 16), Qt::AlignCenter,
                painter.fontMetrics().elidedText(text, Qt::ElideMiddle, static_cast<int>(wide)));
        };
        if (axis + 1 == axes) {
            painter.setPen(theme.text);
            write(4, data().value("objective", "loss") == "loss" ? tr("Loss") : tr("Quality"));
            painter.setPen(theme.text3);
            if (most >= least) {
                write(top - 18, sweepValueText(data(), most));
                write(bottom + 6, sweepValueText(data(), least));
            }
            continue;
        }
        const auto key = dimensions.at(axis).at("key").get<std::string>();
        painter.setPen(theme.text);
        write(4, qstr(key));
        painter.setPen(theme.text3);
        write(top - 18, endText(dimensions.at(axis), true));
        write(bottom + 6, endText(dimensions.at(axis), false));
        const double importance = data().at("importance").value(key, 0.0);
        const QRectF track(x - 24, 22, 48, 4);
        painter.fillRect(track, theme.grid);
        painter.fillRect(QRectF(track.left(), track.top(), track.width() * importance, 4),
                         theme.accent);
    }
}

QString SweepChart::spokenText() const {
    if (!data().contains("trials"))
        return {};
    QStringList parts;
    const auto lines = linesIn(data());
    parts << countedText(std::ssize(lines), tr("1 trial"), tr("%1 trials"));
    if (const auto best = data().find("best"); best != data().end() && best->is_number())
        for (const auto& line : lines)
            if (line.value && line.number == best->get<std::int64_t>())
                parts << tr("the best is number %1 with %2")
                             .arg(line.number + 1)
                             .arg(sweepValueText(data(), *line.value));
    for (const auto& [key, importance] : data().at("importance").items())
        parts << tr("%1 explains %2 %")
                     .arg(qstr(key))
                     .arg(std::lround(importance.get<double>() * 100));
    return parts.join(QStringLiteral("; "));
}

QString SweepChart::csv() const {
    QString text;
    QTextStream out(&text);
    out << "trial";
    if (!data().contains("trials"))
        return {};
    for (const auto& dimension : data().at("dimensions"))
        out << ',' << csvCell(qstr(dimension.at("key").get<std::string>()));
    out << ",value\n";
    for (const auto& trial : data().at("trials")) {
        out << trial.at("number").get<std::int64_t>() + 1;
        for (const auto& value : trial.at("point"))
            out << ',' << csvCell(qstr(value.get<std::string>()));
        out << ',';
        if (trial.at("value").is_number())
            out << QString::number(trial.at("value").get<double>(), 'g', 10);
        out << '\n';
    }
    return text;
}

} // namespace gradwright
