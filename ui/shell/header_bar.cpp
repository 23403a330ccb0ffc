// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/header_bar.h"

#include "ui/shell/device_chip.h"
#include "ui/theme/icon_engine.h"

#include <QButtonGroup>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenuBar>
#include <QPushButton>
#include <QResizeEvent>
#include <QToolButton>

namespace gradwright {

namespace {

constexpr int kHeaderHeight = 44;
constexpr int kNarrow = 1240;
constexpr int kNarrowDevice = 60; ///< the icon and the sign of the menu beside it

} // namespace

HeaderBar::HeaderBar(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QFrame(parent)
    , themes_(&themes)
    , menus_(new QMenuBar)
    , pageRow_(new QHBoxLayout)
    , pages_(new QButtonGroup(this))
    , train_(new QPushButton) {
    setProperty("role", QStringLiteral("header"));
    setFixedHeight(kHeaderHeight);
    auto* const logo = new QLabel;
    logo->setPixmap(QIcon(QStringLiteral(":/icons/app/gradwright.svg")).pixmap(22, 22));
    menus_->setNativeMenuBar(false);
    menus_->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Maximum);
    pageRow_->setSpacing(4);
    train_->setProperty("kind", QStringLiteral("primary"));
    train_->setObjectName(QStringLiteral("train"));
    train_->setMinimumWidth(96);
    train_->setIconSize(iconBesideText(16));

    // Both sides take the same room, so that the pages stand in the middle.
    auto* const left = new QHBoxLayout;
    left->setSpacing(6);
    left->addWidget(logo);
    left->addWidget(menus_);
    left->addStretch();
    auto* const right = new QHBoxLayout;
    auto* const device = new DeviceChip(document, themes);
    device_ = device;
    connect(device, &DeviceChip::hint, this, &HeaderBar::hint);
    right->setSpacing(8);
    right->addStretch();
    right->addWidget(device);
    right->addWidget(train_);
    auto* const layout = new QHBoxLayout(this);
    row_ = layout;
    layout->setContentsMargins(12, 0, 12, 0);
    layout->addLayout(left, 1);
    layout->addLayout(pageRow_);
    layout->addLayout(right, 1);
    connect(train_, &QPushButton::clicked, this, &HeaderBar::trainClicked);
    setTraining(TrainingState::Idle, 0);
}

void HeaderBar::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    fit();
}

/// Before it was shown, nothing in it had the fonts of the style sheet.
void HeaderBar::showEvent(QShowEvent* event) {
    QFrame::showEvent(event);
    fit();
}

/// With little room the menus come first: the device is an icon, and the pages leave the middle.
void HeaderBar::fit() {
    const bool narrow = width() < kNarrow;
    device_->setIconSize(narrow ? QSize(18, 18) : iconBesideText(18));
    device_->setToolButtonStyle(narrow ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
    device_->setMinimumWidth(narrow ? kNarrowDevice : 0);
    row_->setStretch(2, narrow ? 0 : 1);
    menus_->setMinimumWidth(menus_->sizeHint().width());
    for (const auto style : {Qt::ToolButtonTextBesideIcon, Qt::ToolButtonTextOnly}) {
        for (QAbstractButton* const each : pages_->buttons())
            layOutPage(static_cast<QToolButton&>(*each), style);
        for (int i = 0; i < row_->count(); ++i)
            row_->itemAt(i)->invalidate(); // what they ask for was known before
        row_->invalidate();
        if (row_->minimumSize().width() <= width())
            break;
    }
}

/// The chosen one is painted in bold, which no hint of its size knows.
void HeaderBar::layOutPage(QToolButton& button, Qt::ToolButtonStyle style) {
    button.setToolButtonStyle(style);
    button.ensurePolished();
    QFont bold = button.font();
    bold.setWeight(QFont::DemiBold);
    QFont plain = bold;
    plain.setWeight(QFont::Normal);
    const int more = QFontMetrics(bold).horizontalAdvance(button.text()) -
                     QFontMetrics(plain).horizontalAdvance(button.text());
    button.setMinimumWidth(0);
    button.setMinimumWidth(button.sizeHint().width() + more);
}

void HeaderBar::addPage(const QString& title, const QString& icon) {
    auto* const button = new QToolButton;
    button->setText(title);
    button->setIcon(themes_->icon(icon));
    button->setIconSize(iconBesideText(18));
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setProperty("kind", QStringLiteral("page"));
    button->setCheckable(true);
    button->setAutoExclusive(true); // says to screen readers that one of them is chosen
    button->setFocusPolicy(Qt::TabFocus);
    const int page = static_cast<int>(pages_->buttons().size());
    button->setToolTip(tr("%1 (Ctrl+%2)").arg(title).arg(page + 1));
    pages_->addButton(button, page);
    // Not by clicks: a screen reader toggles the button.
    connect(button, &QToolButton::toggled, this, [this, page](bool chosen) {
        if (chosen)
            Q_EMIT pageChosen(page);
    });
    pageRow_->addWidget(button);
}

void HeaderBar::setPage(int page) {
    if (QAbstractButton* const button = pages_->button(page)) {
        const QSignalBlocker quiet(button);
        button->setChecked(true);
        return;
    }
    // None of them: the gallery is shown.
    pages_->setExclusive(false);
    for (QAbstractButton* const button : pages_->buttons())
        button->setChecked(false);
    pages_->setExclusive(true);
}

void HeaderBar::setTraining(TrainingState state, qsizetype errors) {
    QString text = tr("Start");
    QString icon = QStringLiteral("play");
    QString tip = tr("Start training this network (F5)");
    if (state == TrainingState::Running || state == TrainingState::Preparing) {
        text = tr("Pause");
        icon = QStringLiteral("pause");
        tip = tr("Pause training (F5)");
    } else if (state == TrainingState::Queued) {
        text = tr("Waiting");
        icon = QStringLiteral("clock");
        tip =
            tr("Another window is training; this network is next. Stop removes it from the queue.");
    } else if (state == TrainingState::Paused) {
        text = tr("Resume");
        tip = tr("Resume training (F5)");
    } else if (errors > 0) {
        text = errors == 1 ? tr("1 error") : tr("%1 errors").arg(errors);
        icon = QStringLiteral("error");
        tip = tr("Show the problems that block training");
    }
    train_->setText(text);
    train_->setIcon(themes_->icon(icon, &Theme::onAccent));
    train_->setToolTip(tip);
    fit();
}

} // namespace gradwright

#include "moc_header_bar.cpp"
