// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/running_trials.h"

#include "ui/theme/text.h"

#include <QHeaderView>

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright {
namespace {

constexpr int kShownTrials = 8; ///< further ones are scrolled to

} // namespace

RunningTrials::RunningTrials(QWidget* parent)
    : QTableWidget(0, 4, parent) {
    setObjectName(QStringLiteral("runningTrials"));
    setAccessibleName(tr("Trials that run"));
    setHorizontalHeaderLabels({tr("Trial"), tr("Done"), tr("At"), tr("Settings")});
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setTabKeyNavigation(false);
    setShowGrid(false);
    verticalHeader()->hide();
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    horizontalHeader()->setStretchLastSection(true);
    for (const int column : {0, 1})
        horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    for (const int column : {2, 3})
        horizontalHeaderItem(column)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
}

void RunningTrials::setTrials(const std::vector<RunningTrial>& trials) {
    const auto rows = static_cast<int>(trials.size());
    if (rowCount() != rows)
        setRowCount(rows);
    for (int row = 0; row < rows; ++row) {
        const auto& trial = trials[static_cast<std::size_t>(row)];
        const std::array texts{QString::number(trial.number + 1),
                               tr("%1 %").arg(std::lround(100 * trial.share)), qstr(trial.note),
                               qstr(trial.title)};
        for (int column = 0; column < 4; ++column) {
            auto* cell = item(row, column);
            if (!cell) {
                cell = new QTableWidgetItem;
                cell->setTextAlignment((column < 2 ? Qt::AlignRight : Qt::AlignLeft) |
                                       Qt::AlignVCenter);
                setItem(row, column, cell);
            }
            if (const auto& text = texts[static_cast<std::size_t>(column)]; cell->text() != text)
                cell->setText(text);
        }
    }
    int height = horizontalHeader()->sizeHint().height() + 4;
    for (int row = 0; row < std::min(rows, kShownTrials); ++row)
        height += rowHeight(row);
    setFixedHeight(height);
}

} // namespace gradwright
