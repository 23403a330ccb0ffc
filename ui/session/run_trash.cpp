// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/run_trash.h"

#include "engine/io/run_directory.h"
#include "engine/support/error.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>

#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

/// Where the user's trash cannot be used, QFile::moveToTrash() of Qt 6.4 moves into a folder
/// "files" of the current folder and returns true.
bool hasTrashFolder() {
    const QDir data(QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation));
    return data.mkpath(QStringLiteral("Trash")) &&
           QFileInfo(data.filePath(QStringLiteral("Trash"))).isWritable();
}

} // namespace

TrashedRun moveRunToTrash(const fs::path& folder) {
    const auto run = RunDirectory::open(folder);
    const auto lock = run.lock();
    return moveFolderToTrash(folder, "run");
}

TrashedRun moveFolderToTrash(const fs::path& folder, const char* what) {
    QString inTrash;
    if (!hasTrashFolder() ||
        !QFile::moveToTrash(QString::fromStdString(folder.string()), &inTrash) || inTrash.isEmpty())
        throw Error("{}: the trash cannot take the {}; it stays where it is", folder.string(),
                    what);
    return {folder, inTrash.toStdString()};
}

void restoreRun(const TrashedRun& run) {
    std::error_code failure;
    if (!fs::exists(run.inTrash, failure))
        throw Error("{}: the run is not in the trash any more", run.inTrash.string());
    if (fs::exists(fs::symlink_status(run.folder, failure)))
        throw Error("{}: the run cannot come back, its place is taken", run.folder.string());
    fs::create_directories(run.folder.parent_path(), failure);
    fs::rename(run.inTrash, run.folder, failure);
    if (failure)
        throw Error("{}: the run cannot be brought back ({})", run.inTrash.string(),
                    failure.message());
    // What the trash has noted of it, after the specification of freedesktop.org:
    // info/NAME.trashinfo beside files/NAME.
    const auto note = run.inTrash.parent_path().parent_path() / "info" /
                      (run.inTrash.filename().string() + ".trashinfo");
    fs::remove(note, failure);
}

} // namespace gradwright
