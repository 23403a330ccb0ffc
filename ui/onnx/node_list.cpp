// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/onnx/node_list.h"

#include "ui/onnx/onnx_document.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/search_field.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <set>

namespace gradwright {
namespace {

constexpr int kNodeRowHeight = 26;
constexpr int kNarrowNodes = 720; ///< in which what nodes make has no room
constexpr int kTightNodes = 540;  ///< in which what they read has none either
constexpr std::array<int, NodeModel::kNodeColumns> kNodeWidths = {150, 95, 120, 120, 190};

} // namespace

NodeList::NodeList(OnnxDocument& document, const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , model_(new NodeModel(document.outline(), this))
    , filter_(new NodeFilter(*model_, this))
    , search_(new QLineEdit)
    , counted_(new QLabel)
    , view_(new QTableView) {
    search_->setObjectName(QStringLiteral("searchNodes"));
    makeSearchField(*search_, themes, tr("Search nodes"),
                    tr("Search nodes by name, operator, value or shape"));
    counted_->setObjectName(QStringLiteral("countedNodes"));
    counted_->setProperty("textRole", QStringLiteral("muted"));
    view_->setObjectName(QStringLiteral("nodes"));
    view_->setAccessibleName(tr("Nodes"));
    view_->setModel(filter_);
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view_->setContextMenuPolicy(Qt::ActionsContextMenu);
    view_->setTabKeyNavigation(false);
    view_->setShowGrid(false);
    view_->setWordWrap(false);
    view_->setTextElideMode(Qt::ElideMiddle); // names begin and end alike
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    view_->verticalHeader()->setDefaultSectionSize(kNodeRowHeight);
    view_->horizontalHeader()->setHighlightSections(false);
    view_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    for (int column = 0; column < NodeModel::kNodeColumns; ++column)
        view_->setColumnWidth(column, kNodeWidths[static_cast<std::size_t>(column)]);
    for (const int column : {NodeModel::kReads, NodeModel::kMakes})
        view_->horizontalHeader()->setSectionResizeMode(column, QHeaderView::Stretch);
    auto* const head = new QHBoxLayout;
    head->addWidget(search_, 1);
    head->addWidget(counted_);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(head);
    layout->addWidget(view_, 1);
    connect(search_, &QLineEdit::textChanged, this, [this](const QString& typed) {
        filter_->setTyped(typed);
        count();
    });
    connect(search_, &QLineEdit::returnPressed, this, [this] {
        if (filter_->rowCount() > 0) {
            view_->setFocus();
            view_->selectRow(0);
        }
    });
    connect(view_->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        if (isFollowing_)
            return;
        keys_.clear();
        for (const auto* const node : selected())
            keys_.push_back(node->key);
        Q_EMIT selectionChanged();
    });
    connect(document_, &OnnxDocument::changed, this, &NodeList::follow);
    follow();
}

/// What has no room here is told at the right of a node that is selected.
void NodeList::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    view_->setColumnHidden(NodeModel::kMakes, width() < kNarrowNodes);
    view_->setColumnHidden(NodeModel::kReads, width() < kTightNodes);
    view_->horizontalHeader()->setSectionResizeMode(
        NodeModel::kTitle, width() < kTightNodes ? QHeaderView::Stretch : QHeaderView::Interactive);
}

void NodeList::beginSearch() {
    search_->setFocus();
    search_->selectAll();
}

std::vector<const OnnxOutline::Node*> NodeList::selected() const {
    std::vector<int> rows;
    for (const QModelIndex& index : view_->selectionModel()->selectedRows())
        rows.push_back(filter_->mapToSource(index).row());
    std::ranges::sort(rows);
    std::vector<const OnnxOutline::Node*> nodes;
    for (const int row : rows)
        if (row < std::ssize(document_->outline().nodes))
            nodes.push_back(&model_->node(row));
    return nodes;
}

/// The same nodes, where they are now, or the row at which the first one was.
void NodeList::follow() {
    const int first = view_->currentIndex().row();
    isFollowing_ = true;
    model_->reset();
    const std::set<std::string> wanted(keys_.begin(), keys_.end());
    QItemSelection selection;
    QModelIndex current;
    for (int row = 0; row < model_->rowCount() && !wanted.empty(); ++row) {
        const auto& key = model_->node(row).key;
        if (key.empty() || !wanted.contains(key))
            continue;
        const QModelIndex shown = filter_->mapFromSource(model_->index(row, 0));
        if (!shown.isValid())
            continue;
        selection.select(shown, shown);
        if (!current.isValid())
            current = shown;
    }
    if (!current.isValid() && first >= 0 && filter_->rowCount() > 0) {
        current = filter_->index(std::min(first, filter_->rowCount() - 1), 0);
        selection.select(current, current);
    }
    if (current.isValid()) {
        view_->selectionModel()->setCurrentIndex(current, QItemSelectionModel::NoUpdate);
        view_->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect |
                                                       QItemSelectionModel::Rows);
        view_->scrollTo(current);
    }
    keys_.clear();
    for (const auto* const node : selected())
        keys_.push_back(node->key);
    isFollowing_ = false;
    count();
    Q_EMIT selectionChanged();
}

void NodeList::count() {
    const int shown = filter_->rowCount();
    const int all = model_->rowCount();
    counted_->setText(shown == all ? countedText(all, tr("1 node"), tr("%1 nodes"))
                                   : tr("%1 of %2").arg(fullNumber(shown), fullNumber(all)));
}

} // namespace gradwright

#include "moc_node_list.cpp"
