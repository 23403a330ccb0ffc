// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/optimization/optimization_dialog.h"

#include "engine/exchange/model/model_file.h"
#include "engine/exchange/onnx_export.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "ui/forms/save_dialog.h"
#include "ui/optimization/layer_lists.h"
#include "ui/optimization/pass_picture.h"
#include "ui/optimization/pruning_tab.h"
#include "ui/optimization/published_counts.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QListWidget>
#include <QMessageBox>
#include <QPushButton>
#include <QTabWidget>
#include <QTableWidget>
#include <QVBoxLayout>

#include <array>
#include <memory>
#include <utility>

namespace gradwright {

namespace {

constexpr QSize kOptimizationSize{900, 620};
enum PassColumn { kPassName, kPassPlaces, kPassLayers, kPassOperations, kPassBytes, kPassColumns };
constexpr std::array<std::int64_t, 2> kMeasuredBatches{1, 32};
constexpr double kMeasuredSeconds = 0.7; ///< of each program in a turn
constexpr int kTurns = 2;
/// Threads wait for each other after every layer, so another program hits these figures most.
constexpr int kLayerTurns = 4;

QString passText(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString signedSize(std::int64_t bytes) {
    const QString size = byteSize(static_cast<std::size_t>(bytes < 0 ? -bytes : bytes));
    return bytes < 0 ? QStringLiteral("−") + size : size;
}

QString shortTime(double seconds) {
    return seconds >= 1 ? QObject::tr("%1 s").arg(seconds, 0, 'g', 3)
                        : QObject::tr("%1 ms").arg(1e3 * seconds, 0, 'g', 3);
}

/// Alternately, so that whatever else the computer does hits both; of several turns the faster.
std::optional<Latency> faster(const std::optional<Latency>& a, const Latency& b) {
    return a && a->median <= b.median ? a : b;
}

} // namespace

OptimizationDialog::OptimizationDialog(ProjectDocument& document, QWidget* window)
    : QDialog(window)
    , document_(&document)
    , summary_(new QLabel)
    , tabs_(new QTabWidget)
    , passes_(new QTableWidget(0, kPassColumns))
    , text_(new QLabel)
    , picture_(new PassPicture)
    , merges_(new QListWidget)
    , layers_(new LayerLists)
    , pruning_(new PruningTab(document))
    , published_(new PublishedCounts)
    , measure_(new QPushButton(tr("Measure")))
    , save_(new QPushButton(tr("Save optimized network…")))
    , times_(new QLabel) {
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Optimize for inference"));
    resize(
        kOptimizationSize.boundedTo(window ? window->size() - QSize(60, 60) : kOptimizationSize));
    summary_->setWordWrap(true);
    summary_->setObjectName(QStringLiteral("optimizationSummary"));
    text_->setWordWrap(true);
    text_->setObjectName(QStringLiteral("passText"));
    times_->setWordWrap(true);
    times_->setObjectName(QStringLiteral("optimizationTimes"));
    passes_->setHorizontalHeaderLabels(
        {tr("Pass"), tr("Places"), tr("Layers saved"), tr("Operations saved"), tr("Bytes saved")});
    passes_->setAccessibleName(tr("Passes"));
    passes_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    passes_->setSelectionBehavior(QAbstractItemView::SelectRows);
    passes_->setSelectionMode(QAbstractItemView::SingleSelection);
    passes_->setShowGrid(false);
    passes_->setTabKeyNavigation(false);
    passes_->verticalHeader()->hide();
    passes_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    passes_->horizontalHeader()->setSectionResizeMode(kPassName, QHeaderView::Stretch);
    merges_->setAccessibleName(tr("Layers that became one"));
    measure_->setToolTip(tr("Computes answers with the network as it was trained and as it is "
                            "optimized, in turns; takes seconds."));
    listPasses();

    save_->setToolTip(tr("A file that gradwright-cli predicts, evaluates and measures with: the "
                         "layers that are left, with the weights of the latest training."));
    tabs_->addTab(passesTab(), tr("Passes"));
    tabs_->addTab(layers_, tr("Layers"));
    tabs_->addTab(pruning_, tr("Pruning"));
    tabs_->addTab(published_, tr("Beside TensorRT"));
    auto* const row = new QHBoxLayout;
    row->addWidget(measure_);
    row->addWidget(times_, 1);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    buttons->addButton(save_, QDialogButtonBox::ActionRole);
    auto* const layout = new QVBoxLayout(this);
    layout->addWidget(summary_);
    layout->addWidget(tabs_, 1);
    layout->addLayout(row);
    layout->addWidget(buttons);

    connect(passes_, &QTableWidget::itemChanged, this, &OptimizationDialog::optimizeAgain);
    connect(passes_, &QTableWidget::currentCellChanged, this, &OptimizationDialog::showPass);
    connect(measure_, &QPushButton::clicked, this, &OptimizationDialog::measure);
    connect(save_, &QPushButton::clicked, this, &OptimizationDialog::save);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(document_, &ProjectDocument::analysisChanged, this, &OptimizationDialog::takeNetwork);
    passes_->setCurrentCell(0, kPassName);
    passes_->setFocus();
    network_ = document_->project().network;
    optimizeAgain();
}

QWidget* OptimizationDialog::passesTab() {
    auto* const tab = new QWidget;
    auto* const layout = new QVBoxLayout(tab);
    layout->addWidget(passes_, 3);
    layout->addWidget(text_);
    auto* const row = new QHBoxLayout;
    row->addWidget(picture_, 3);
    row->addWidget(merges_, 1);
    layout->addLayout(row, 2);
    return tab;
}

void OptimizationDialog::listPasses() {
    for (const InferencePass& pass : inferencePasses()) {
        const int row = passes_->rowCount();
        passes_->insertRow(row);
        auto* const name = new QTableWidgetItem(passText(pass.title));
        name->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        name->setCheckState(Qt::Checked);
        name->setToolTip(passText(pass.text));
        passes_->setItem(row, kPassName, name);
        for (int column = kPassPlaces; column < kPassColumns; ++column) {
            auto* const figure = new QTableWidgetItem;
            figure->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            passes_->setItem(row, column, figure);
        }
    }
}

std::set<std::string> OptimizationDialog::leftOut() const {
    std::set<std::string> keys;
    for (int row = 0; row < passes_->rowCount(); ++row)
        if (passes_->item(row, kPassName)->checkState() != Qt::Checked)
            keys.insert(std::string(inferencePasses()[static_cast<std::size_t>(row)].key));
    return keys;
}

void OptimizationDialog::takeNetwork() {
    if (document_->project().network == network_)
        return;
    network_ = document_->project().network;
    pruning_->forget();
    optimizeAgain();
}

void OptimizationDialog::optimizeAgain() {
    jobs_.cancel(job_);
    jobs_.cancel(std::exchange(measuring_, 0));
    measure_->setText(tr("Measure"));
    times_->setText({});
    measure_->setEnabled(false);
    save_->setEnabled(false);
    job_ = jobs_.start([this, network = network_, seed = document_->project().training.seed(),
                        keys = leftOut()](const std::stop_token&) -> BackgroundJobs::Delivery {
        auto found = std::make_shared<Found>();
        QString wrong;
        try {
            auto model = firstModel(gradwright::lower(network), seed);
            found->before = layersOf(model.graph);
            found->report = optimize(model, keys);
            found->after = layersOf(model.graph);
            addFoldedParts(found->after, found->report);
        } catch (const std::exception& error) {
            wrong = QString::fromUtf8(error.what());
        }
        return [this, found, wrong] {
            if (wrong.isEmpty()) {
                layers_->showLayers(found->before, found->after);
                return showReport(found->report);
            }
            layers_->clear();
            published_->clearOwn();
            report_.reset();
            summary_->setText(tr("This network cannot run as it is: %1").arg(wrong));
            merges_->clear();
        };
    });
}

void OptimizationDialog::showReport(const OptimizationReport& report) {
    report_ = report;
    const auto& [before, after, passes] = report;
    summary_->setText(tr("%1 → %2 layers, counted as NVIDIA counts for TensorRT. Read and written "
                         "per sample: %3 → %4. Operations: %5 → %6.")
                          .arg(before.layers)
                          .arg(after.layers)
                          .arg(signedSize(before.bytes), signedSize(after.bytes),
                               fullNumber(before.operations), fullNumber(after.operations)));
    const QSignalBlocker quiet(passes_);
    auto pass = passes.begin();
    for (int row = 0; row < passes_->rowCount(); ++row) {
        const bool runs = pass != passes.end() &&
                          pass->key == inferencePasses()[static_cast<std::size_t>(row)].key;
        passes_->item(row, kPassPlaces)
            ->setText(runs ? QString::number(pass->merges.size()) : QString());
        passes_->item(row, kPassLayers)
            ->setText(runs ? QString::number(pass->saved.layers) : QString());
        passes_->item(row, kPassOperations)
            ->setText(runs ? fullNumber(pass->saved.operations) : QString());
        passes_->item(row, kPassBytes)->setText(runs ? signedSize(pass->saved.bytes) : QString());
        if (runs)
            ++pass;
    }
    published_->showOwn(before.layers, after.layers);
    measure_->setEnabled(true);
    save_->setEnabled(saving_ == 0);
    showPass();
}

void OptimizationDialog::showPass() {
    const int row = std::max(0, passes_->currentRow());
    const InferencePass& pass = inferencePasses()[static_cast<std::size_t>(row)];
    text_->setText(passText(pass.text));
    picture_->showPass(pass.key);
    merges_->clear();
    if (!report_)
        return;
    for (const PassReport& each : report_->passes) {
        if (each.key != pass.key)
            continue;
        for (const Merge& merge : each.merges) {
            QStringList layers;
            for (const std::string& layer : merge.layers)
                layers << qstr(layer);
            merges_->addItem(layers.join(QStringLiteral(" + ")));
        }
        if (each.merges.empty())
            merges_->addItem(tr("It finds nothing to do in this network."));
    }
    if (merges_->count() == 0)
        merges_->addItem(tr("It is switched off."));
}

void OptimizationDialog::measure() {
    if (measuring_ != 0) {
        jobs_.cancel(std::exchange(measuring_, 0));
        measure_->setText(tr("Measure"));
        times_->setText(tr("Stopped."));
        return;
    }
    measure_->setText(tr("Stop"));
    times_->setText(tr("Measuring…"));
    measuring_ =
        jobs_.start([this, network = network_, seed = document_->project().training.seed(),
                     keys = leftOut()](const std::stop_token& stop) -> BackgroundJobs::Delivery {
            auto measured = std::make_shared<Measured>();
            QString wrong;
            try {
                const auto asTrained = firstModel(gradwright::lower(network), seed);
                auto optimized = asTrained;
                const auto report = optimize(optimized, keys);
                for (const auto batch : kMeasuredBatches) {
                    const auto compile = [&](const InferenceModel& model) {
                        auto program =
                            backendFor({})->compile(model.graph, {.batch = batch}, nullptr);
                        writeWeights(*program->weights(), weightsOf(model));
                        return program;
                    };
                    const auto first = compile(asTrained);
                    const auto second = compile(optimized);
                    std::optional<Latency> before, after;
                    for (int turn = 0; turn < kTurns; ++turn) {
                        const auto a = measureLatency(*first, kMeasuredSeconds, stop);
                        const auto b = measureLatency(*second, kMeasuredSeconds, stop);
                        if (!a || !b)
                            return [] {};
                        before = faster(before, *a);
                        after = faster(after, *b);
                    }
                    measured->times.push_back({*before, *after});
                    if (batch != kMeasuredBatches.front())
                        continue;
                    for (int turn = 0; turn < kLayerTurns; ++turn) {
                        constexpr double seconds = kMeasuredSeconds / kLayerTurns;
                        auto each = measureLayers(*first, seconds, stop);
                        auto left = measureLayers(*second, seconds, stop);
                        if (!each || !left)
                            return [] {};
                        if (turn == 0 || each->sum < measured->before.sum)
                            measured->before = *std::move(each);
                        if (turn == 0 || left->sum < measured->after.sum)
                            measured->after = *std::move(left);
                    }
                    addFoldedParts(measured->after.layers, report);
                }
            } catch (const std::exception& error) {
                wrong = QString::fromUtf8(error.what());
            }
            return [this, measured, wrong] {
                measuring_ = 0;
                measure_->setText(tr("Measure"));
                if (!wrong.isEmpty())
                    return times_->setText(wrong);
                showTimes(measured->times);
                layers_->showTimes(measured->before, measured->after);
            };
        });
}

void OptimizationDialog::save() {
    const QString ending = QString::fromLatin1(kModelEnding);
    const Project project = document_->project();
    const QString file =
        askSaveFile(this, tr("Save optimized network"), qstr(slugOf(project.name)) + ending,
                    {tr("Optimized networks (*%1)").arg(ending)}, {ending});
    if (file.isEmpty())
        return;
    save_->setEnabled(false);
    times_->setText(tr("Writing %1…").arg(file));
    saving_ = jobs_.start([this, project, file, place = document_->file(), keys = leftOut(),
                           reduction = pruning_->reduction()](
                              const std::stop_token& stop) -> BackgroundJobs::Delivery {
        QString said;
        QString wrong;
        try {
            const auto model = optimizedModel(project, latestTrainedRun(project, place),
                                              {.leftOut = keys, .reduction = reduction}, stop);
            if (!model)
                return [] {};
            writeModel(file.toStdString(), *model);
            said = model->run
                       ? tr("Written to %1, with the weights of %2.").arg(file, qstr(*model->run))
                       : tr("Written to %1, untrained.").arg(file);
            if (model->reduced)
                said += tr(" It is reduced as the tab Pruning says.");
            if (!model->note.empty())
                said += tr(" Inputs and outputs are the network's own: %1").arg(qstr(model->note));
        } catch (const std::exception& error) {
            wrong = QString::fromUtf8(error.what());
        }
        return [this, said, wrong] {
            saving_ = 0;
            save_->setEnabled(report_.has_value());
            times_->setText(said);
            if (!wrong.isEmpty())
                QMessageBox::warning(this, windowTitle(), wrong);
        };
    });
}

void OptimizationDialog::showTimes(const std::vector<Times>& times) {
    QStringList texts;
    for (const auto& [before, after] : times)
        texts << tr("%1: %2 → %3")
                     .arg(countedText(before.batch, tr("One sample"), tr("%1 samples at once")),
                          shortTime(before.median), shortTime(after.median));
    times_->setText(texts.join(QStringLiteral("; ")) + tr(" (medians, FP32)."));
}

} // namespace gradwright

#include "moc_optimization_dialog.cpp"
