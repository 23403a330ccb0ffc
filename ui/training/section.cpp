// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/section.h"

#include "ui/theme/theme_manager.h"

#include <QFrame>
#include <QToolButton>
#include <QVBoxLayout>

namespace gradwright {

Section::Section(const QString& title, ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , header_(new QToolButton)
    , body_(new QWidget)
    , layout_(new QVBoxLayout(body_)) {
    header_->setText(title);
    header_->setProperty("kind", QStringLiteral("section"));
    header_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    header_->setIconSize({14, 14});
    header_->setCheckable(true);
    header_->setChecked(true);
    header_->setIcon(theme.icon(QStringLiteral("chevron-down")));
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setSpacing(6);
    auto* line = new QFrame;
    line->setProperty("role", QStringLiteral("line"));
    line->setFixedHeight(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* inner = new QVBoxLayout;
    inner->setContentsMargins(12, 6, 14, 10);
    inner->setSpacing(4);
    inner->addWidget(header_);
    inner->addWidget(body_);
    layout->addLayout(inner);
    layout->addWidget(line);
    connect(header_, &QToolButton::toggled, this, [this, &theme](bool open) {
        body_->setVisible(open);
        header_->setIcon(
            theme.icon(open ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")));
    });
}

void Section::add(QWidget* widget) {
    layout_->addWidget(widget);
}

} // namespace gradwright
