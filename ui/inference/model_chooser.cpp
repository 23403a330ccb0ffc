// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/model_chooser.h"

#include "engine/ensembles/saved_baseline.h"
#include "engine/lab/experiment.h"
#include "ui/session/run_history.h"
#include "ui/theme/paced_refresh.h"
#include "ui/theme/text.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

constexpr int kSnapshotInterval = 500; // ms

/// In the place of a run's folder, and the path of none: the weights that the project came with.
QString asOpened(const Project& project) {
    return QStringLiteral("?opened/") + qstr(project.uuid);
}

/// In the place of a run's folder: a file of a fitted method.
const QString kFitted = QStringLiteral("?fitted/");

/// Likewise: a model that was offered, by its own "run".
const QString kOffered = QStringLiteral("?offered/");

QString titleOf(const RunHistory& run) {
    // The folder's name begins with the time, which tells runs of a project apart.
    const auto folder = qstr(run.folder.filename().string());
    auto text = qstr(run.name) + QStringLiteral(", ") + folder.mid(5, 5) + u' ' +
                folder.mid(11, 8).replace(u'-', u':');
    if (const auto* best = run.best())
        text += QStringLiteral(", ") + qstr(briefText(best->quality));
    return text;
}

} // namespace

ModelChooser::ModelChooser(ProjectDocument& document, TrainingSession& session, QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , session_(&session)
    , box_(new QComboBox)
    , weights_(new QLabel) {
    auto* label = new QLabel(tr("Model"));
    label->setProperty("textRole", QStringLiteral("muted"));
    label->setBuddy(box_);
    box_->setObjectName(QStringLiteral("model"));
    box_->setAccessibleName(tr("Model"));
    box_->setMinimumWidth(320);
    box_->setMaximumWidth(560);
    box_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    weights_->setProperty("textRole", QStringLiteral("muted"));
    weights_->setObjectName(QStringLiteral("weights"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(10);
    layout->addWidget(label);
    layout->addWidget(box_);
    layout->addWidget(weights_);

    snapshotTimer_.setInterval(kSnapshotInterval);
    connect(&snapshotTimer_, &QTimer::timeout, this, [this] {
        if (isInSight(*this))
            session_->requestSnapshot();
    });
    connect(box_, &QComboBox::activated, this, &ModelChooser::chooseCurrent);
    connect(session_, &TrainingSession::snapshotTaken, this, &ModelChooser::take);
    connect(session_, &TrainingSession::stateChanged, this, [this](TrainingState state) {
        if (state == TrainingState::Running || !session_->isActive())
            refresh();
        updateTimer();
    });
    connect(document_, &ProjectDocument::fileChanged, this, &ModelChooser::refresh);
    connect(document_, &ProjectDocument::runsChanged, this, &ModelChooser::refresh);
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (what & ProjectDocument::ReplacedChange) {
            offered_.clear();
            refresh();
        }
    });
    refresh();
}

void ModelChooser::refresh() {
    jobs_.cancel(listing_);
    listing_ =
        jobs_.start([this, folders = document_->runsFolders(), project = document_->project(),
                     file = document_->file()](const std::stop_token&) -> BackgroundJobs::Delivery {
            std::vector<Entry> entries;
            try {
                for (const auto& run : readRuns(folders))
                    entries.push_back({titleOf(run).toStdString(), run.folder});
                for (const auto& fitted : listBaselines(project, file, labFolder(project, file)))
                    entries.push_back(
                        {fitted.baseline.title(), kFitted.toStdString() + fitted.file.string()});
            } catch (const std::exception& error) {
                return [this, reason = QString::fromUtf8(error.what())] {
                    fill({});
                    Q_EMIT failed(reason);
                };
            }
            return [this, entries = std::move(entries)] { fill(entries); };
        });
}

void ModelChooser::offer(std::shared_ptr<const TrainedModel> model) {
    const auto same = std::ranges::find(offered_, model->run, &TrainedModel::run);
    asked_ = kOffered + qstr(model->run.string());
    if (same == offered_.end())
        offered_.push_back(std::move(model));
    else
        *same = std::move(model);
    fill(listed_);
}

void ModelChooser::fill(std::vector<Entry> runs) {
    listed_ = std::move(runs);
    const bool training = session_->isActive() && !session_->run().empty();
    const auto before = box_->currentData().toString();
    // A training that has begun is what one wants to watch, whatever was looked at before.
    const bool begun = training && session_->run() != training_;
    if (training)
        training_ = session_->run();
    const bool followed = followsTraining() || box_->count() == 0 || !model_ || begun;
    {
        const QSignalBlocker quiet(box_);
        box_->clear();
        if (training)
            box_->addItem(tr("%1, training now: newest weights").arg(qstr(session_->job()->name)),
                          QString());
        for (const auto& run : listed_) {
            if (training && run.folder == session_->run())
                continue; // its best weights are still moving
            box_->addItem(qstr(run.title), qstr(run.folder.string()));
        }
        // A model from elsewhere has weights before anything is trained.
        if (!document_->project().startWeights.empty())
            box_->addItem(tr("%1, as it was opened").arg(qstr(document_->project().name)),
                          asOpened(document_->project()));
        for (const auto& model : offered_)
            box_->addItem(qstr(model->name), kOffered + qstr(model->run.string()));
        int kept = followed ? 0 : std::max(0, box_->findData(before));
        // Saving a project moves its runs beside its file.
        const auto name = std::filesystem::path(before.toStdString()).filename();
        for (int i = 0; i < box_->count() && !followed && box_->findData(before) < 0; ++i)
            if (const auto run = box_->itemData(i).toString().toStdString();
                std::filesystem::path(run).filename() == name) {
                kept = i;
                break;
            }
        if (const auto asked = std::exchange(asked_, {}); !asked.isEmpty())
            kept = box_->findData(asked);
        box_->setCurrentIndex(box_->count() > 0 ? kept : -1);
    }
    box_->setEnabled(box_->count() > 0);
    if (box_->count() == 0)
        weights_->setText(tr("No trained weights yet"));
    chooseCurrent();
}

bool ModelChooser::followsTraining() const {
    return box_->count() > 0 && box_->currentData().toString().isEmpty();
}

void ModelChooser::chooseCurrent() {
    updateTimer();
    if (box_->count() == 0) {
        wanted_.clear();
        jobs_.cancel(std::exchange(loading_, 0));
        if (model_) {
            model_.reset();
            Q_EMIT modelChanged(false);
        }
        return;
    }
    if (followsTraining()) {
        if (isVisible())
            session_->requestSnapshot();
        return;
    }
    if (box_->currentData().toString() == asOpened(document_->project())) {
        openAsOpened();
        return;
    }
    if (const auto chosen = box_->currentData().toString(); chosen.startsWith(kFitted)) {
        openFitted(chosen.mid(kFitted.size()).toStdString());
        return;
    }
    if (const auto chosen = box_->currentData().toString(); chosen.startsWith(kOffered)) {
        const std::filesystem::path wanted = chosen.mid(kOffered.size()).toStdString();
        const auto found = std::ranges::find(offered_, wanted, &TrainedModel::run);
        jobs_.cancel(std::exchange(loading_, 0));
        wanted_ = wanted;
        if (model_ != *found)
            use(*found, false);
        return;
    }
    const std::filesystem::path folder = box_->currentData().toString().toStdString();
    // After a training the best weights take the newest ones' place.
    if (folder != wanted_ || !model_ || model_->weightsTitle.starts_with("newest"))
        openRun(folder);
}

void ModelChooser::openRun(const std::filesystem::path& folder) {
    wanted_ = folder;
    open([folder](const TrainedModel* opened) { return openModel(folder, opened); });
}

void ModelChooser::openFitted(const std::filesystem::path& file) {
    if (wanted_ == file && model_)
        return;
    wanted_ = file;
    open([file](const TrainedModel* opened) { return openFittedMethod(file, opened); });
}

void ModelChooser::openAsOpened() {
    const std::filesystem::path wanted = asOpened(document_->project()).toStdString();
    if (wanted_ == wanted && model_)
        return;
    wanted_ = wanted;
    open([job = trainingJob(document_->project(), {})](const TrainedModel* opened) {
        return modelAsOpened(job, opened);
    });
}

void ModelChooser::open(std::function<TrainedModel(const TrainedModel* opened)> make) {
    jobs_.cancel(loading_);
    weights_->setText(tr("Opening…"));
    loading_ = jobs_.start([this, make = std::move(make),
                            opened = model_](const std::stop_token&) -> BackgroundJobs::Delivery {
        try {
            return [this, model = std::make_shared<const TrainedModel>(make(opened.get()))] {
                loading_ = 0;
                use(model, false);
            };
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] {
                // Nothing may be answered in the name of a run that cannot be opened.
                loading_ = 0;
                wanted_.clear();
                weights_->clear();
                model_.reset();
                Q_EMIT modelChanged(false);
                Q_EMIT failed(reason);
            };
        }
    });
}

