// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/palette/layer_palette.h"

#include "engine/layers/catalog.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/search_field.h"
#include "ui/theme/text.h"

#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {

namespace {

constexpr int kKeyRole = Qt::UserRole;          ///< a layer's key; none for a category
constexpr int kCategoryRole = Qt::UserRole + 1; ///< number of the category
constexpr int kRowHeight = 27;

/// Rows as the design has them: a square and the number of layers for a category, an icon for a
/// layer.
class RowDelegate final : public QStyledItemDelegate {
public:
    RowDelegate(const ThemeManager& themes, QTreeWidget* tree)
        : QStyledItemDelegate(tree)
        , themes_(&themes)
        , tree_(tree) {}

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
        return {100, kRowHeight};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        const Theme& theme = themes_->theme();
        const auto category = static_cast<Category>(index.data(kCategoryRole).toInt());
        const QRectF row(0, option.rect.top(), tree_->viewport()->width(), option.rect.height());
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        if (selected || option.state.testFlag(QStyle::State_MouseOver)) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(selected ? theme.selection : theme.hover);
            painter->drawRoundedRect(row.adjusted(6, 1, -6, -1), 6, 6);
        }
        const double middle = row.center().y();
        if (index.data(kKeyRole).isNull()) {
            const QString chevron = tree_->isExpanded(index) ? QStringLiteral("chevron-down")
                                                             : QStringLiteral("chevron-right");
            drawIcon(*painter, QRectF(10, middle - 6, 12, 12), chevron, theme.text3);
            painter->setPen(Qt::NoPen);
            painter->setBrush(theme.category(category));
            painter->drawRoundedRect(QRectF(28, middle - 4, 8, 8), 2, 2);
            painter->setFont(textFont(type::kBody, QFont::DemiBold));
            painter->setPen(theme.text);
            const QString count = QString::number(tree_->model()->rowCount(index));
            const QFontMetrics countMetrics(textFont(type::kDense));
            painter->drawText(row.adjusted(43, 0, -18 - countMetrics.horizontalAdvance(count), 0),
                              Qt::AlignVCenter, index.data().toString());
            painter->setFont(textFont(type::kDense));
            painter->setPen(theme.text3);
            painter->drawText(row.adjusted(0, 0, -14, 0), Qt::AlignVCenter | Qt::AlignRight, count);
        } else {
            drawIcon(*painter, QRectF(27, middle - 9, 18, 18),
                     index.data(kKeyRole).toString() == QLatin1String("output")
                         ? QStringLiteral("output")
                     : index.data(kKeyRole).toString().contains(u':') ? QStringLiteral("block")
                                                                      : iconOf(category),
                     theme.category(category));
            painter->setFont(textFont(type::kBody));
            painter->setPen(selected ? theme.text : theme.text2);
            painter->drawText(row.adjusted(54, 0, -8, 0), Qt::AlignVCenter,
                              index.data().toString());
        }
        painter->restore();
    }

private:
    const ThemeManager* themes_;
    QTreeWidget* tree_;
};

class LayerTree final : public QTreeWidget {
public:
    explicit LayerTree(QString mimeType)
        : mimeType_(std::move(mimeType)) {}

protected:
    [[nodiscard]] QStringList mimeTypes() const override { return {mimeType_}; }
    [[nodiscard]] QMimeData* mimeData(const QList<QTreeWidgetItem*>& items) const override {
        if (items.isEmpty() || items.first()->data(0, kKeyRole).isNull())
            return nullptr;
        auto* const carried = new QMimeData;
        carried->setData(mimeType_, items.first()->data(0, kKeyRole).toString().toUtf8());
        return carried;
    }

private:
    QString mimeType_;
};

} // namespace

