// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/spoken.h"

#include <QAccessible>
#include <QRegularExpression>
#include <QScrollArea>
#include <QStringList>
#include <QWidget>

#include <functional>
#include <set>

namespace gradwright::test {

inline const std::set<QAccessible::Role> kInteractive = {
    QAccessible::Button,      QAccessible::ButtonMenu,  QAccessible::ButtonDropDown,
    QAccessible::CheckBox,    QAccessible::RadioButton, QAccessible::EditableText,
    QAccessible::ComboBox,    QAccessible::Slider,      QAccessible::SpinBox,
    QAccessible::List,        QAccessible::ListItem,    QAccessible::Table,
    QAccessible::Tree,        QAccessible::TreeItem,    QAccessible::PageTab,
    QAccessible::PageTabList, QAccessible::MenuItem,    QAccessible::Chart,
    QAccessible::Canvas,      QAccessible::ProgressBar, QAccessible::Link};

inline void walk(QAccessibleInterface& from,
                 const std::function<void(QAccessibleInterface&)>& visit) {
    visit(from);
    for (int i = 0; i < from.childCount(); ++i)
        if (QAccessibleInterface* const child = from.child(i); child && !child->state().invisible)
            walk(*child, visit);
}

inline QString describe(const QAccessibleInterface& element) {
    const QObject* const object = element.object();
    return QStringLiteral("role %1 \"%2\" (%3 %4)")
        .arg(element.role())
        .arg(element.text(QAccessible::Name),
             object ? QString::fromLatin1(object->metaObject()->className()) : QString(),
             object ? object->objectName() : QString());
}

/// What a screen reader would stumble over, a line each.
inline QStringList faults(QWidget& top) {
    static const QRegularExpression tag(QStringLiteral("</?[a-zA-Z][^<>]*>"));
    QStringList found;
    walk(*QAccessible::queryAccessibleInterface(&top), [&](QAccessibleInterface& element) {
        const QString name = element.text(QAccessible::Name);
        const QString description = element.text(QAccessible::Description);
        if (kInteractive.contains(element.role()) && name.trimmed().isEmpty())
            found << QStringLiteral("no name: ") + describe(element);
        const auto* const widget = qobject_cast<QWidget*>(element.object());
        const bool handsOn = widget != nullptr && widget->focusProxy() != nullptr;
        if (element.state().focusable && !handsOn) {
            if (name.trimmed().isEmpty() && !kInteractive.contains(element.role()))
                found << QStringLiteral("takes keys without a name: ") + describe(element);
            // Areas that scroll are panels to readers, whatever is in them.
            if (element.role() == QAccessible::NoRole ||
                (element.role() == QAccessible::Client &&
                 qobject_cast<QScrollArea*>(element.object()) == nullptr))
                found << QStringLiteral("takes keys without a role: ") + describe(element);
        }
        for (const QString& text : {name, description})
            if (text.contains(tag))
                found << QStringLiteral("tags: %1: %2").arg(describe(element), text);
        const auto* const spoken = dynamic_cast<const Spoken*>(element.object());
        if (spoken == nullptr)
            return;
        if (element.role() != spoken->spokenRole())
            found << QStringLiteral("not as it says itself: ") + describe(element);
        if (element.role() == QAccessible::Chart && description.isEmpty())
            found << QStringLiteral("a chart without values: ") + describe(element);
    });
    return found;
}

inline QAccessibleInterface* find(QWidget& top, const QString& beginning) {
    QAccessibleInterface* found = nullptr;
    walk(*QAccessible::queryAccessibleInterface(&top), [&](QAccessibleInterface& element) {
        if (found == nullptr && element.text(QAccessible::Name).startsWith(beginning))
            found = &element;
    });
    return found;
}

} // namespace gradwright::test