void ModelChooser::take(const SnapshotTaken& snapshot) {
    if (!followsTraining() || loading_ != 0)
        return;
    wanted_ = session_->run();
    loading_ = jobs_.start([this, snapshot, job = session_->job(), run = session_->run(),
                            opened = model_](const std::stop_token&) -> BackgroundJobs::Delivery {
        try {
            return [this, live = opened && opened->run == run,
                    model = std::make_shared<const TrainedModel>(
                        makeModel(*job, run, snapshot.weights, snapshot.step, opened.get()))] {
                loading_ = 0;
                use(model, live);
            };
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] {
                loading_ = 0;
                Q_EMIT failed(reason);
            };
        }
    });
}

void ModelChooser::use(std::shared_ptr<const TrainedModel> model, bool live) {
    model_ = std::move(model);
    const auto title = qstr(model_->weightsTitle);
    weights_->setText(model_->answers || model_->optimized ? title : tr("Weights: %1").arg(title));
    Q_EMIT modelChanged(live);
}

void ModelChooser::updateTimer() {
    const bool wanted =
        isVisible() && followsTraining() && session_->state() == TrainingState::Running;
    if (wanted && !snapshotTimer_.isActive())
        snapshotTimer_.start();
    else if (!wanted)
        snapshotTimer_.stop();
}

void ModelChooser::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    updateTimer();
    if (followsTraining())
        session_->requestSnapshot();
}

void ModelChooser::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    updateTimer();
}

} // namespace gradwright

#include "moc_model_chooser.cpp"
