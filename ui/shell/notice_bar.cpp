// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/notice_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include <utility>

namespace gradwright {

NoticeBar::NoticeBar(const ThemeManager& themes, QWidget* parent)
    : QFrame(parent)
    , themes_(&themes)
    , icon_(new QLabel)
    , text_(new QLabel)
    , action_(new QPushButton) {
    setObjectName(QStringLiteral("notice"));
    text_->setTextFormat(Qt::PlainText);
    text_->setWordWrap(true);
    action_->setObjectName(QStringLiteral("noticeAction"));
    auto* const dismiss = new QPushButton(tr("Not now"));
    dismiss->setObjectName(QStringLiteral("noticeDismiss"));
    auto* const row = new QHBoxLayout(this);
    row->setContentsMargins(14, 8, 12, 8);
    row->setSpacing(10);
    row->addWidget(icon_);
    row->addWidget(text_, 1);
    row->addWidget(action_);
    row->addWidget(dismiss);
    connect(action_, &QPushButton::clicked, this, [this] { answer(accepted_); });
    connect(dismiss, &QPushButton::clicked, this, [this] { answer(dismissed_); });
    connect(&themes, &ThemeManager::changed, this, &NoticeBar::dress);
    dress();
    hide();
}

void NoticeBar::dress() {
    const Theme& theme = themes_->theme();
    icon_->setPixmap(themes_->icon(QStringLiteral("info"), &Theme::info).pixmap(QSize(18, 18)));
    setStyleSheet(QStringLiteral("QFrame#notice { background: %1; border: none;"
                                 "border-bottom: 1px solid %2; }")
                      .arg(theme.infoTint.name(), theme.info.name()));
}

void NoticeBar::offer(const QString& text, const QString& action, std::function<void()> accepted,
                      std::function<void()> dismissed) {
    text_->setText(text);
    action_->setText(action);
    accepted_ = std::move(accepted);
    dismissed_ = std::move(dismissed);
    show();
}

void NoticeBar::answer(const std::function<void()>& with) {
    hide();
    const auto call = with; // it may offer something else
    if (call)
        call();
}

} // namespace gradwright
