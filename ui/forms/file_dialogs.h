// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QMimeData;
class QWidget;

namespace gradwright {

/// The folder of the file or folder that was chosen last, now or when the program ran before, while
/// it exists; otherwise the current one. What is opened and what is made of it mostly lie together.
QString lastFolder();
void rememberFolder(const QString& chosen);

/// Like QFileDialog's functions, beginning in `start`, or in lastFolder() where that is empty.
/// Empty when cancelled.
QString askOpenFile(QWidget* parent, const QString& title, const QString& filter = {},
                    const QString& start = {});
QString askFolder(QWidget* parent, const QString& title, const QString& start = {});

/// The only file or folder that is being dropped; empty where it is none, or several.
QString droppedPath(const QMimeData* data);

} // namespace gradwright
