// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/optimization/layer_lists.h"

#include "ui/theme/bar_delegate.h"
#include "ui/theme/text.h"

#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSignalBlocker>
#include <QTreeWidget>

#include <algorithm>
#include <set>

namespace gradwright {

namespace {

enum LayerColumn {
    kLayerName,
    kLayerTime,
    kLayerShare,
    kLayerWeights,
    kLayerResults,
    kLayerColumns
};
constexpr int kPartsRole = Qt::UserRole + 2; ///< the paths of the layers that it stands for

QString layerMegabytes(std::size_t bytes) {
    return QObject::tr("%1 MB").arg(1e-6 * static_cast<double>(bytes), 0, 'f',
                                    bytes < 99'500 ? 3 : 2);
}

QString layerMilliseconds(double seconds) {
    return QObject::tr("%1 ms").arg(1e3 * seconds, 0, 'f', seconds < 1e-4 ? 4 : 3);
}

QString captionText(const QString& title, const LayerTimes& times) {
    return QObject::tr("%1: %2 in all; weights %3, activations %4")
        .arg(title, layerMilliseconds(times.sum), layerMegabytes(times.weights),
             layerMegabytes(times.activations));
}

} // namespace

LayerLists::LayerLists(QWidget* parent)
    : QWidget(parent) {
    auto* const grid = new QGridLayout(this); // the lists begin at one height
    grid->setContentsMargins(8, 8, 8, 8);
    grid->setRowStretch(1, 1);
    for (const Side side : {kBefore, kAfter}) {
        auto* const tree = lists_[side] = new QTreeWidget;
        tree->setColumnCount(kLayerColumns);
        tree->setHeaderLabels({tr("Layer"), tr("Time"), tr("Share"), tr("Weights"), tr("Results")});
        tree->setAccessibleName(side == kBefore ? tr("Layers as trained")
                                                : tr("Layers after the passes"));
        tree->setSelectionMode(QAbstractItemView::ExtendedSelection);
        tree->setEditTriggers(QAbstractItemView::NoEditTriggers);
        tree->setTextElideMode(Qt::ElideLeft);
        tree->setItemDelegateForColumn(kLayerTime, new BarDelegate(tree));
        tree->header()->setStretchLastSection(false);
        tree->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
        tree->header()->setSectionResizeMode(kLayerName, QHeaderView::Stretch);
        tree->header()->setMinimumSectionSize(52);
        captions_[side] = new QLabel;
        captions_[side]->setWordWrap(true);
        grid->addWidget(captions_[side], 0, side);
        grid->addWidget(tree, 1, side);
        grid->setColumnStretch(side, 1);
        connect(tree, &QTreeWidget::itemSelectionChanged, this, [this, side] { follow(side); });
    }
    clear();
}

void LayerLists::clear() {
    for (const Side side : {kBefore, kAfter}) {
        const QSignalBlocker quiet(lists_[side]);
        lists_[side]->clear();
        captions_[side]->setText(side == kBefore ? tr("As trained") : tr("After the passes"));
    }
}

void LayerLists::fill(Side side, const std::vector<LayerTime>& layers, double longest) {
    auto* const tree = lists_[side];
    const QSignalBlocker quiet(tree);
    tree->clear();
    for (const LayerTime& layer : layers) {
        auto* const item = new QTreeWidgetItem(tree);
        QStringList parts;
        for (const std::string& part : layer.parts)
            parts << qstr(part);
        item->setText(kLayerName, qstr(layer.path));
        item->setToolTip(kLayerName,
                         tr("%1, %2").arg(parts.join(QStringLiteral(" + ")), qstr(layer.op)));
        item->setData(kLayerName, kPartsRole, parts);
        item->setText(kLayerWeights, layer.weights > 0 ? layerMegabytes(layer.weights) : QString());
        item->setText(kLayerResults, layerMegabytes(layer.results));
        if (longest > 0) {
            item->setText(kLayerTime, layerMilliseconds(layer.median));
            item->setText(kLayerShare, tr("%1 %").arg(100 * layer.share, 0, 'f', 1));
            item->setData(kLayerTime, BarDelegate::kShareRole, layer.median / longest);
            item->setToolTip(kLayerTime, qstr(layer.implementation));
        }
        for (int column = kLayerTime; column < kLayerColumns; ++column)
            item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
        if (parts.size() < 2)
            continue;
        for (const QString& part : parts) {
            auto* const inside = new QTreeWidgetItem(item, {part});
            inside->setData(kLayerName, kPartsRole, QStringList{part});
            inside->setFirstColumnSpanned(true);
        }
        item->setExpanded(true);
    }
}

void LayerLists::showLayers(const std::vector<LayerTime>& before,
                            const std::vector<LayerTime>& after) {
    clear();
    fill(kBefore, before, 0);
    fill(kAfter, after, 0);
}

void LayerLists::showTimes(const LayerTimes& before, const LayerTimes& after) {
    double longest = 0;
    for (const LayerTimes* const times : {&before, &after})
        for (const LayerTime& layer : times->layers)
            longest = std::max(longest, layer.median);
    clear();
    fill(kBefore, before.layers, longest);
    fill(kAfter, after.layers, longest);
    captions_[kBefore]->setText(captionText(tr("As trained"), before));
    captions_[kAfter]->setText(captionText(tr("After the passes"), after));
}

void LayerLists::follow(Side from) {
    if (follows_)
        return;
    follows_ = true;
    std::set<QString> wanted;
    for (const QTreeWidgetItem* const item : lists_[from]->selectedItems())
        for (const QString& part : item->data(kLayerName, kPartsRole).toStringList())
            wanted.insert(part);
    auto* const other = lists_[from == kBefore ? kAfter : kBefore];
    other->clearSelection();
    QTreeWidgetItem* first = nullptr;
    for (int i = 0; i < other->topLevelItemCount(); ++i) {
        auto* const item = other->topLevelItem(i);
        const QStringList parts = item->data(kLayerName, kPartsRole).toStringList();
        if (!std::ranges::any_of(parts, [&](const QString& part) { return wanted.contains(part); }))
            continue;
        item->setSelected(true);
        first = first ? first : item;
    }
    if (first)
        other->scrollToItem(first);
    follows_ = false;
}

} // namespace gradwright

#include "moc_layer_lists.cpp"
