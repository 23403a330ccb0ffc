// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/formats/network_formats.h"

#include "engine/exchange/onnx_export.h"
#include "engine/inference/optimized_network.h"
#include "engine/metrics/quality_json.h"
#include "engine/passes/inference/optimize.h"
#include "engine/project/runs.h"
#include "engine/training/checkpoint.h"
#include "engine/training/objective.h"
#include "ui/theme/bar_delegate.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {

namespace {

constexpr int kTriedSamples = 100;
constexpr int kPercents = 100;
constexpr int kMostNameWidth = 160; ///< of the layers, in pixels
constexpr int kSmallText = 11;      ///< pixels
constexpr double kShortestBar = -8; ///< log10 of the relative error for which a bar has no length
enum ErrorKind { kLargestErrors, kMeanErrors };

/// What has been found, or why not.
struct TriedNetwork {
    std::vector<FormatTrial> trials;
    QString said;
};

QString errorText(double error) {
    if (!std::isfinite(error))
        return QObject::tr("not finite");
    return error == 0 ? QStringLiteral("0") : QString::number(error, 'e', 1);
}

QString howText(const FormatTrial& trial) {
    return !trial.isSimulated  ? QObject::tr("computed")
           : trial.weightsOnly ? QObject::tr("simulated, weights alone")
                               : QObject::tr("simulated");
}

QString howTip(const FormatTrial& trial) {
    return !trial.isSimulated ? QObject::tr("An engine computes in this format.")
           : trial.weightsOnly
               ? QObject::tr("Weights are rounded to the format, exactly; results stay in FP32.")
               : QObject::tr("Weights and the results of every layer are rounded to the format, "
                             "exactly; sums are in FP32, as tensor cores do it.");
}

/// The network of a run with its layers as people know them: normalizations are folded, and nothing
/// is fused or merged.
InferenceModel modelOfRun(const Project& project, const RunDirectory& run, const DataInfo& info) {
    auto model = inferenceModel(inferenceGraph(project.network, info, project.training),
                                readCheckpointWeights(weightsOfRun(run)));
    optimize(model, {"fuse-products", "merge-siblings"});
    return model;
}

} // namespace

