// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/quick_add.h"

#include "ui/theme/fuzzy.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/search_field.h"
#include "ui/theme/text.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {

namespace {

constexpr QSize kQuickAddSize{264, 300};
constexpr int kIcon = 18;
constexpr int kTitleWeight = 4; // a title counts more than what a layer does

QIcon iconFor(const QuickAdd::Entry& entry, const Theme& theme) {
    QPixmap pixmap(2 * kIcon, 2 * kIcon);
    pixmap.setDevicePixelRatio(2);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    drawIcon(painter, QRectF(0, 0, kIcon, kIcon), entry.icon, theme.category(entry.category));
    return pixmap;
}

} // namespace

QuickAdd::QuickAdd(const ThemeManager& themes, std::vector<Entry> entries, QWidget* parent)
    : QDialog(parent, Qt::Popup)
    , themes_(&themes)
    , entries_(std::move(entries))
    , search_(new QLineEdit)
    , list_(new QListWidget) {
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("quickAdd"));
    setAccessibleName(tr("Add a layer"));
    setStyleSheet(QStringLiteral("gradwright--QuickAdd { border: 1px solid %1; }")
                      .arg(themes.theme().border.name()));
    makeSearchField(*search_, themes, tr("Add a layer"));
    search_->installEventFilter(this);
    list_->setFocusPolicy(Qt::NoFocus);
    list_->setUniformItemSizes(true);
    list_->setIconSize({kIcon, kIcon});
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setAccessibleName(tr("Layers that fit"));
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 6);
    layout->setSpacing(4);
    layout->addWidget(search_);
    layout->addWidget(list_);
    connect(search_, &QLineEdit::textChanged, this, &QuickAdd::filter);
    connect(search_, &QLineEdit::returnPressed, this, &QuickAdd::take);
    connect(list_, &QListWidget::itemClicked, this, &QuickAdd::take);
    filter({});
    resize(kQuickAddSize);
    search_->setFocus();
}

void QuickAdd::filter(const QString& typed) {
    std::vector<std::pair<int, const Entry*>> found;
    for (const Entry& entry : entries_) {
        if (const auto score = fuzzyScore(entry.title, typed))
            found.emplace_back(*score * kTitleWeight, &entry);
        else if (entry.doc.contains(typed, Qt::CaseInsensitive))
            found.emplace_back(0, &entry);
    }
    if (!typed.isEmpty())
        std::ranges::stable_sort(found, std::greater{},
                                 [](const auto& each) { return each.first; });
    list_->clear();
    for (const auto& [score, entry] : found) {
        auto* const item =
            new QListWidgetItem(iconFor(*entry, themes_->theme()), entry->title, list_);
        item->setData(Qt::UserRole, qstr(entry->key));
        item->setToolTip(entry->doc);
    }
    list_->setCurrentRow(0);
}

void QuickAdd::take() {
    const QListWidgetItem* const item = list_->currentItem();
    if (item == nullptr)
        return;
    const std::string key = item->data(Qt::UserRole).toString().toStdString();
    close();
    Q_EMIT chosen(key);
}

bool QuickAdd::eventFilter(QObject* watched, QEvent* event) {
    // Every key is the field's, also those that are commands on the canvas.
    if (watched == search_ && event->type() == QEvent::ShortcutOverride) {
        event->accept();
        return true;
    }
    if (watched == search_ && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_PageUp ||
            key == Qt::Key_PageDown) {
            QApplication::sendEvent(list_, event);
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

} // namespace gradwright

#include "moc_quick_add.cpp"
