// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the Data page shows of the data.
#include "engine/data/catalog.h"
#include "engine/data/images/image_corrections.h"
#include "engine/data/images/picture_input.h"
#include "engine/data/survey/sample_selection.h"
#include "ui/data/column_details.h"
#include "ui/data/column_model.h"
#include "ui/data/column_table.h"
#include "ui/data/count_bars.h"
#include "ui/data/data_overview.h"
#include "ui/data/data_page.h"
#include "ui/data/data_review.h"
#include "ui/data/problem_list.h"
#include "ui/data/sample_browser.h"
#include "ui/data/sample_details.h"
#include "ui/data/sample_judge.h"
#include "ui/session/training_session.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/shown_image.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QFileInfo>
#include <QFrame>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolButton>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace gradwright {
namespace {

constexpr int kProgressScale = 1000;
constexpr std::size_t kMostAveraged = 2000; ///< images whose mean is shown
constexpr int kNarrowHeader = 1180;         ///< px, in which what is being done is not worded

/// The file or folder that the data are read from; empty for data that come with the program.
QString placeOf(const DataChoice& choice) {
    const Params params(dataset(choice.dataset).params, choice.params);
    for (const char* const key : {"file", "folder", "training_images"})
        if (params.has(key) && !params.text(key).empty())
            return qstr(params.text(key));
    return {};
}

} // namespace

// ---- what is shown

void DataPage::showAll() {
    if (!isVisible())
        return; // showEvent() catches up
    showSource();
    overview_->setData(*document_, review_->parts());
    showSamples();
    showColumns();
    showProblems();
    showProgress();
    showDetails();
}

void DataPage::showSource() {
    const DataChoice& choice = document_->project().data;
    const DatasetDef& def = dataset(choice.dataset);
    const QString place = placeOf(choice);
    const QFileInfo file(place);
    name_->setText(place.isEmpty() ? qstr(def.title) : file.fileName());
    const QString origin = place.isEmpty()
                               ? qstr(def.origin)
                               : QStringLiteral("%1, %2").arg(qstr(def.title), file.absolutePath());
    origin_->setText(origin);
    origin_->setToolTip(place.isEmpty() ? tr("%1\nLicence: %2").arg(origin, qstr(def.licence))
                                        : place);
    // Tables begin with their columns; a choice of the user's stays.
    const std::string shown = choice.dataset + '\n' + place.toStdString();
    if (std::exchange(shownFile_, shown) != shown)
        showTab(choice.dataset == "csv" ? Columns : Samples);
    tabs_->setTabVisible(Columns, choice.dataset == "csv");
}

void DataPage::showSamples() {
    const auto& parts = review_->parts();
    // What a network makes of them holds while nothing else than their corrections has changed.
    DataChoice choice = document_->project().data;
    choice.params.erase(std::string(kCorrectionsParam));
    const bool areCorrected = parts != shownParts_ && judgedChoice_ == choice;
    if (parts != shownParts_)
        judgedChoice_ = std::move(choice);
    samples_->setParts(parts, parts && areDrawings(document_->project().data, parts->data->info),
                       areCorrected);
    showDrawing();
    if (std::exchange(shownParts_, parts) != parts) {
        showMean(samples_->label());
        overview_->classes().setChosen(samples_->label());
    }
}

/// Of the samples to train on, all or those of a class.
void DataPage::showMean(int label) {
    jobs_.cancel(std::exchange(meanJob_, 0));
    const auto& parts = review_->parts();
    if (!parts || parts->data->info.input.rank() != 3) {
        overview_->showMean({}, {});
        return;
    }
    meanJob_ = jobs_.start([this, parts, label, choice = document_->project().data,
                            theme = &themes_->theme()](const std::stop_token& stop) {
        return meanOf(parts, label, choice, *theme, stop);
    });
}

BackgroundJobs::Delivery DataPage::meanOf(const std::shared_ptr<const ReviewedParts>& parts,
                                          int label, const DataChoice& choice, const Theme& theme,
                                          const std::stop_token& stop) {
    const DataInfo& info = parts->data->info;
    SampleFilter wanted{.part = DataPart::Training};
    if (label >= 0)
        wanted.label = label;
    try {
        auto samples = selectSamples(*parts->data, parts->split, wanted, {}, stop);
        if (!samples)
            return {};
        const auto all = samples->size();
        // Spread over all of them.
        for (std::size_t i = 0; all > kMostAveraged && i < kMostAveraged; ++i)
            (*samples)[i] = (*samples)[i * all / kMostAveraged];
        samples->resize(std::min(all, kMostAveraged));
        const auto mean = meanInput(*parts->data, *samples, stop);
        if (mean.empty())
            return [this] { overview_->showMean({}, {}); };
        const Tensor shown = shownSample(mean, info.input, info.preparation);
        const QImage image =
            shownImage(shown.span<float>(), info.input, areDrawings(choice, info), theme);
        const QString images = countedText(std::ssize(*samples), tr("1 image"), tr("%1 images"));
        const QString text =
            label < 0 ? tr("Mean of %1").arg(images)
                      : tr("Mean of %1 of %2")
                            .arg(images, qstr(info.classes.at(static_cast<std::size_t>(label))));
        return [this, image, text] { overview_->showMean(image, text); };
    } catch (const std::exception&) {
        return [this] { overview_->showMean({}, {}); }; // the problems say what is unreadable
    }
}

