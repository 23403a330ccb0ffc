// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCoreApplication>
#include <QString>

namespace gradwright {

/// A text of the canvas in the user's language, for functions that belong to no QObject.
inline QString canvasText(const char* text) {
    return QCoreApplication::translate("Canvas", text);
}

} // namespace gradwright