LayerPalette::LayerPalette(const ThemeManager& themes, const QString& mimeType, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes)
    , search_(new QLineEdit)
    , nothing_(new QLabel)
    , tree_(new LayerTree(mimeType)) {
    makeSearchField(*search_, themes, tr("Search layers"));
    search_->installEventFilter(this);
    tree_->setItemDelegate(new RowDelegate(themes, tree_));
    tree_->setHeaderHidden(true);
    tree_->setIndentation(0);
    tree_->setRootIsDecorated(false);
    tree_->setExpandsOnDoubleClick(false);
    tree_->setMouseTracking(true);
    tree_->setDragEnabled(true);
    tree_->setDragDropMode(QAbstractItemView::DragOnly);
    tree_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    tree_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    tree_->setAccessibleName(tr("Layers"));
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 8, 0, 0);
    layout->setSpacing(6);
    auto* const searchRow = new QVBoxLayout;
    searchRow->setContentsMargins(10, 0, 10, 0);
    searchRow->addWidget(search_);
    layout->addLayout(searchRow);
    nothing_->setObjectName(QStringLiteral("nothing found"));
    nothing_->setProperty("textRole", QStringLiteral("muted"));
    nothing_->setContentsMargins(12, 4, 12, 4);
    nothing_->setTextFormat(Qt::PlainText);
    nothing_->setWordWrap(true);
    nothing_->hide();
    layout->addWidget(nothing_);
    layout->addWidget(tree_);
    fill();

    connect(search_, &QLineEdit::textChanged, this, &LayerPalette::filter);
    connect(tree_, &QTreeWidget::itemActivated, this,
            [this](QTreeWidgetItem* item) { choose(item); });
    connect(tree_, &QTreeWidget::itemClicked, this, [](QTreeWidgetItem* item) {
        if (item->data(0, kKeyRole).isNull())
            item->setExpanded(!item->isExpanded());
    });
    tree_->setContextMenuPolicy(Qt::CustomContextMenu);
    tree_->installEventFilter(this);
    connect(tree_, &QTreeWidget::customContextMenuRequested, this, &LayerPalette::showMenu);
    connect(themes_, &ThemeManager::changed, tree_->viewport(), qOverload<>(&QWidget::update));
}

void LayerPalette::focusSearch() {
    search_->setFocus();
    search_->selectAll();
}

void LayerPalette::fill() {
    for (const CategoryInfo& info : categories()) {
        QTreeWidgetItem* parent = nullptr;
        for (const LayerDef& layer : layerCatalog()) {
            if (layer.category != info.category || layer.insideBlocksOnly)
                continue;
            if (parent == nullptr) {
                parent = new QTreeWidgetItem(tree_, {qstr(info.title)});
                parent->setData(0, kCategoryRole, static_cast<int>(info.category));
                parent->setFlags(Qt::ItemIsEnabled);
            }
            auto* const item = new QTreeWidgetItem(parent, {qstr(layer.title)});
            item->setData(0, kKeyRole, qstr(layer.key));
            item->setData(0, kCategoryRole, static_cast<int>(info.category));
            item->setToolTip(0, qstr(layer.doc));
            item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled);
        }
    }
    tree_->expandAll();
}

void LayerPalette::setBlocks(const std::vector<Block>& blocks) {
    if (blocks == blocks_)
        return;
    blocks_ = blocks;
    fillBlocks();
    if (!search_->text().isEmpty())
        filter(search_->text());
}

void LayerPalette::fillBlocks() {
    const QString title = tr("Blocks");
    for (int i = tree_->topLevelItemCount() - 1; i >= 0; --i)
        if (tree_->topLevelItem(i)->text(0) == title)
            delete tree_->takeTopLevelItem(i);
    if (blocks_.empty())
        return;
    auto* const parent = new QTreeWidgetItem(tree_, {title});
    parent->setData(0, kCategoryRole, static_cast<int>(Category::Shape));
    parent->setFlags(Qt::ItemIsEnabled);
    for (const Block& block : blocks_) {
        auto* const item = new QTreeWidgetItem(parent, {block.title});
        item->setData(0, kKeyRole, block.key);
        item->setData(0, kCategoryRole, static_cast<int>(Category::Shape));
        item->setToolTip(0, block.toolTip);
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled);
    }
    parent->setExpanded(true);
}

