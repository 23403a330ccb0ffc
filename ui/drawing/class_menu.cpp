// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drawing/class_menu.h"

#include "ui/theme/text.h"

#include <QMenu>

namespace gradwright {

void fillClassMenu(QMenu& menu, const std::vector<std::string>& classes,
                   const std::function<void(const QString& name)>& chosen) {
    menu.clear();
    for (const std::string& each : classes) {
        const QString name = qstr(each);
        QString text = name;
        text.replace(u'&', QStringLiteral("&&"));
        menu.addAction(u'&' + text, &menu, [chosen, name] { chosen(name); });
    }
}

} // namespace gradwright
