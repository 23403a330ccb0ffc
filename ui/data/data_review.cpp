// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/data_review.h"

#include "ui/session/data_probe.h"

#include <QElapsedTimer>

#include <algorithm>
#include <exception>
#include <iterator>

namespace gradwright {
namespace {

constexpr int kTellEvery = 100; ///< ms: more cannot be seen
/// Files that are decoded to be compared, unless all are asked for: some ten seconds' worth.
constexpr std::int64_t kMostDecoded = 20'000;

/// What the data are read from, of whatever kind they are.
std::string fileOf(const ParamValues& params) {
    for (const char* const key : {"file", "folder", "training_images"})
        if (const auto found = params.find(key); found != params.end())
            return std::get<std::string>(found->second);
    return {};
}

} // namespace

DataReview::DataReview(ProjectDocument& document, DataProbe& probe, QObject* parent)
    : QObject(parent)
    , document_(&document)
    , probe_(&probe) {
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (what & (ProjectDocument::DataChange | ProjectDocument::ReplacedChange))
            refresh();
    });
    connect(probe_, &DataProbe::changed, this, &DataReview::refresh);
}

void DataReview::setActive(bool active) {
    active_ = active;
    refresh();
}

void DataReview::refresh() {
    if (!active_)
        return;
    refreshTable();
    refreshParts();
    lookAtImages();
    Q_EMIT changed();
}

/// Tells at most ten times a second.
SurveyProgress DataReview::teller(int job, const QString& what) {
    const auto clock = std::make_shared<QElapsedTimer>();
    return [this, job, what, clock](std::size_t done, std::size_t all) {
        if (clock->isValid() && clock->elapsed() < kTellEvery)
            return;
        clock->start();
        jobs_.deliver(job, [this, what, done, all] { Q_EMIT progressed(what, done, all); });
    };
}

void DataReview::refreshTable() {
    const DataChoice& choice = document_->project().data;
    std::pair wanted(choice.dataset, choice.params);
    if (tableAsked_ == wanted)
        return;
    const bool isSameFile = tableAsked_ && tableAsked_->first == wanted.first &&
                            fileOf(tableAsked_->second) == fileOf(wanted.second);
    tableAsked_ = std::move(wanted);
    stopped_ = false;
    jobs_.cancel(std::exchange(tableJob_, 0));
    if (!isSameFile)
        table_.reset();
    tableFailure_.clear();
    if (choice.dataset != "csv")
        return;
    const int job = tableJob_ = jobs_.next();
    jobs_.start(
        [this, choice, job](const std::stop_token& stop) { return readTable(choice, job, stop); });
}

BackgroundJobs::Delivery DataReview::readTable(const DataChoice& choice, int job,
                                               const std::stop_token& stop) {
    std::optional<TableSurvey> survey;
    std::string failure;
    try {
        survey = surveyTable(choice, stop, teller(job, tr("Looking at the columns")));
    } catch (const std::exception& error) {
        failure = error.what();
    }
    return [this, survey = std::move(survey), failure] {
        tableJob_ = 0;
        table_ = survey;
        tableFailure_ = failure;
        Q_EMIT changed();
    };
}

void DataReview::refreshParts() {
    const auto data = probe_->data();
    const DataChoice& choice = document_->project().data;
    if (data == partsAsked_ && (!data || opensAlike(partsChoice_, choice)))
        return;
    partsAsked_ = data;
    partsChoice_ = choice;
    stopped_ = tooMany_ = false;
    jobs_.cancel(std::exchange(partsJob_, 0));
    duplicates_.reset();
    // While the same file is read anew, what was known of it stays.
    const std::string source = choice.dataset + '\n' + fileOf(choice.params);
    const bool isSameFile = std::exchange(partsSource_, source) == source;
    if (!isSameFile || !document_->dataProblem().empty())
        parts_.reset();
    if (!data)
        return;
    const int job = partsJob_ = jobs_.next();
    jobs_.start([this, choice, data, job](const std::stop_token& stop) -> BackgroundJobs::Delivery {
        auto made = std::make_shared<ReviewedParts>();
        made->data = data;
        try {
            made->split = splitOf(*data, choice);
            made->counts = countParts(*data, made->split);
        } catch (const std::exception&) {
            return [this] { // nothing is left to train on: training says so, too
                partsJob_ = 0;
                Q_EMIT changed();
            };
        }
        const std::shared_ptr<const ReviewedParts> parts = std::move(made);
        const bool isLong = data->training->isCostly() && parts->counts.total() > kMostDecoded;
        jobs_.deliver(job, [this, parts] {
            parts_ = parts;
            Q_EMIT changed();
        });
        // Texts overlap by nature.
        if (data->info.labels() > 1 || isLong)
            return [this, isLong] {
                partsJob_ = 0;
                tooMany_ = isLong;
                Q_EMIT changed();
            };
        return compare(parts, job, stop);
    });
}

BackgroundJobs::Delivery DataReview::compare(const std::shared_ptr<const ReviewedParts>& parts,
                                             int job, const std::stop_token& stop) {
    auto found =
        findDuplicates(*parts->data, parts->split, stop, teller(job, tr("Comparing samples")));
    return [this, found = std::move(found)] {
        partsJob_ = 0;
        duplicates_ = found;
        Q_EMIT changed();
    };
}

/// Where images are why the data cannot be opened.
void DataReview::lookAtImages() {
    const std::string& problem = document_->dataProblem();
    if (problem == problemAsked_)
        return;
    problemAsked_ = problem;
    images_.clear();
    if (problem.empty() || document_->project().data.dataset != "images")
        return;
    jobs_.start([this, problem, choice = document_->project().data](const std::stop_token&) {
        std::vector<DataProblem> found;
        try {
            found = imageProblems(choice);
        } catch (const std::exception&) {
            // The folder itself cannot be read, as the document's problem says.
        }
        return [this, problem, found = std::move(found)] {
            if (problem != document_->dataProblem())
                return;
            images_ = found;
            Q_EMIT changed();
        };
    });
}

void DataReview::cancel() {
    if (!isRunning())
        return;
    jobs_.cancel(std::exchange(tableJob_, 0));
    jobs_.cancel(std::exchange(partsJob_, 0));
    stopped_ = true;
    Q_EMIT changed();
}

void DataReview::complete() {
    stopped_ = tooMany_ = false;
    if (!table_ && tableJob_ == 0)
        tableAsked_.reset();
    if (!parts_ && partsJob_ == 0)
        partsAsked_.reset();
    refresh();
    if (!parts_ || duplicates_ || partsJob_ != 0)
        return;
    const int job = partsJob_ = jobs_.next();
    jobs_.start([this, parts = parts_, job](const std::stop_token& stop) {
        return compare(parts, job, stop);
    });
    Q_EMIT changed();
}

std::vector<DataProblem> DataReview::problems() const {
    std::vector<DataProblem> all = images_;
    KnownData known{.table = table_ ? &*table_ : nullptr};
    if (parts_)
        known = {known.table, parts_->data.get(), &parts_->counts,
                 duplicates_ ? &*duplicates_ : nullptr};
    std::ranges::move(problemsOf(document_->project().data, known), std::back_inserter(all));
    std::ranges::stable_sort(all, {}, &DataProblem::kind);
    return all;
}

} // namespace gradwright

#include "moc_data_review.cpp"
