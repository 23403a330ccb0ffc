// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/remove_runs.h"

#include "engine/io/run_directory.h"
#include "ui/shell/network_texts.h"
#include "ui/theme/text.h"

#include <QCoreApplication>
#include <QDir>
#include <QEventLoop>
#include <QFile>
#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>
#include <QStandardPaths>

#include <exception>
#include <system_error>
#include <thread>

namespace gradwright {

namespace {

namespace fs = std::filesystem;

QString runsText(const char* text) {
    return QCoreApplication::translate("RemoveRuns", text);
}

/// The safe answer is the default.
bool confirmed(QWidget& window, const QString& title, const QString& text, const QString& detail,
               const QString& yes) {
    QMessageBox question(QMessageBox::NoIcon, title, text, QMessageBox::Cancel, &window);
    question.setTextFormat(Qt::PlainText);
    question.setInformativeText(detail);
    QPushButton* const action = question.addButton(yes, QMessageBox::DestructiveRole);
    action->setObjectName(QStringLiteral("confirmDelete"));
    question.setDefaultButton(QMessageBox::Cancel);
    question.button(QMessageBox::Cancel)->setIcon({}); // the style's own would stand alone
    question.exec();
    return question.clickedButton() == action;
}

void warn(QWidget& window, const QString& title, const QString& text) {
    QMessageBox message(QMessageBox::NoIcon, title, text, QMessageBox::Ok, &window);
    message.setTextFormat(Qt::PlainText);
    message.exec();
}

/// Keeps all runs from being resumed meanwhile. Throws Error when one is being written.
std::vector<RunLock> lockAll(const std::vector<RunSummary>& runs) {
    std::vector<RunLock> locks;
    for (const auto& run : runs)
        if (std::error_code none; fs::exists(run.folder / "run.json", none))
            locks.push_back(RunDirectory::open(run.folder).lock());
    return locks;
}

/// Those that are still there afterwards, and why.
struct Left {
    std::vector<fs::path> folders;
    QString reason;
};

/// Whether the trash in the user's home can be used, to which Qt turns last of all. Where it
/// cannot, QFile::moveToTrash() of Qt 6.4 moves the file into a folder "files" of the current
/// folder and returns true.
bool hasTrash() {
    const QDir data(QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation));
    return data.mkpath(QStringLiteral("Trash")) &&
           QFileInfo(data.filePath(QStringLiteral("Trash"))).isWritable();
}

Left moveToTrash(const RunRemoval& removal) {
    Left left;
    if (!hasTrash()) {
        left.folders = removal.folders;
        return left;
    }
    try {
        const auto locks = lockAll(removal.runs);
        for (const fs::path& folder : removal.folders)
            if (!QFile::moveToTrash(qstr(folder.string())))
                left.folders.push_back(folder);
    } catch (const std::exception& error) {
        left.folders = removal.folders;
        left.reason = QString::fromUtf8(error.what());
    }
    return left;
}

Left deleteForGood(const RunRemoval& removal, const std::vector<fs::path>& folders) {
    Left left;
    try {
        const auto locks = lockAll(removal.runs);
        for (const fs::path& folder : folders) {
            std::error_code failure;
            fs::remove_all(folder, failure);
            if (failure) {
                left.folders.push_back(folder);
                left.reason =
                    QStringLiteral("%1: %2").arg(qstr(folder.string()), qstr(failure.message()));
            }
        }
    } catch (const std::exception& error) {
        left.folders = folders;
        left.reason = QString::fromUtf8(error.what());
    }
    return left;
}

} // namespace

void waitFor(const std::function<void()>& work) {
    QEventLoop loop;
    std::thread thread([&] {
        work();
        QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
    });
    loop.exec(QEventLoop::ExcludeUserInputEvents);
    thread.join();
}

RunRemoval removalOf(const UnsavedNetwork& network) {
    return {qstr(network.project.name), facts(network), network.folders, network.runs, {}, {}};
}

RunRemoval removalOf(const UnsavedNetwork& network, const RunSummary& run) {
    return {
        runsText("%1, run of %2").arg(qstr(network.project.name), whenText(localTime(run.time))),
        runsText("%1 on disk").arg(byteSize(static_cast<std::int64_t>(run.bytes))),
        {run.folder},
        {run},
        {},
        {}};
}

bool removeRuns(QWidget& window, const RunRemoval& removal) {
    const QString title = runsText("Delete %1?").arg(removal.title);
    for (const RunSummary& run : removal.runs)
        if (run.locked && !removal.stop) {
            warn(window, title,
                 runsText("%1 is being trained by %2; stop the training first.")
                     .arg(removal.title, writerText(run)));
            return false;
        }
    QStringList details{removal.facts,
                        runsText("The files move to the trash and can be restored from there.")};
    if (!removal.note.isEmpty())
        details << removal.note;
    if (!confirmed(window, title, title, details.join(QLatin1Char('\n')),
                   runsText("Move to trash")))
        return false;
    if (removal.stop)
        removal.stop();
    Left left;
    waitFor([&] { left = moveToTrash(removal); });
    if (left.folders.empty())
        return true;
    if (left.reason.isEmpty()) {
        if (!confirmed(
                window, title, runsText("The trash cannot take %1.").arg(removal.title),
                runsText("Delete it permanently? %1. This cannot be undone.").arg(removal.facts),
                runsText("Delete permanently")))
            return false;
        waitFor([&, folders = left.folders] { left = deleteForGood(removal, folders); });
        if (left.folders.empty())
            return true;
    }
    warn(window, title, left.reason);
    return false;
}

} // namespace gradwright
