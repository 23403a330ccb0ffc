// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QString>

namespace gradwright {

/// A label that breaks lines and takes no markup, since names in it are the data's. `role` is that
/// of the style sheet: "muted", "caption".
inline QLabel* dataLabel(const char* name, const char* role, const QString& text = {}) {
    auto* const label = new QLabel(text);
    label->setObjectName(QLatin1String(name));
    label->setProperty("textRole", QLatin1String(role));
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

} // namespace gradwright
