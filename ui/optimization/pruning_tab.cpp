// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/optimization/pruning_tab.h"

#include "engine/exchange/onnx_export.h"
#include "engine/metrics/quality_json.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QCheckBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSlider>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

constexpr int kPauseMs = 300;
constexpr std::uint32_t kPruningSamples = 2000; ///< of the test set, at most
constexpr std::int64_t kConstantSamples = 512;  ///< of the training set

std::vector<std::uint32_t> firstIndices(const DataSource& source) {
    auto indices = allIndices(source);
    indices.resize(std::min<std::size_t>(indices.size(), kPruningSamples));
    return indices;
}

QString qualityText(const Score& score) {
    return qstr(valueText(*score.quality.metric, score.quality.value));
}

} // namespace

PruningTab::PruningTab(ProjectDocument& document, QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , share_(new QSlider(Qt::Horizontal))
    , percent_(new QLabel)
    , wholeUnits_(new QCheckBox(tr("Whole units")))
    , constantUnits_(new QCheckBox(tr("Constant units")))
    , result_(new QLabel)
    , progress_(new QProgressBar)
    , stop_(new QPushButton(tr("Stop"))) {
    share_->setRange(0, 95);
    share_->setPageStep(10);
    share_->setAccessibleName(tr("Share that goes"));
    percent_->setMinimumWidth(percent_->fontMetrics().horizontalAdvance(QStringLiteral("100 %")));
    wholeUnits_->setToolTip(tr("Takes the weakest units of each convolution and dense layer with "
                               "all their weights, so that the network becomes smaller. Otherwise "
                               "the smallest weights become 0, and it is as large as before."));
    constantUnits_->setToolTip(tr("Takes units away that are one and the same number for %1 "
                                  "training samples, such as those of a ReLU that has died.")
                                   .arg(kConstantSamples));
    result_->setWordWrap(true);
    result_->setObjectName(QStringLiteral("pruningResult"));
    progress_->setRange(0, 0);
    progress_->setAccessibleName(tr("Measuring"));
    auto* const row = new QHBoxLayout;
    row->addWidget(share_, 1);
    row->addWidget(percent_);
    auto* const form = new QFormLayout;
    form->addRow(tr("Share that goes"), row);
    form->addRow(wholeUnits_);
    form->addRow(constantUnits_);
    auto* const working = new QHBoxLayout;
    working->addWidget(progress_, 1);
    working->addWidget(stop_);
    auto* const layout = new QVBoxLayout(this);
    layout->addLayout(form);
    layout->addWidget(result_);
    layout->addLayout(working);
    layout->addStretch(1);
    pause_.setSingleShot(true);
    pause_.setInterval(kPauseMs);
    connect(&pause_, &QTimer::timeout, this, &PruningTab::measure);
    connect(share_, &QSlider::valueChanged, this, [this] {
        showShare();
        pause_.start();
    });
    for (QCheckBox* const box : {wholeUnits_, constantUnits_})
        connect(box, &QCheckBox::toggled, this, [this] { pause_.start(); });
    connect(stop_, &QPushButton::clicked, this, [this] { stop(tr("Stopped.")); });
    showShare();
    stop(tr("Move the slider: what goes is measured on the weights of the latest training."));
}

void PruningTab::showShare() {
    percent_->setText(tr("%1 %").arg(share_->value()));
}

Reduction PruningTab::reduction() const {
    return {.prune = share_->value() / 100.0,
            .structured = wholeUnits_->isChecked(),
            .calibration = constantUnits_->isChecked() ? kConstantSamples : 0};
}

void PruningTab::stop(const QString& said) {
    pause_.stop();
    jobs_.cancel(std::exchange(job_, 0));
    progress_->hide();
    stop_->hide();
    result_->setText(said);
}

void PruningTab::forget() {
    whole_.reset();
    if (!reduction().isNone())
        measure();
}

void PruningTab::measure() {
    if (reduction().isNone())
        return stop(tr("Nothing goes."));
    stop(tr("Measuring…"));
    progress_->show();
    stop_->show();
    job_ = jobs_.start([this, project = document_->project(), place = document_->file(),
                        whole = whole_, wish = reduction()](
                           const std::stop_token& token) mutable -> BackgroundJobs::Delivery {
        QString said;
        try {
            const auto run = latestTrainedRun(project, place);
            if (!run)
                return [this] {
                    stop(tr("The network has not been trained: there is no accuracy to lose yet."));
                };
            const auto measured = [&](const OptimizedModel& model) {
                const auto test = openDataset(model.project.data, model.data->reading).test;
                return measureModel(model, test, firstIndices(*test), token);
            };
            if (!whole || whole->run != run->name()) {
                const auto model = optimizedModel(project, run, {}, token);
                const auto score = model && model->data ? measured(*model) : std::nullopt;
                if (!score)
                    return [] {};
                whole = std::make_shared<const Whole>(Whole{run->name(), model->after, *score});
            }
            const auto model =
                optimizedModel(project, run, {.leftOut = {}, .reduction = wish}, token);
            const auto score = model ? measured(*model) : std::nullopt;
            if (!score)
                return [] {};
            const ReductionReport& reduced = *model->reduced;
            said = tr("%1: %2 → %3 over %4 (loss %5 → %6).")
                       .arg(qstr(score->quality.metric->title), qualityText(whole->score),
                            qualityText(*score),
                            countedText(score->samples, tr("1 test sample"), tr("%1 test samples")))
                       .arg(whole->score.loss, 0, 'g', 4)
                       .arg(score->loss, 0, 'g', 4);
            said += wish.structured ? tr("\n%1 of %2 units went.")
                                          .arg(fullNumber(reduced.pruned.unitsGone),
                                               fullNumber(reduced.pruned.units))
                                    : tr("\n%1 of %2 weights are 0.")
                                          .arg(fullNumber(reduced.pruned.zeros),
                                               fullNumber(reduced.pruned.weights));
            if (wish.calibration > 0)
                said +=
                    u' ' + countedText(reduced.constantUnits, tr("1 unit was constant and went."),
                                       tr("%1 units were constant and went."));
            said +=
                tr("\nWeights: %1 → %2. Operations per sample: %3 → %4.")
                    .arg(byteSize(whole->size.weights), byteSize(model->after.weights),
                         fullNumber(whole->size.operations), fullNumber(model->after.operations));
        } catch (const std::exception& error) {
            said = QString::fromUtf8(error.what());
        }
        return [this, said, whole] {
            whole_ = whole;
            stop(said);
        };
    });
}

} // namespace gradwright

#include "moc_pruning_tab.cpp"
