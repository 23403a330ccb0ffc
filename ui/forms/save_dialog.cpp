// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/save_dialog.h"

#include "ui/forms/file_dialogs.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>

#include <algorithm>

namespace gradwright {

QString askSaveFile(QWidget* parent, const QString& title, const QString& proposal,
                    const QStringList& filters, const QStringList& endings) {
    QString filter;
    const QString named =
        QFileDialog::getSaveFileName(parent, title, QDir(lastFolder()).absoluteFilePath(proposal),
                                     filters.join(QStringLiteral(";;")), &filter);
    if (!named.isEmpty())
        rememberFolder(named);
    const auto has = [&](const QString& ending) {
        return named.endsWith(ending, Qt::CaseInsensitive);
    };
    if (named.isEmpty() || std::ranges::any_of(endings, has))
        return named;
    const QString file = named + endings[std::max<qsizetype>(filters.indexOf(filter), 0)];
    if (QFileInfo::exists(file) &&
        QMessageBox::question(
            parent, title,
            QCoreApplication::translate("SaveDialog", "%1 already exists. Replace it?")
                .arg(file)) != QMessageBox::Yes)
        return {};
    return file;
}

} // namespace gradwright