NetworkFormats::NetworkFormats(ProjectDocument& document, QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , samples_(new QSpinBox)
    , errors_(new QComboBox)
    , start_(new QPushButton(tr("Try all formats")))
    , progress_(new QProgressBar)
    , said_(new QLabel)
    , table_(new QTableWidget(0, static_cast<int>(numberFormats().size()))) {
    samples_->setRange(1, 1'000'000);
    samples_->setValue(kTriedSamples);
    samples_->setGroupSeparatorShown(true);
    samples_->setSuffix(tr(" test samples"));
    samples_->setAccessibleName(tr("Test samples"));
    errors_->addItems({tr("Largest error of each layer"), tr("Mean error of each layer")});
    errors_->setAccessibleName(tr("Errors of the layers"));
    progress_->setRange(0, kPercents);
    progress_->setTextVisible(false);
    progress_->setAccessibleName(tr("Trying formats"));
    said_->setWordWrap(true);
    said_->setObjectName(QStringLiteral("networkFormatsSaid"));
    table_->setAccessibleName(tr("The network in each format"));
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setWordWrap(true);
    table_->setTabKeyNavigation(false);
    table_->setItemDelegate(new BarDelegate(table_));
    QStringList titles;
    for (const NumberFormat& format : numberFormats())
        titles << qstr(format.title);
    table_->setHorizontalHeaderLabels(titles);
    for (int column = 0; column < table_->columnCount(); ++column)
        table_->horizontalHeaderItem(column)->setToolTip(
            qstr(numberFormats()[static_cast<std::size_t>(column)].use));
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    table_->horizontalHeader()->setMinimumSectionSize(64);
    table_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->verticalHeader()->setMaximumWidth(kMostNameWidth);
    table_->setStyleSheet(QStringLiteral("QTableView::item { padding: 0 1px; }")); // nine columns
    auto* const row = new QHBoxLayout;
    row->addWidget(samples_);
    row->addWidget(start_);
    row->addWidget(progress_, 1);
    row->addStretch(0);
    row->addWidget(errors_);
    auto* const layout = new QVBoxLayout(this);
    layout->addLayout(row);
    layout->addWidget(said_);
    layout->addWidget(table_, 1);
    connect(start_, &QPushButton::clicked, this, &NetworkFormats::startOrStop);
    connect(errors_, &QComboBox::currentIndexChanged, this, &NetworkFormats::showLayers);
    connect(document_, &ProjectDocument::analysisChanged, this, [this] {
        if (document_->project().network == network_)
            return;
        jobs_.cancel(std::exchange(job_, 0));
        setRunning(false);
        clear();
    });
    setRunning(false);
    clear();
}

void NetworkFormats::clear() {
    network_ = document_->project().network;
    trials_.clear();
    said_->setText(tr("Tries the best weights of the latest training in each format. Errors are "
                      "those of the layers' results against FP64. FP8 and integers have scales."));
    showTrials();
}

void NetworkFormats::setRunning(bool running) {
    start_->setText(running ? tr("Stop") : tr("Try all formats"));
    samples_->setEnabled(!running);
    progress_->setValue(0);
    progress_->setVisible(running);
}

void NetworkFormats::startOrStop() {
    if (isRunning()) {
        jobs_.cancel(std::exchange(job_, 0));
        setRunning(false);
        said_->setText(tr("Stopped."));
        return;
    }
    setRunning(true);
    said_->setText(tr("Trying formats…"));
    // Jobs are numbered one after the other, so the number is known before the thread starts.
    const int job = job_ = jobs_.next();
    jobs_.start([this, job, project = document_->project(), place = document_->file(),
                 wish = FormatWish{.samples = samples_->value()}](
                    const std::stop_token& stop) -> BackgroundJobs::Delivery {
        TriedNetwork tried;
        try {
            const auto run = latestTrainedRun(project, place);
            if (!run)
                throw Error("The network has not been trained: there are no weights to try yet. "
                            "Start a training first (F5).");
            const auto trained = projectOfRun(*run);
            if (trained.network != project.network)
                throw Error("The network has been changed since it was trained ({}): train it "
                            "again, or undo the changes.",
                            run->name());
            const auto opened = dataOfRun(*run);
            auto trials = tryFormats(
                modelOfRun(trained, *run, opened.info), opened.test, wish, stop, [&](double share) {
                    jobs_.deliver(job, [this, share] {
                        progress_->setValue(static_cast<int>(kPercents * share));
                    });
                });
            if (!trials)
                return {};
            tried.trials = *std::move(trials);
            tried.said =
                tr("%1 over %2. Errors are those of the layers' results against FP64; bars show "
                   "them beside the layer's largest result, on a logarithmic scale.")
                    .arg(qstr(run->name()),
                         countedText(std::min(wish.samples, opened.test->size()),
                                     tr("1 test sample"), tr("%1 test samples")));
        } catch (const std::exception& error) {
            tried.said = QString::fromUtf8(error.what());
        }
        return [this, tried = std::move(tried)]() mutable {
            job_ = 0;
            setRunning(false);
            said_->setText(tried.said);
            if (tried.trials.empty())
                return;
            trials_ = std::move(tried.trials);
            showTrials();
        };
    });
}

void NetworkFormats::showTrials() {
    if (trials_.empty())
        return table_->setRowCount(0);
    const MetricDef* const metric =
        trials_.front().quality ? trials_.front().quality->metric : nullptr;
    QStringList rows{metric ? qstr(metric->title) : tr("Quality"),
                     tr("Largest error"),
                     tr("Mean error"),
                     tr("Weights"),
                     tr("One sample"),
                     tr("How")};
    for (const FormatError& layer : trials_.front().layers)
        rows << tr("%1 (%2)").arg(qstr(layer.path), qstr(layer.op));
    table_->setRowCount(static_cast<int>(rows.size()));
    table_->setVerticalHeaderLabels(rows);
    for (int row = 0; row < table_->rowCount(); ++row) {
        table_->verticalHeaderItem(row)->setToolTip(rows[row]);
        for (int column = 0; column < table_->columnCount(); ++column) {
            auto* const item = new QTableWidgetItem;
            item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            table_->setItem(row, column, item);
        }
    }
    QFont small = table_->font(); // so that a word fits into a column
    small.setPixelSize(kSmallText);
    for (std::size_t i = 0; i < trials_.size(); ++i) {
        const FormatTrial& trial = trials_[i];
        const FormatSummary summary = summaryOf(trial);
        const auto set = [&](Row row, const QString& text) {
            table_->item(row, static_cast<int>(i))->setText(text);
        };
        set(kQualityRow, trial.quality
                             ? qstr(valueText(*trial.quality->metric, trial.quality->value))
                             : QStringLiteral("–"));
        set(kLargestRow, errorText(summary.largest));
        set(kMeanRow, errorText(summary.mean));
        set(kSizeRow, byteSize(trial.weightBytes));
        set(kTimeRow,
            trial.seconds ? tr("%1 ms").arg(1e3 * *trial.seconds, 0, 'g', 3) : QStringLiteral("–"));
        set(kHowRow, howText(trial));
        table_->item(kHowRow, static_cast<int>(i))->setToolTip(howTip(trial));
        table_->item(kHowRow, static_cast<int>(i))->setFont(small);
        if (!trial.seconds)
            table_->item(kTimeRow, static_cast<int>(i))
                ->setToolTip(tr("No engine computes in this format here."));
    }
    showLayers();
}

void NetworkFormats::showLayers() {
    const bool isMean = errors_->currentIndex() == kMeanErrors;
    for (std::size_t i = 0; i < trials_.size(); ++i)
        for (std::size_t k = 0; k < trials_[i].layers.size(); ++k) {
            const FormatError& layer = trials_[i].layers[k];
            const double error = isMean ? layer.mean : layer.largest;
            auto* const item = table_->item(kLayerRows + static_cast<int>(k), static_cast<int>(i));
            item->setText(errorText(error));
            const double relative = layer.scale > 0 ? error / layer.scale : 0;
            const double length = std::isfinite(relative)
                                      ? relative > 0 ? 1 - std::log10(relative) / kShortestBar : 0
                                      : 1;
            item->setData(BarDelegate::kShareRole, std::clamp(length, 0.0, 1.0));
            item->setToolTip(tr("%1 of the layer's largest result, which is %2")
                                 .arg(errorText(relative))
                                 .arg(layer.scale, 0, 'g', 4));
        }
}

} // namespace gradwright

#include "moc_network_formats.cpp"
