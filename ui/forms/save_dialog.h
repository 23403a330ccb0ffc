// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

class QWidget;

namespace gradwright {

/// Asks where to save a file that has one of `endings` (".csv"), each of which has a filter of the
/// dialog. A name without an ending gets that of the chosen filter; when that names a file that is
/// there, which the dialog has not asked about, this does. A proposal without a folder is made for
/// lastFolder(). Empty when it was cancelled.
QString askSaveFile(QWidget* parent, const QString& title, const QString& proposal,
                    const QStringList& filters, const QStringList& endings);

} // namespace gradwright
