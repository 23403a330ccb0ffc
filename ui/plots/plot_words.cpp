// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curve_plot.h"
#include "ui/plots/gradient_heatmap.h"
#include "ui/plots/qcp.h"
#include "ui/plots/scale.h"

#include <QStringList>

#include <algorithm>

namespace gradwright {

namespace {

constexpr std::size_t kMostSpokenRows = 24;

QString axisWords(XUnit unit, double lower, double upper) {
    return CurvePlot::tr("Horizontal axis: %1, %2 to %3.")
        .arg(nameOf(unit), tickText(unit, std::max(0.0, lower)), tickText(unit, upper));
}

} // namespace

QString CurvePlot::spokenText() const {
    QStringList values;
    for (const auto& entry : lastValues())
        values << QStringLiteral("%1 %2").arg(entry.name, entry.value);
    QStringList sentences;
    sentences << (values.isEmpty() ? tr("No values yet.")
                                   : tr("Last values: %1.").arg(values.join(QStringLiteral(", "))));
    if (best_)
        sentences << tr("Best: %1 in epoch %2.")
                         .arg(format(best_->second), tickText(XUnit::Epoch, best_->first));
    if (now_)
        sentences << tr("Now at epoch %1.").arg(tickText(XUnit::Epoch, *now_));
    const auto [left, right] = xRange();
    const auto [bottom, top] = valueRange();
    sentences << axisWords(unit_, left, chosenView_ ? right : wholeWidth());
    sentences << (logarithmic_ ? tr("Vertical axis: %1, logarithmic, %2 to %3.")
                               : tr("Vertical axis: %1, %2 to %3."))
                     .arg(measure_.name(), format(bottom), format(top));
    return sentences.join(u' ');
}

QString GradientHeatmap::spokenText() const {
    QStringList sentences;
    if (x_.empty()) {
        sentences << tr("No values yet.");
    } else {
        QStringList norms;
        const std::size_t shown = std::min(rows_.size(), kMostSpokenRows);
        for (std::size_t row = 0; row < shown; ++row)
            norms << QStringLiteral("%1 %2").arg(rows_[row], shortReal(value(row, x_.size() - 1)));
        if (shown < rows_.size())
            norms << tr("and %1 more layers").arg(rows_.size() - shown);
        sentences << tr("Last norms: %1.").arg(norms.join(QStringLiteral(", ")));
    }
    sentences << axisWords(unit_, left_, right_);
    if (least_ > 0)
        sentences << tr("Colours: %1 to %2, logarithmic.").arg(shortReal(least_), shortReal(most_));
    return sentences.join(u' ');
}

} // namespace gradwright
