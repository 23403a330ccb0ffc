// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drawing/class_menu.h"

#include "ui/theme/text.h"

#include <QEvent>
#include <QMenu>
#include <QVariant>

namespace gradwright {
namespace {

/// While the menu is open, letters are classes, not commands of the page below it.
class MenuKeys final : public QObject {
public:
    using QObject::QObject;

protected:
    bool eventFilter(QObject* /*menu*/, QEvent* event) override {
        if (event->type() != QEvent::ShortcutOverride)
            return false;
        event->accept();
        return true;
    }
};

} // namespace

void fillClassMenu(QMenu& menu, const std::vector<std::string>& classes,
                   const std::function<void(const QString& name)>& chosen) {
    menu.clear();
    if (menu.property("hasOwnKeys").isNull()) {
        menu.setProperty("hasOwnKeys", true);
        menu.installEventFilter(new MenuKeys(&menu));
    }
    for (const std::string& each : classes) {
        const QString name = qstr(each);
        QString text = name;
        text.replace(u'&', QStringLiteral("&&"));
        menu.addAction(u'&' + text, &menu, [chosen, name] { chosen(name); });
    }
}

} // namespace gradwright
