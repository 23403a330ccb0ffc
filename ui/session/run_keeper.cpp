// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/run_keeper.h"

#include "engine/project/unsaved_networks.h"
#include "engine/support/json.h"

#include <utility>

namespace gradwright {

namespace {

/// What is done for a project with a file: its runs come beside it, and those that a renamed file
/// left behind are found.
struct Kept {
    AdoptedRuns adopted;
    std::vector<std::filesystem::path> orphaned;
};

} // namespace

RunKeeper::RunKeeper(ProjectDocument& document, TrainingSession& session, QObject* parent)
    : QObject(parent)
    , document_(&document)
    , session_(&session) {
    const auto keep = [this] { document_->file() ? adopt() : look(); };
    connect(&document, &ProjectDocument::fileChanged, this, keep);
    connect(&session, &TrainingSession::stepsDone, this, [this] {
        if (!document_->isTrainedUnsaved() && isOwnTraining())
            document_->setHasRuns(true);
    });
    connect(&session, &TrainingSession::stateChanged, this, [this, keep] {
        if (!session_->isActive())
            keep();
    });
}

bool RunKeeper::isOwnTraining() const {
    return session_->isActive() && session_->job() &&
           session_->job()->project.value("uuid", Json()) == Json(document_->project().uuid);
}

std::filesystem::path RunKeeper::placeOf(const std::filesystem::path& run) const {
    const auto place = places_.find(run);
    return place == places_.end() ? run : place->second;
}

void RunKeeper::look() {
    jobs_.cancel(looking_);
    looking_ = jobs_.start([this, uuid = document_->project().uuid](
                               const std::stop_token&) -> BackgroundJobs::Delivery {
        return [this, uuid, has = hasUnsavedRuns(uuid)] {
            if (uuid != document_->project().uuid || document_->file())
                return;
            const bool training = isOwnTraining() && session_->currentStep() > 0;
            const bool elsewhere = !document_->project().earlierRuns.empty();
            document_->setHasRuns(has || training || elsewhere);
        };
    });
}

void RunKeeper::adopt() {
    if (adopting_) {
        again_ = true;
        return;
    }
    adopting_ = true;
    jobs_.start([this, uuid = document_->project().uuid, file = *document_->file()](
                    const std::stop_token& stop) -> BackgroundJobs::Delivery {
        Kept kept{adoptRuns(uuid, file, stop), orphanedRuns(uuid, file)};
        return [this, uuid, file, kept = std::move(kept)] {
            adopting_ = false;
            for (const auto& [from, to] : kept.adopted.moved)
                places_.insert_or_assign(from, to);
            if (!kept.adopted.moved.empty())
                Q_EMIT moved(kept.adopted.moved, file);
            if (uuid == document_->project().uuid) {
                for (const auto& folder : kept.orphaned)
                    document_->addEarlierRuns(folder);
                if (!kept.adopted.moved.empty())
                    document_->announceRuns();
            }
            QStringList reasons;
            for (const auto& problem : kept.adopted.problems)
                reasons << QString::fromStdString(problem);
            if (!reasons.isEmpty())
                Q_EMIT failed(reasons);
            if (std::exchange(again_, false) && document_->file())
                adopt();
            if (!adopting_)
                Q_EMIT settled();
        };
    });
}

} // namespace gradwright

#include "moc_run_keeper.cpp"