void DataPage::showColumns() {
    const DataChoice& choice = document_->project().data;
    columns_->setProblem(failure());
    if (review_->table() && choice.dataset == "csv")
        columns_->setTable(*review_->table(), choice, document_->dataInfo());
    else
        columns_->clear();
}

void DataPage::showProblems() {
    const PartCounts counts = review_->parts() ? review_->parts()->counts : PartCounts{};
    const TableSurvey* const table = review_->table() ? &*review_->table() : nullptr;
    std::vector<ListedProblem> listed;
    for (DataProblem& problem : review_->problems()) {
        auto remedy = remedyFor(problem, document_->project(), table, counts);
        listed.push_back({std::move(problem), std::move(remedy)});
    }
    const QString why = failure();
    const auto count = std::ssize(listed) + (why.isEmpty() ? 0 : 1);
    tabs_->setTabText(Problems, count == 0 ? tr("Problems") : tr("Problems (%1)").arg(count));
    problems_->setNothing(review_->isRunning()      ? tr("Nothing found so far.")
                          : review_->isIncomplete() ? tr("Nothing found; not all samples have been "
                                                         "compared.")
                                                    : tr("No problems found."));
    const DataChoice& choice = document_->project().data;
    const bool isOne = choice.params.contains("file") || choice.params.contains("folder");
    const bool isGone = !why.isEmpty() && isOne && !QFileInfo::exists(placeOf(choice));
    problems_->setProblems(std::move(listed), why, isGone ? tr("Find it…") : QString());
}

/// Why the data cannot be used; what the document says comes first.
QString DataPage::failure() const {
    return qstr(document_->dataProblem().empty() ? review_->tableFailure()
                                                 : document_->dataProblem());
}

void DataPage::showProgress() {
    const bool isRunning = review_->isRunning() || judge_->isRunning();
    if (!isRunning) {
        working_->setText({});
        progress_->setMaximum(0);
    }
    working_->setVisible(isRunning && width() >= kNarrowHeader);
    progress_->setVisible(isRunning);
    cancel_->setVisible(isRunning);
    complete_->setVisible(!isRunning && review_->isIncomplete());
}

void DataPage::showTab(Tab tab) {
    tabs_->setCurrentIndex(tab);
    stack_->setCurrentIndex(tab);
    showDetails();
}

void DataPage::showWork(const QString& what, std::size_t done, std::size_t all) {
    working_->setText(what);
    progress_->setMaximum(all == 0 ? 0 : kProgressScale);
    if (all > 0)
        progress_->setValue(static_cast<int>(done * kProgressScale / all));
}

void DataPage::showDetails() {
    if (stack_->currentIndex() == Samples) {
        // Samples of other data are listed first; theirs are shown until then.
        const auto& listed = samples_->shown();
        if (listed && review_->parts() && listed->data != review_->parts()->data)
            return;
        const auto chosen = samples_->selected();
        sample_->setSample(review_->parts(), chosen, document_->project());
        detailStack_->setCurrentIndex(0);
        right_->setVisible(chosen.has_value());
        return;
    }
    detailStack_->setCurrentIndex(1);
    const ColumnFacts* const column = columns_->selected();
    const bool isShown = stack_->currentIndex() == Columns && column != nullptr && review_->table();
    right_->setVisible(isShown);
    if (!isShown)
        return;
    const TableSurvey& table = *review_->table();
    const auto& info = document_->dataInfo();
    details_->setColumn(*column, typeText(*column, info ? &*info : nullptr), table.rows,
                        table.targets.empty() ? QString() : qstr(table.targets.front()));
}

bool DataPage::isLocked() const {
    return session_->isActive();
}

void DataPage::showLock() {
    const bool locked = isLocked();
    lock_->setVisible(locked);
    replace_->setEnabled(!locked);
    overview_->setLocked(locked);
    columns_->setLocked(locked);
    problems_->setLocked(locked);
    sample_->setLocked(locked);
    showDrawing();
}

void DataPage::showMessage(const QString& message) {
    message_->setText(message);
    banner_->show();
}

} // namespace gradwright
