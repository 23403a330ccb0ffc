// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/project_files.h"

#include "engine/support/error.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QLocale>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>

namespace gradwright {

namespace {

constexpr int kMostRecent = 8;

QString recentKey() {
    return QStringLiteral("recentFiles");
}

QString fileFilter() {
    return ProjectFiles::tr("Gradwright projects (*.gradwright)");
}

QString toQString(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

} // namespace

ProjectFiles::ProjectFiles(ProjectDocument& document, QWidget& window)
    : QObject(&window)
    , document_(&document)
    , window_(&window) {}

bool ProjectFiles::attempt(const std::function<void()>& action) {
    try {
        action();
        return true;
    } catch (const std::exception& error) {
        QMessageBox::warning(window_, tr("Gradwright"), QString::fromUtf8(error.what()));
        return false;
    }
}

void ProjectFiles::newBlank() {
    if (!mayReplace())
        return;
    document_->newProject();
    Q_EMIT opened();
}

void ProjectFiles::newFromTemplate(const std::string& key) {
    if (mayReplace() && attempt([&] { document_->newFromTemplate(key); }))
        Q_EMIT opened();
}

void ProjectFiles::open() {
    const QString file =
        QFileDialog::getOpenFileName(window_, tr("Open project"), {}, fileFilter());
    if (!file.isEmpty())
        openFile(file);
}

void ProjectFiles::openFile(const QString& file) {
    if (!mayReplace() || !attempt([&] { document_->open(file.toStdString()); }))
        return;
    remember(file);
    Q_EMIT opened();
}

bool ProjectFiles::save() {
    if (!document_->file())
        return saveAs();
    return attempt([this] { document_->save(); });
}

bool ProjectFiles::saveAs() {
    const QString proposal = document_->file()
                                 ? toQString(*document_->file())
                                 : document_->displayName() + QStringLiteral(".gradwright");
    QString file =
        QFileDialog::getSaveFileName(window_, tr("Save project"), proposal, fileFilter());
    if (file.isEmpty())
        return false;
    if (QFileInfo(file).suffix().isEmpty())
        file += QStringLiteral(".gradwright");
    if (!attempt([&] { document_->saveAs(file.toStdString()); }))
        return false;
    remember(file);
    return true;
}

bool ProjectFiles::mayReplace() {
    if (!document_->isModified())
        return true;
    QMessageBox question(QMessageBox::Question, tr("Unsaved changes"),
                         tr("Save the changes to %1?").arg(document_->displayName()),
                         QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, window_);
    question.setDefaultButton(QMessageBox::Save);
    switch (question.exec()) {
    case QMessageBox::Save:
        return save();
    case QMessageBox::Discard:
        return true;
    default:
        return false;
    }
}

void ProjectFiles::offerRecovery() {
    for (const RecoverableProject& found : recoverableProjects(defaultAutosaveFolder())) {
        QMessageBox question(
            QMessageBox::Question, tr("Unsaved work was found"),
            tr("Gradwright ended before the changes to %1 were saved. They were kept on %2.")
                .arg(found.name, QLocale().toString(found.time, QLocale::ShortFormat)),
            QMessageBox::NoButton, window_);
        if (found.file)
            question.setInformativeText(
                tr("%1 is as it was saved before.").arg(toQString(*found.file)));
        const auto* const recover = question.addButton(tr("Recover"), QMessageBox::AcceptRole);
        const auto* const discard = question.addButton(tr("Discard"), QMessageBox::DestructiveRole);
        question.addButton(tr("Later"), QMessageBox::RejectRole);
        question.exec();
        if (question.clickedButton() == discard)
            attempt([&] { std::filesystem::remove(found.autosave); });
        if (question.clickedButton() != recover)
            continue;
        if (attempt([&] { document_->recover(found); }))
            Q_EMIT opened();
        return;
    }
}

QStringList ProjectFiles::recent() {
    QStringList files = QSettings().value(recentKey()).toStringList();
    erase_if(files, [](const QString& file) { return !QFileInfo::exists(file); });
    return files;
}

void ProjectFiles::remember(const QString& file) {
    const QString path = QFileInfo(file).absoluteFilePath();
    QStringList files = recent();
    files.removeAll(path);
    files.prepend(path);
    QSettings().setValue(recentKey(), QStringList(files.mid(0, kMostRecent)));
}

} // namespace gradwright
