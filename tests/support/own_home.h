// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCoreApplication>
#include <QSettings>
#include <QString>

namespace gradwright::test {

/// Data, settings and what calibration found are read from and written to this folder: nothing of
/// the user's is touched.
inline void liveIn(const QString& folder) {
    qputenv("XDG_DATA_HOME", folder.toUtf8());
    qputenv("XDG_CACHE_HOME", folder.toUtf8());
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder);
    QCoreApplication::setOrganizationName(QStringLiteral("gradwright"));
}

} // namespace gradwright::test
