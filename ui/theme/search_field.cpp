// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/search_field.h"

#include "ui/theme/spoken.h"
#include "ui/theme/theme_manager.h"

#include <QAction>
#include <QCoreApplication>
#include <QLineEdit>

namespace gradwright {

namespace {

QString magnifierName() {
    return QStringLiteral("magnifier");
}

} // namespace

void makeSearchField(QLineEdit& field, const ThemeManager& themes, const QString& prompt,
                     const QString& name) {
    field.setPlaceholderText(prompt);
    field.setAccessibleName(name.isEmpty() ? prompt : name);
    setClearable(field);
    QAction* const magnifier =
        field.addAction(themes.icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    magnifier->setObjectName(magnifierName());
    magnifier->setText(QCoreApplication::translate("Field", "Search"));
    QObject::connect(magnifier, &QAction::triggered, &field, qOverload<>(&QWidget::setFocus));
}

bool isSearchField(const QLineEdit& field) {
    return field.findChild<QAction*>(magnifierName(), Qt::FindDirectChildrenOnly) != nullptr;
}

} // namespace gradwright
