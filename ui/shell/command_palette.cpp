// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/command_palette.h"

#include "ui/theme/fuzzy.h"
#include "ui/theme/search_field.h"

#include <QAction>
#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QPointer>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>
#include <tuple>

namespace gradwright {

namespace {

constexpr int kWidth = 520;
constexpr int kPaletteHeight = 400;
constexpr int kTop = 64; // below the window's header
constexpr int kCommandRow = 32;

enum Role { IndexRole = Qt::UserRole, MenuRole, KeysRole };

/// Name at the left, its menu after it, its keys at the right.
class RowDelegate final : public QStyledItemDelegate {
public:
    RowDelegate(const ThemeManager& themes, QObject* parent)
        : QStyledItemDelegate(parent)
        , themes_(&themes) {}

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        const Theme& theme = themes_->theme();
        const bool enabled = index.flags().testFlag(Qt::ItemIsEnabled);
        painter->save();
        if (option.state.testFlag(QStyle::State_Selected))
            painter->fillRect(option.rect, theme.selection);
        const QRect texts = option.rect.adjusted(12, 0, -12, 0);
        painter->setFont(textFont(type::kBody));
        painter->setPen(enabled ? theme.text : theme.disabled);
        QRect used;
        painter->drawText(texts, Qt::AlignVCenter | Qt::AlignLeft, index.data().toString(), &used);
        painter->setFont(textFont(type::kCaption));
        painter->setPen(enabled ? theme.text3 : theme.disabled);
        painter->drawText(texts.adjusted(used.width() + 10, 0, 0, 0),
                          Qt::AlignVCenter | Qt::AlignLeft, index.data(MenuRole).toString());
        painter->setFont(fixedFont(type::kCaption));
        painter->drawText(texts, Qt::AlignVCenter | Qt::AlignRight,
                          index.data(KeysRole).toString());
        painter->restore();
    }
    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
        return {0, kCommandRow};
    }

private:
    const ThemeManager* themes_;
};

} // namespace

CommandPalette::CommandPalette(std::vector<ListedAction> actions, const ThemeManager& themes,
                               QWidget* window)
    : QDialog(window, Qt::Popup)
    , actions_(std::move(actions))
    , search_(new QLineEdit)
    , list_(new QListWidget) {
    setAttribute(Qt::WA_DeleteOnClose);
    setAccessibleName(tr("Commands"));
    setStyleSheet(QStringLiteral("gradwright--CommandPalette { border: 1px solid %1; }")
                      .arg(themes.theme().border.name()));
    makeSearchField(*search_, themes, tr("Type what you want to do"));
    search_->installEventFilter(this);
    list_->setAccessibleName(tr("Commands"));
    list_->setFocusPolicy(Qt::NoFocus);
    list_->setUniformItemSizes(true);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setItemDelegate(new RowDelegate(themes, list_));
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->setSpacing(6);
    layout->addWidget(search_);
    layout->addWidget(list_);
    connect(search_, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(search_, &QLineEdit::returnPressed, this, &CommandPalette::runCurrent);
    connect(list_, &QListWidget::itemClicked, this, &CommandPalette::runCurrent);
    filter({});
    resize(kWidth, std::min(kPaletteHeight, window->height() - 2 * kTop));
    move(window->mapToGlobal(QPoint((window->width() - kWidth) / 2, kTop)));
    search_->setFocus();
}

bool CommandPalette::isExtra(const ListedAction& each) {
    return each.isExtra;
}

void CommandPalette::filter(const QString& typed) {
    std::vector<std::pair<int, const ListedAction*>> found;
    for (const ListedAction& each : actions_) {
        if (!each.action)
            continue;
        const QString title = each.title();
        if (isExtra(each) && typed.trimmed().isEmpty())
            continue; // commands alone, until something is looked for
        if (answersWords(title, typed))
            found.emplace_back(1 + fuzzyScore(title, typed).value_or(0) +
                                   (each.action->isEnabled() ? 1 : 0),
                               &each);
        else if (answersWords(each.menu + u' ' + title, typed))
            found.emplace_back(0, &each);
    }
    if (!typed.isEmpty())
        // What does something comes before what explains it.
        std::ranges::stable_sort(found, std::greater{}, [](const auto& entry) {
            const auto& [score, each] = entry;
            return std::tuple(score > 0, !each->explains, score);
        });
    list_->clear();
    for (const auto& [score, each] : found) {
        auto* const item = new QListWidgetItem(each->title(), list_);
        item->setData(IndexRole, QVariant::fromValue<qsizetype>(each - actions_.data()));
        item->setData(MenuRole, each->menu);
        item->setData(KeysRole, each->action->shortcut().toString(QKeySequence::NativeText));
        item->setToolTip(each->action->toolTip());
        if (!each->action->isEnabled())
            item->setFlags(item->flags() & ~Qt::ItemIsEnabled);
    }
    if (found.empty()) {
        auto* const nothing =
            new QListWidgetItem(tr("Nothing is called “%1”.").arg(typed.trimmed()), list_);
        nothing->setFlags(Qt::NoItemFlags);
    }
    list_->setCurrentRow(0);
}

void CommandPalette::runCurrent() {
    const QListWidgetItem* const item = list_->currentItem();
    if (item == nullptr || !item->flags().testFlag(Qt::ItemIsEnabled))
        return;
    const auto index = static_cast<std::size_t>(item->data(IndexRole).value<qsizetype>());
    const QPointer<QAction> action = actions_[index].action;
    close();
    if (action)
        action->trigger();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (watched == search_ && event->type() == QEvent::KeyPress) {
        switch (static_cast<QKeyEvent*>(event)->key()) {
        case Qt::Key_Up:
        case Qt::Key_Down:
        case Qt::Key_PageUp:
        case Qt::Key_PageDown:
            QApplication::sendEvent(list_, event);
            return true;
        default:
            break;
        }
    }
    return QDialog::eventFilter(watched, event);
}

} // namespace gradwright

#include "moc_command_palette.cpp"
