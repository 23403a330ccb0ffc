// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/run_comparison.h"

#include "engine/project/project_differences.h"
#include "ui/plots/measure.h"
#include "ui/runs/run_list.h"
#include "ui/theme/text.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QPushButton>
#include <QTextDocument>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <cmath>

namespace gradwright {
namespace {

constexpr QSize kComparisonSize(720, 480);

/// The first cell takes the whole row; screen readers go to the others all the same.
void nameEmptyCells(QTreeWidgetItem& row) {
    row.setFirstColumnSpanned(true);
    for (int column = 1; column < row.treeWidget()->columnCount(); ++column)
        row.setData(column, Qt::AccessibleTextRole, row.text(0));
}

QTreeWidgetItem* addArea(QTreeWidget& table, const QString& title) {
    auto* const area = new QTreeWidgetItem(&table, {title});
    QFont font = area->font(0);
    font.setWeight(QFont::DemiBold);
    area->setFont(0, font);
    area->setExpanded(true);
    area->setFlags(Qt::ItemIsEnabled);
    nameEmptyCells(*area);
    return area;
}

QTreeWidgetItem* addRow(QTreeWidgetItem& area, const QString& what, const QString& first,
                        const QString& second) {
    const QString none = QStringLiteral("–");
    auto* const row = new QTreeWidgetItem(
        &area, {what, first.isEmpty() ? none : first, second.isEmpty() ? none : second});
    constexpr qsizetype kMayBeCut = 24; // letters
    for (int column = 0; column < 3; ++column)
        if (row->text(column).size() > kMayBeCut)
            row->setToolTip(column,
                            Qt::convertFromPlainText(row->text(column), Qt::WhiteSpaceNormal));
    return row;
}

QString qualityTextOf(const RunHistory& run) {
    const auto* const best = run.best();
    return best ? qstr(valueText(*run.metric, best->quality.value)) : QString();
}

QString lossTextOf(const RunHistory& run) {
    const auto* const best = run.best();
    return best ? Measure().text(best->loss) : QString();
}

QString testTextOf(const RunHistory& run) {
    return run.test ? qstr(valueText(*run.test->metric, run.test->value)) : QString();
}

} // namespace

RunComparison::RunComparison(const Side& first, const Side& second, QWidget* parent)
    : QDialog(parent)
    , table_(new QTreeWidget) {
    setWindowTitle(tr("Compare runs"));
    setObjectName(QStringLiteral("runComparison"));
    table_->setColumnCount(3);
    table_->setHeaderLabels({QString(), titleOf(first.run), titleOf(second.run)});
    table_->setAccessibleName(windowTitle());
    table_->setRootIsDecorated(false);
    table_->setUniformRowHeights(true);
    table_->header()->setSectionResizeMode(QHeaderView::Stretch);
    addResults(first.run, second.run);
    addDifferences(first.project, second.project);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    buttons->button(QDialogButtonBox::Close)->setIcon({});
    auto* const copy = buttons->addButton(tr("Copy as text"), QDialogButtonBox::ActionRole);
    copy->setObjectName(QStringLiteral("copyComparison"));
    connect(copy, &QPushButton::clicked, this,
            [this] { QApplication::clipboard()->setText(text()); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    layout->addWidget(table_, 1);
    layout->addWidget(buttons);
    resize(kComparisonSize);
}

void RunComparison::addResults(const RunHistory& first, const RunHistory& second) {
    auto* const area = addArea(*table_, tr("Results"));
    const auto metricTitle = qstr(nameInSentence(*first.metric));
    const bool sameMetric = first.metric == second.metric;
    const auto row = [&](const QString& what, auto of) {
        addRow(*area, what, of(first), of(second));
    };
    row(tr("Epochs"), [](const RunHistory& run) {
        return tr("%1 of %2").arg(run.epochs.size()).arg(run.totalEpochs);
    });
    row(sameMetric ? tr("Best %1").arg(metricTitle) : tr("Best quality"), qualityTextOf);
    row(tr("Loss of the best epoch"), lossTextOf);
    row(sameMetric ? tr("Test %1").arg(metricTitle) : tr("Test quality"), testTextOf);
    row(tr("Training time"), [](const RunHistory& run) { return durationText(run.seconds); });
}

void RunComparison::addDifferences(const Project& first, const Project& second) {
    using Area = ProjectDifference::Area;
    const auto differences = differencesOf(first, second);
    for (const auto& [area, title] :
         {std::pair{Area::Network, tr("Network")},
          std::pair{Area::Training, tr("Training settings")}, std::pair{Area::Data, tr("Data")}}) {
        auto* const item = addArea(*table_, title);
        for (const auto& each : differences)
            if (each.area == area)
                addRow(*item, qstr(each.what), qstr(each.first), qstr(each.second));
        if (item->childCount() > 0)
            continue;
        auto* const same = new QTreeWidgetItem(item, {tr("No difference")});
        nameEmptyCells(*same);
        same->setDisabled(true);
    }
}

QString RunComparison::text() const {
    QString text = table_->headerItem()->text(1) + u'\t' + table_->headerItem()->text(2) + u'\n';
    text.prepend(u'\t');
    for (int i = 0; i < table_->topLevelItemCount(); ++i) {
        const auto* const area = table_->topLevelItem(i);
        text += area->text(0) + u'\n';
        for (int j = 0; j < area->childCount(); ++j) {
            const auto* const row = area->child(j);
            text += row->text(0) + u'\t' + row->text(1) + u'\t' + row->text(2) + u'\n';
        }
    }
    return text;
}

} // namespace gradwright

#include "moc_run_comparison.cpp"
