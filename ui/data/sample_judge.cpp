// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/sample_judge.h"

#include "engine/inference/readings.h"
#include "engine/metrics/sample_losses.h"
#include "engine/project/runs.h"
#include "ui/data/data_overview.h"
#include "ui/session/run_history.h"
#include "ui/session/trained_model.h"
#include "ui/theme/text.h"

#include <exception>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

/// The latest run that was trained on such data and has weights.
std::optional<TrainedModel> latestModel(const std::vector<std::filesystem::path>& folders,
                                        const DataChoice& choice,
                                        const std::shared_ptr<const Dataset>& data) {
    for (const auto& run : readRuns(folders)) {
        try {
            const auto directory = RunDirectory::open(run.folder);
            const auto ofRun = projectOfRun(directory).data;
            if (!opensAlike(ofRun, choice))
                continue;
            TrainedModel opened;
            opened.choice = ofRun;
            opened.data = data;
            return openModel(run.folder, &opened);
        } catch (const std::exception&) {
            // Without weights, or of other data by now: an earlier one may do.
        }
    }
    return {};
}

std::vector<std::uint32_t> indicesOf(const ReviewedParts& parts, DataPart part) {
    if (part == DataPart::Training)
        return parts.split.training;
    if (part == DataPart::Validation)
        return parts.split.validation;
    std::vector<std::uint32_t> all(
        parts.data->test ? static_cast<std::size_t>(parts.data->test->size()) : 0);
    std::iota(all.begin(), all.end(), 0U);
    return all;
}

} // namespace

SampleJudge::SampleJudge(ProjectDocument& document, QObject* parent)
    : QObject(parent)
    , document_(&document) {}

void SampleJudge::start(std::shared_ptr<const ReviewedParts> parts, DataPart part) {
    cancel();
    const int job = job_ = jobs_.next();
    jobs_.start([this, job, part, parts = std::move(parts), choice = document_->project().data,
                 folders = document_->runsFolders()](const std::stop_token& stop) {
        return work(parts, part, choice, folders, job, stop);
    });
}

void SampleJudge::cancel() {
    jobs_.cancel(std::exchange(job_, 0));
}

BackgroundJobs::Delivery SampleJudge::work(const std::shared_ptr<const ReviewedParts>& parts,
                                           DataPart part, const DataChoice& choice,
                                           const std::vector<std::filesystem::path>& folders,
                                           int job, const std::stop_token& stop) {
    const auto failure = [this](const QString& reason) {
        return [this, reason] {
            job_ = 0;
            Q_EMIT failed(reason);
        };
    };
    try {
        const auto model = latestModel(folders, choice, parts->data);
        if (!model)
            return failure(tr("No network has been trained on these data yet. Train it first."));
        const auto indices = indicesOf(*parts, part);
        if (indices.empty())
            return failure(tr("This part has no samples."));
        const auto& source = part == DataPart::Test ? parts->data->test : parts->data->training;
        const auto outcomes = readOutcomes(
            model->graph, *model->weights, source, indices, stop,
            [this, job, all = indices.size()](std::int64_t done) {
                jobs_.deliver(job, [this, done, all] {
                    Q_EMIT progressed(static_cast<std::size_t>(done), all);
                });
            },
            model->target);
        if (!outcomes)
            return {};
        auto verdicts = std::make_shared<SampleVerdicts>();
        verdicts->model = qstr(model->name + ", " + model->weightsTitle);
        verdicts->data = parts->data;
        verdicts->hasTestFile = hasOwnTestPart(choice);
        const auto losses = sampleLosses(*outcomes);
        const bool hasClasses = outcomes->kind() == MetricKind::Classes && outcomes->steps == 1;
        const auto readings = hasClasses ? readingsOf(*outcomes) : std::vector<Reading>();
        for (std::size_t i = 0; i < indices.size(); ++i)
            verdicts->byOrigin[verdicts->keyOf(*parts->data, {part, indices[i]})] = {
                static_cast<float>(losses[i]), hasClasses ? readings[i].predicted : -1,
                hasClasses ? source->label(indices[i]) : -1};
        return [this, made = std::shared_ptr<const SampleVerdicts>(std::move(verdicts))] {
            job_ = 0;
            Q_EMIT judged(made);
        };
    } catch (const std::exception& error) {
        return failure(QString::fromUtf8(error.what()));
    }
}

} // namespace gradwright

#include "moc_sample_judge.cpp"
