// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/layer_report.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "ui/forms/save_dialog.h"
#include "ui/report/layer_model.h"
#include "ui/theme/text.h"

#include <QAction>
#include <QClipboard>
#include <QFileInfo>
#include <QGuiApplication>
#include <QHeaderView>
#include <QMessageBox>
#include <QPainter>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

namespace gradwright {

namespace {

constexpr int kRow = 26;

/// Behind a number, a bar that shows its share of the whole.
class ShareDelegate final : public QStyledItemDelegate {
public:
    ShareDelegate(const ThemeManager& themes, QObject* parent)
        : QStyledItemDelegate(parent)
        , themes_(&themes) {}

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        QStyledItemDelegate::paint(painter, option, index);
        const QVariant share = index.data(LayerModel::ShareRole);
        if (!share.isValid() || share.toDouble() <= 0)
            return;
        const QRectF track = QRectF(option.rect).adjusted(8, 0, -8, 0);
        QColor color = themes_->theme().focus;
        color.setAlphaF(0.75F);
        const double width = std::max(1.0, track.width() * share.toDouble());
        painter->fillRect(QRectF(track.right() - width, track.bottom() - 3, width, 2), color);
    }

private:
    const ThemeManager* themes_;
};

} // namespace

LayerReport::LayerReport(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , model_(new LayerModel(this))
    , sorted_(new QSortFilterProxyModel(this))
    , table_(new QTableView) {
    sorted_->setSourceModel(model_);
    sorted_->setSortRole(LayerModel::SortRole);
    sorted_->setSortCaseSensitivity(Qt::CaseInsensitive);
    table_->setModel(sorted_);
    table_->setAccessibleName(tr("Layers, their shapes and their cost"));
    table_->setItemDelegate(new ShareDelegate(themes, table_));
    table_->setShowGrid(false);
    table_->setTabKeyNavigation(false); // Tab leaves it
    table_->setFrameShape(QFrame::NoFrame);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setWordWrap(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(kRow);
    QHeaderView* const header = table_->horizontalHeader();
    header->setHighlightSections(false);
    header->setSortIndicatorClearable(true); // the third click brings the network's order back
    header->setSortIndicator(-1, Qt::AscendingOrder);
    table_->setSortingEnabled(true);
    header->setSectionResizeMode(QHeaderView::Stretch);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(table_);

    auto* const save = new QAction(themes.icon(QStringLiteral("export")),
                                   tr("Save layer report as CSV or Markdown…"), this);
    auto* const copied =
        new QAction(themes.icon(QStringLiteral("copy")), tr("Copy layer report as Markdown"), this);
    connect(save, &QAction::triggered, this, &LayerReport::saveAs);
    connect(copied, &QAction::triggered, this, &LayerReport::copy);
    actions_ = {save, copied};
    connect(document_, &ProjectDocument::analysisChanged, this, [this] {
        stale_ = true;
        refresh();
    });
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &LayerReport::announce);
}

void LayerReport::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

/// A table that nobody sees is not filled.
void LayerReport::refresh() {
    if (!stale_ || !isVisible())
        return;
    stale_ = false;
    quiet_ = true;
    model_->setRows(currentRows());
    quiet_ = false;
    showSelected();
}

std::vector<LayerRow> LayerReport::currentRows() const {
    return layerTable(document_->project().network, document_->analysis());
}

void LayerReport::setSelected(const std::vector<NodeId>& nodes) {
    selected_ = nodes;
    if (isVisible() && !quiet_)
        showSelected();
}

void LayerReport::showSelected() {
    const std::set<NodeId> wanted(selected_.begin(), selected_.end());
    QItemSelection rows;
    QModelIndex first;
    for (int row = 0; row < sorted_->rowCount(); ++row) {
        const QModelIndex index = sorted_->index(row, 0);
        const auto source = static_cast<std::size_t>(sorted_->mapToSource(index).row());
        if (!wanted.contains(model_->rows()[source].node))
            continue;
        rows.select(index, index);
        if (!first.isValid())
            first = index;
    }
    quiet_ = true;
    table_->selectionModel()->select(rows, QItemSelectionModel::ClearAndSelect |
                                               QItemSelectionModel::Rows);
    quiet_ = false;
    if (first.isValid())
        table_->scrollTo(first);
}

void LayerReport::announce() {
    if (quiet_)
        return;
    std::vector<NodeId> nodes;
    for (const QModelIndex& index : table_->selectionModel()->selectedRows()) {
        const NodeId node =
            model_->rows()[static_cast<std::size_t>(sorted_->mapToSource(index).row())].node;
        if (std::ranges::find(nodes, node) == nodes.end())
            nodes.push_back(node);
    }
    quiet_ = true; // the canvas will answer: the rows are as they should be
    selected_ = nodes;
    Q_EMIT nodesChosen(nodes);
    quiet_ = false;
}

void LayerReport::save(const QString& file) const {
    const bool markdown =
        QFileInfo(file).suffix().compare(QStringLiteral("md"), Qt::CaseInsensitive) == 0;
    const std::string text = markdown ? tableAsMarkdown(currentRows()) : tableAsCsv(currentRows());
    writeFileAtomically(file.toStdString(), std::string_view(text));
}

void LayerReport::saveAs() {
    const QString file = askSaveFile(window(), tr("Save layer report"),
                                     document_->displayName() + QStringLiteral(".csv"),
                                     {tr("CSV tables (*.csv)"), tr("Markdown tables (*.md)")},
                                     {QStringLiteral(".csv"), QStringLiteral(".md")});
    if (file.isEmpty())
        return;
    try {
        save(file);
        Q_EMIT hint(tr("The layer report was saved as %1").arg(file));
    } catch (const Error& error) {
        QMessageBox::warning(window(), tr("Gradwright"), QString::fromUtf8(error.what()));
    }
}

void LayerReport::copy() {
    QGuiApplication::clipboard()->setText(qstr(tableAsMarkdown(currentRows())));
    Q_EMIT hint(tr("The layer report was copied as Markdown"));
}

} // namespace gradwright

#include "moc_layer_report.cpp"
