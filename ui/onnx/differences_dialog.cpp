// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/onnx/differences_dialog.h"

#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QClipboard>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

QString kindText(OnnxDifference::Kind kind) {
    switch (kind) {
    case OnnxDifference::Kind::Model:
        return DifferencesDialog::tr("Model");
    case OnnxDifference::Kind::Input:
        return DifferencesDialog::tr("Input");
    case OnnxDifference::Kind::Output:
        return DifferencesDialog::tr("Output");
    case OnnxDifference::Kind::Node:
        return DifferencesDialog::tr("Node");
    case OnnxDifference::Kind::Constant:
        return DifferencesDialog::tr("Constant");
    }
    return {};
}

QString sideText(const std::string& side) {
    return side.empty() ? DifferencesDialog::tr("not there") : qstr(side);
}

} // namespace

DifferencesDialog::DifferencesDialog(const std::vector<OnnxDifference>& differences,
                                     const QString& first, const QString& second, QWidget* parent)
    : QDialog(parent)
    , table_(new QTableWidget(static_cast<int>(differences.size()), 4, this)) {
    setWindowTitle(tr("Compare ONNX models"));
    auto* const said = new QLabel(
        differences.empty()
            ? tr("%1 and %2 are alike.").arg(first, second)
            : tr("%1 and %2 differ in %3.")
                  .arg(first, second,
                       countedText(std::ssize(differences), tr("1 thing"), tr("%1 things"))));
    said->setObjectName(QStringLiteral("said"));
    said->setWordWrap(true);
    table_->setObjectName(QStringLiteral("differences"));
    table_->setAccessibleName(tr("Differences"));
    table_->setHorizontalHeaderLabels({tr("What"), tr("Name"), first, second});
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->setShowGrid(false);
    table_->setWordWrap(true);
    for (int row = 0; row < table_->rowCount(); ++row) {
        const auto& each = differences[static_cast<std::size_t>(row)];
        const std::array<QString, 4> cells = {kindText(each.kind), qstr(each.name),
                                              sideText(each.first), sideText(each.second)};
        for (int column = 0; column < 4; ++column) {
            auto* const item = new QTableWidgetItem(cells[static_cast<std::size_t>(column)]);
            item->setToolTip(item->text());
            table_->setItem(row, column, item);
        }
    }
    auto* const header = table_->horizontalHeader();
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    for (const int column : {1, 2, 3})
        header->setSectionResizeMode(column, QHeaderView::Stretch);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* const copied = buttons->addButton(tr("Copy as text"), QDialogButtonBox::ActionRole);
    copied->setObjectName(QStringLiteral("copy"));
    copied->setEnabled(!differences.empty());
    connect(copied, &QPushButton::clicked, this, [this] { copy(); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* const keys = new QShortcut(QKeySequence::Copy, this);
    connect(keys, &QShortcut::activated, this, [this] { copy(); });
    auto* const layout = new QVBoxLayout(this);
    layout->addWidget(said);
    layout->addWidget(table_, 1);
    layout->addWidget(buttons);
    resize(860, 480);
    table_->setFocus();
}

void DifferencesDialog::copy() const {
    QStringList lines;
    const auto chosen = table_->selectionModel()->selectedRows();
    for (int row = 0; row < table_->rowCount(); ++row) {
        if (!chosen.isEmpty() && !table_->selectionModel()->isRowSelected(row))
            continue;
        QStringList cells;
        for (int column = 0; column < table_->columnCount(); ++column)
            cells << table_->item(row, column)->text();
        lines << cells.join(u'\t');
    }
    QGuiApplication::clipboard()->setText(lines.join(u'\n'));
}

} // namespace gradwright

#include "moc_differences_dialog.cpp"
