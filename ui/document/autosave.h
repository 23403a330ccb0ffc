// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <QDateTime>
#include <QLockFile>
#include <QObject>
#include <QString>
#include <QTimer>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace gradwright {

/// Work of a program that ended without saving or discarding it.
struct RecoverableProject {
    std::filesystem::path autosave;
    QString name;
    std::optional<std::filesystem::path> file; ///< where the project was saved last
    QDateTime time;
};

struct Recovered {
    Project project;
    std::optional<std::filesystem::path> file;
};

/// The folder autosave below userDataFolder().
std::filesystem::path defaultAutosaveFolder();

/// What a crash left, newest first. Files of programs that still run and files that cannot be read
/// are left out.
std::vector<RecoverableProject> recoverableProjects(const std::filesystem::path& folder);
/// Throws Error.
Recovered readAutosave(const std::filesystem::path& autosave);

/// Keeps unsaved work of one project in a folder, 30 s after a change at the latest.
class Autosave : public QObject {
    Q_OBJECT
public:
    static constexpr int kDelayMs = 30'000;

    /// `save` is called when the time has come.
    Autosave(std::filesystem::path folder, std::function<void()> save);

    /// From now on the project of that UUID is kept; one of the same UUID in another window gets a
    /// file of its own.
    void begin(const std::string& uuid);
    /// Something has changed.
    void schedule();
    /// Throws Error.
    void write(const Project& project, const std::optional<std::filesystem::path>& file);
    /// Saved or no longer wanted.
    void discard();
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

Q_SIGNALS:
    void failed(const QString& reason);

private:
    std::filesystem::path folder_;
    std::function<void()> save_;
    std::filesystem::path path_;
    std::string uuid_;
    std::unique_ptr<QLockFile> lock_; ///< shows other programs that this work is alive
    QTimer timer_;
};

} // namespace gradwright
