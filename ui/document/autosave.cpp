// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/autosave.h"

#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <QFileInfo>

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace gradwright {

namespace {

namespace fs = std::filesystem;

constexpr auto kEnding = ".gradwright";
/// A key of the autosaved file; a version that doesn't know it would keep it.
constexpr auto kFileKey = "autosavedFrom";

QString lockOf(const fs::path& autosave) {
    return QString::fromStdString(autosave.string() + ".lock");
}

std::unique_ptr<QLockFile> tryLock(const fs::path& autosave) {
    auto lock = std::make_unique<QLockFile>(lockOf(autosave));
    lock->setStaleLockTime(0); // however long a session lasts; a dead process is seen by its id
    if (!lock->tryLock(0))
        return nullptr;
    return lock;
}

/// A UUID comes from a file: what is no plain name does not become a path.
std::string safeName(const std::string& uuid) {
    const bool plain = !uuid.empty() && uuid.size() <= 64 && std::ranges::all_of(uuid, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-';
    });
    return plain ? uuid : "project";
}

} // namespace

fs::path defaultAutosaveFolder() {
    return userDataFolder() / "autosave";
}

Recovered readAutosave(const fs::path& autosave) {
    Recovered found{loadProject(autosave), {}};
    const Json file = found.project.extra.take(kFileKey);
    if (file.is_string() && !file.get<std::string>().empty())
        found.file = file.get<std::string>();
    return found;
}

std::vector<RecoverableProject> recoverableProjects(const fs::path& folder) {
    std::vector<RecoverableProject> found;
    std::error_code none;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, none)) {
        if (entry.path().extension() != kEnding || !tryLock(entry.path()))
            continue;
        try {
            const Recovered recovered = readAutosave(entry.path());
            const QFileInfo info(QString::fromStdString(entry.path().string()));
            found.push_back({entry.path(), QString::fromStdString(recovered.project.name),
                             recovered.file, info.lastModified()});
        } catch (const Error&) {
            continue; // nothing in it can be offered
        }
    }
    std::ranges::sort(found, std::greater{}, &RecoverableProject::time);
    return found;
}

Autosave::Autosave(fs::path folder, std::function<void()> save)
    : folder_(std::move(folder))
    , save_(std::move(save)) {
    timer_.setSingleShot(true);
    timer_.setInterval(kDelayMs);
    connect(&timer_, &QTimer::timeout, this, [this] {
        try {
            save_();
        } catch (const std::exception& error) {
            Q_EMIT failed(QString::fromStdString(error.what()));
        }
    });
}

void Autosave::begin(const std::string& uuid) {
    timer_.stop();
    lock_.reset();
    path_.clear();
    uuid_ = safeName(uuid);
}

void Autosave::schedule() {
    if (!timer_.isActive())
        timer_.start();
}

void Autosave::write(const Project& project, const std::optional<fs::path>& file) {
    if (!lock_) {
        std::error_code failure;
        fs::create_directories(folder_, failure);
        constexpr int kWindows = 100;
        for (int i = 0; i < kWindows && !lock_; ++i) {
            const std::string number = i == 0 ? std::string() : fmt::format("-{}", i);
            path_ = folder_ / (uuid_ + number + kEnding);
            lock_ = tryLock(path_);
            // What a crash left there is not ours to overwrite: it is still to be offered.
            if (std::error_code none; lock_ && fs::exists(path_, none))
                lock_.reset();
        }
        if (!lock_)
            throw Error("Cannot keep unsaved work in \"{}\": the folder cannot be written",
                        folder_.string());
    }
    Project kept = project;
    kept.extra.set(kFileKey, file ? fs::absolute(*file).string() : std::string());
    saveProject(path_, kept);
}

void Autosave::discard() {
    timer_.stop();
    if (!lock_)
        return;
    std::error_code none;
    fs::remove(path_, none);
    lock_.reset();
}

} // namespace gradwright

#include "moc_autosave.cpp"
