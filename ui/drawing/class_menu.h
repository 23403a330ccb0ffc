// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <functional>
#include <string>
#include <vector>

class QMenu;

namespace gradwright {

/// Fills a menu with the names of classes; the first letter of a class is its key.
void fillClassMenu(QMenu& menu, const std::vector<std::string>& classes,
                   const std::function<void(const QString& name)>& chosen);

} // namespace gradwright
