// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/notice_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include <iterator>
#include <utility>

namespace gradwright {

NoticeBar::NoticeBar(const ThemeManager& themes, QWidget* parent)
    : QFrame(parent)
    , themes_(&themes)
    , icon_(new QLabel)
    , text_(new QLabel)
    , action_(new QPushButton)
    , dismiss_(new QPushButton) {
    setObjectName(QStringLiteral("notice"));
    text_->setTextFormat(Qt::PlainText);
    text_->setWordWrap(true);
    action_->setObjectName(QStringLiteral("noticeAction"));
    dismiss_->setObjectName(QStringLiteral("noticeDismiss"));
    auto* const row = new QHBoxLayout(this);
    row->setContentsMargins(14, 8, 12, 8);
    row->setSpacing(10);
    row->addWidget(icon_);
    row->addWidget(text_, 1);
    row->addWidget(action_);
    row->addWidget(dismiss_);
    connect(action_, &QPushButton::clicked, this, [this] { answer(true); });
    connect(dismiss_, &QPushButton::clicked, this, [this] { answer(false); });
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

int NoticeBar::offer(Offer offer) {
    offers_.emplace(++last_, std::move(offer));
    showNewest();
    return last_;
}

void NoticeBar::withdraw(int number) {
    if (offers_.erase(number) > 0)
        showNewest();
}

void NoticeBar::showNewest() {
    setVisible(!offers_.empty());
    if (offers_.empty())
        return;
    const Offer& newest = offers_.rbegin()->second;
    text_->setText(newest.text);
    action_->setText(newest.action);
    dismiss_->setText(newest.dismissal);
}

void NoticeBar::answer(bool accepted) {
    if (offers_.empty())
        return;
    const auto newest = std::prev(offers_.end());
    const Offer answered = std::move(newest->second);
    offers_.erase(newest);
    showNewest();
    // It may offer something else.
    if (const auto& call = accepted ? answered.accepted : answered.dismissed)
        call();
}

} // namespace gradwright

#include "moc_notice_bar.cpp"
