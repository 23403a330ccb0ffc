// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/file_dialogs.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QMimeData>
#include <QSettings>
#include <QUrl>

namespace gradwright {
namespace {

QString folderKey() {
    return QStringLiteral("files/folder");
}

QString orLast(const QString& start) {
    return start.isEmpty() ? lastFolder() : start;
}

QString remembered(const QString& chosen) {
    if (!chosen.isEmpty())
        rememberFolder(chosen);
    return chosen;
}

} // namespace

QString lastFolder() {
    const QString folder = QSettings().value(folderKey()).toString();
    return !folder.isEmpty() && QFileInfo(folder).isDir() ? folder : QDir::currentPath();
}

void rememberFolder(const QString& chosen) {
    QSettings().setValue(folderKey(), QFileInfo(chosen).absolutePath());
}

QString askOpenFile(QWidget* parent, const QString& title, const QString& filter,
                    const QString& start) {
    return remembered(QFileDialog::getOpenFileName(parent, title, orLast(start), filter));
}

QString askFolder(QWidget* parent, const QString& title, const QString& start) {
    return remembered(QFileDialog::getExistingDirectory(parent, title, orLast(start)));
}

QString droppedPath(const QMimeData* data) {
    const QList<QUrl> urls = data->urls();
    return urls.size() == 1 && urls.first().isLocalFile() ? urls.first().toLocalFile() : QString();
}

} // namespace gradwright
