// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/interrupted_training.h"

#include "engine/project/runs.h"
#include "engine/support/json.h"

#include <QSettings>
#include <QVariantMap>

#include <algorithm>

namespace gradwright {

namespace {

namespace fs = std::filesystem;

/// Folder of the run to file of the project, which may be empty.
QString interruptedTrainingKey() {
    return QStringLiteral("interruptedTraining");
}

QVariantMap rememberedRuns() {
    return QSettings().value(interruptedTrainingKey()).toMap();
}

struct Findings {
    std::vector<InterruptedRun> runs;
    std::vector<fs::path> gone; ///< finished, deleted or broken: not to be looked at again
};

Findings inspect(const QVariantMap& remembered) {
    Findings findings;
    for (auto each = remembered.begin(); each != remembered.end(); ++each) {
        const fs::path folder = each.key().toStdString();
        try {
            const auto run = RunDirectory::open(folder);
            if (run.isLocked())
                continue; // another window trains it
            InterruptedRun found{
                readHistory(run), QString::fromStdString(projectOfRun(run).name), {}};
            if (const fs::path file = each.value().toString().toStdString(); !file.empty())
                found.projectFile = file;
            if (found.history.resumable)
                findings.runs.push_back(std::move(found));
            else
                findings.gone.push_back(folder);
        } catch (const std::exception&) {
            findings.gone.push_back(folder);
        }
    }
    // A run's name begins with its time.
    std::ranges::sort(findings.runs, std::greater{},
                      [](const InterruptedRun& run) { return run.history.folder.filename(); });
    return findings;
}

} // namespace

InterruptedTraining::InterruptedTraining(ProjectDocument& document, TrainingSession& session,
                                         QObject* parent)
    : QObject(parent)
    , document_(&document) {
    connect(&session, &TrainingSession::started, this,
            [this, &session](const RunStarted& event) { remember(event.run, *session.job()); });
    // A project that is saved while it trains is to be found again.
    connect(&document, &ProjectDocument::fileChanged, this, [this, &session] {
        if (session.isActive() && !session.run().empty())
            remember(session.run(), *session.job());
    });
    connect(&session, &TrainingSession::stateChanged, this, [&session](TrainingState state) {
        if (state == TrainingState::Finished || state == TrainingState::Stopped ||
            state == TrainingState::Failed)
            forget(session.run());
    });
}

void InterruptedTraining::remember(const fs::path& run, const TrainingJob& job) const {
    QVariantMap runs = rememberedRuns();
    const QString key = QString::fromStdString(fs::absolute(run).string());
    // Another project may be open by now.
    const bool own = job.project.value("uuid", Json()) == Json(document_->project().uuid);
    const auto& file = document_->file();
    if (own || !runs.contains(key))
        runs.insert(key,
                    own && file ? QString::fromStdString(fs::absolute(*file).string()) : QString());
    QSettings().setValue(interruptedTrainingKey(), runs);
}

void InterruptedTraining::forget(const fs::path& run) {
    QVariantMap runs = rememberedRuns();
    if (run.empty() || runs.remove(QString::fromStdString(fs::absolute(run).string())) == 0)
        return;
    QSettings().setValue(interruptedTrainingKey(), runs);
}

void InterruptedTraining::follow(const fs::path& from, const fs::path& to,
                                 const fs::path& projectFile) {
    QVariantMap runs = rememberedRuns();
    if (runs.remove(QString::fromStdString(fs::absolute(from).string())) == 0)
        return;
    runs.insert(QString::fromStdString(fs::absolute(to).string()),
                QString::fromStdString(fs::absolute(projectFile).string()));
    QSettings().setValue(interruptedTrainingKey(), runs);
}

void InterruptedTraining::look() {
    const QVariantMap remembered = rememberedRuns();
    if (remembered.isEmpty())
        return;
    jobs_.start([this, remembered](const std::stop_token&) -> BackgroundJobs::Delivery {
        return [this, findings = inspect(remembered)] {
            for (const fs::path& folder : findings.gone)
                forget(folder);
            if (!findings.runs.empty())
                Q_EMIT found(findings.runs.front());
        };
    });
}

} // namespace gradwright

#include "moc_interrupted_training.cpp"
