// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/section.h"

#include "ui/glossary/explanation.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

namespace gradwright {

Section::Section(const QString& title, const ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , header_(new QToolButton)
    , note_(new QLabel)
    , body_(new QWidget)
    , layout_(new QVBoxLayout(body_)) {
    header_->setText(title);
    header_->setProperty("kind", QStringLiteral("section"));
    header_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    header_->setIconSize({14, 14});
    header_->setCheckable(true);
    header_->setChecked(true);
    header_->setIcon(theme.icon(QStringLiteral("chevron-down")));
    note_->setProperty("textRole", QStringLiteral("muted"));
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setSpacing(6);
    auto* line = new QFrame;
    line->setProperty("role", QStringLiteral("line"));
    line->setFixedHeight(1);
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(header_);
    head->addStretch();
    head->addWidget(note_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* inner = new QVBoxLayout;
    inner->setContentsMargins(12, 6, 14, 10);
    inner->setSpacing(4);
    inner->addLayout(head);
    inner->addWidget(body_);
    layout->addLayout(inner);
    layout->addWidget(line);
    connect(header_, &QToolButton::toggled, this, [this, &theme](bool open) {
        body_->setVisible(open);
        header_->setIcon(
            theme.icon(open ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")));
        Q_EMIT toggled(open);
    });
}

void Section::add(QWidget* widget) {
    layout_->addWidget(widget);
}

void Section::setNote(const QString& note) {
    note_->setText(note);
}

void Section::explainBy(std::string_view place) {
    explain(*header_, place);
}

void Section::setOpen(bool open) {
    header_->setChecked(open);
}

bool Section::isOpen() const {
    return header_->isChecked();
}

} // namespace gradwright

#include "moc_section.cpp"
