// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/recent_projects.h"

#include "ui/shell/network_texts.h"
#include "ui/theme/text.h"

#include <QFileInfo>
#include <QSettings>

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

constexpr int kMostFiles = 8;

QString recentFilesKey() {
    return QStringLiteral("recentFiles");
}

/// With those that are gone: their runs may still be there.
QStringList rememberedFiles() {
    return QSettings().value(recentFilesKey()).toStringList();
}

/// Others have no runs of their own, whatever is called like them.
bool isProjectFile(const QString& file) {
    return file.endsWith(QStringLiteral(".gradwright"), Qt::CaseInsensitive);
}

RecentProject entryOf(const QString& file) {
    const QFileInfo info(file);
    RecentProject entry;
    entry.name = info.completeBaseName();
    entry.file = file;
    entry.time = info.lastModified();
    return entry;
}

RecentProject entryOf(const UnsavedNetwork& network) {
    RecentProject entry;
    entry.name = qstr(network.project.name);
    entry.uuid = network.project.uuid;
    entry.time = localTime(network.time());
    entry.runs = static_cast<qsizetype>(network.runs.size());
    entry.best = bestText(network.best());
    return entry;
}

/// Files as they were opened, and the networks among them by their time.
std::vector<RecentProject> merged(std::vector<RecentProject> files,
                                  const RecentProjects::Networks& networks) {
    for (const UnsavedNetwork& network : networks) {
        if (!network.isTrained() || !network.problem.empty())
            continue;
        RecentProject entry = entryOf(network);
        const auto place = std::ranges::find_if(
            files, [&](const RecentProject& other) { return other.time < entry.time; });
        files.insert(place, std::move(entry));
    }
    return files;
}

std::vector<RecentProject> fileEntries(const QStringList& files) {
    std::vector<RecentProject> entries;
    for (const QString& file : files)
        entries.push_back(entryOf(file));
    return entries;
}

void addRuns(RecentProject& entry, const std::stop_token& stop) {
    const auto runs = readNetwork({runsFolderOf(entry.file.toStdString())}, stop);
    if (!runs)
        return;
    entry.runs = static_cast<qsizetype>(runs->runs.size());
    entry.best = bestText(runs->best());
}

} // namespace

bool RecentProject::onlyAnswers() const {
    return isSaved() && !isProjectFile(file);
}

RecentProjects::RecentProjects(QObject* parent)
    : QObject(parent)
    , projects_(fileEntries(files()))
    , networks_(std::make_shared<const Networks>()) {}

QStringList RecentProjects::files() {
    QStringList all = rememberedFiles();
    erase_if(all, [](const QString& file) { return !QFileInfo::exists(file); });
    return all;
}

void RecentProjects::remember(const QString& file) {
    const QString path = QFileInfo(file).absoluteFilePath();
    QStringList all = rememberedFiles();
    all.removeAll(path);
    all.prepend(path);
    // A file that is gone counts as long as its runs can lead back to it.
    erase_if(all, [](const QString& each) {
        return !QFileInfo::exists(each) &&
               (!isProjectFile(each) ||
                !QFileInfo(qstr(runsFolderOf(each.toStdString()).string())).isDir());
    });
    QSettings().setValue(recentFilesKey(), QStringList(all.mid(0, kMostFiles)));
}

void RecentProjects::refresh() {
    // Those of the settings that are there, with what is known of them already.
    std::vector<RecentProject> now = merged(fileEntries(files()), *networks_);
    for (RecentProject& entry : now)
        for (const RecentProject& known : projects_)
            if (entry.isSaved() && entry.file == known.file)
                std::tie(entry.runs, entry.best) = std::tie(known.runs, known.best);
    projects_ = std::move(now);
    jobs_.cancel(reading_);
    reading_ = jobs_.start([this, remembered = rememberedFiles()](
                               const std::stop_token& stop) -> BackgroundJobs::Delivery {
        std::vector<std::filesystem::path> paths;
        std::vector<RecentProject> entries;
        for (const QString& file : remembered) {
            if (isProjectFile(file))
                paths.emplace_back(file.toStdString());
            if (!QFileInfo::exists(file) || stop.stop_requested())
                continue;
            entries.push_back(entryOf(file));
            if (isProjectFile(file))
                addRuns(entries.back(), stop);
        }
        auto networks = std::make_shared<const Networks>(unsavedNetworks(paths, stop));
        return [this, networks, entries = merged(std::move(entries), *networks)] {
            reading_ = 0;
            networks_ = networks;
            projects_ = entries;
            Q_EMIT changed();
        };
    });
}

} // namespace gradwright

#include "moc_recent_projects.cpp"