void LayerPalette::filter(const QString& text) {
    const QString wanted = text.trimmed();
    QTreeWidgetItem* first = nullptr;
    for (int i = 0; i < tree_->topLevelItemCount(); ++i) {
        QTreeWidgetItem* const category = tree_->topLevelItem(i);
        const bool whole = category->text(0).contains(wanted, Qt::CaseInsensitive);
        bool any = false;
        for (int j = 0; j < category->childCount(); ++j) {
            QTreeWidgetItem* const item = category->child(j);
            const bool fits = whole || item->text(0).contains(wanted, Qt::CaseInsensitive) ||
                              item->data(0, kKeyRole).toString().contains(wanted);
            item->setHidden(!fits);
            any = any || fits;
            // A layer's own name counts more than its category's.
            if (fits &&
                (first == nullptr || (!first->text(0).startsWith(wanted, Qt::CaseInsensitive) &&
                                      item->text(0).startsWith(wanted, Qt::CaseInsensitive))))
                first = item;
        }
        category->setHidden(!any);
        if (!wanted.isEmpty())
            category->setExpanded(true);
    }
    tree_->setCurrentItem(wanted.isEmpty() ? nullptr : first);
    nothing_->setText(tr("No layer or block is called “%1”.").arg(wanted));
    nothing_->setVisible(first == nullptr);
}

void LayerPalette::choose(const QTreeWidgetItem* item) {
    if (item != nullptr && !item->data(0, kKeyRole).isNull())
        Q_EMIT layerChosen(item->data(0, kKeyRole).toString().toStdString());
}

bool LayerPalette::isRemovable(const QTreeWidgetItem* item) const {
    const QString key = item != nullptr ? item->data(0, kKeyRole).toString() : QString();
    return std::ranges::any_of(
        blocks_, [&](const Block& block) { return block.isRemovable && block.key == key; });
}

void LayerPalette::askRemoval(const QTreeWidgetItem* item) {
    if (isRemovable(item))
        Q_EMIT removalWanted(item->data(0, kKeyRole).toString().toStdString());
}

void LayerPalette::showMenu(QPoint at) {
    const QTreeWidgetItem* const item = tree_->itemAt(at);
    if (item == nullptr || item->data(0, kKeyRole).isNull())
        return;
    QMenu menu(this);
    QAction* const add =
        menu.addAction(themes_->icon(QStringLiteral("plus")), tr("Add to the canvas"));
    QAction* const remove =
        isRemovable(item)
            ? menu.addAction(themes_->icon(QStringLiteral("trash")), tr("Delete from My blocks…"))
            : nullptr;
    const QAction* const chosen = menu.exec(tree_->viewport()->mapToGlobal(at));
    if (chosen == nullptr)
        return;
    if (chosen == add)
        choose(item);
    else if (chosen == remove)
        askRemoval(item);
}

bool LayerPalette::eventFilter(QObject* watched, QEvent* event) {
    // The canvas's Delete would take the key.
    if (watched == tree_ &&
        (event->type() == QEvent::ShortcutOverride || event->type() == QEvent::KeyPress) &&
        static_cast<QKeyEvent*>(event)->matches(QKeySequence::Delete)) {
        event->accept();
        if (event->type() == QEvent::KeyPress)
            askRemoval(tree_->currentItem());
        return true;
    }
    if (watched == search_ && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            choose(tree_->currentItem());
            return true;
        }
        if (key == Qt::Key_Down || key == Qt::Key_Up) {
            tree_->setFocus();
            if (tree_->currentItem() == nullptr)
                tree_->setCurrentItem(tree_->topLevelItem(0)->child(0));
            return true;
        }
        if (key == Qt::Key_Escape) {
            search_->clear();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace gradwright

#include "moc_layer_palette.cpp"
