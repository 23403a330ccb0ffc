// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/evaluation_panel.h"

#include "ui/glossary/explanation.h"
#include "ui/glossary/glossary.h"
#include "ui/inference/confusion_view.h"
#include "ui/inference/mistakes_view.h"
#include "ui/inference/scatter_view.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/elided_label.h"
#include "ui/theme/spoken.h"
#include "ui/theme/text.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QResizeEvent>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kRoomForDetails = 400; // beside the titles
constexpr int kCardMargin = 14;

QString samplesText(std::int64_t samples) {
    return countedText(samples, EvaluationPanel::tr("1 sample"), EvaluationPanel::tr("%1 samples"));
}

QLabel* label(const QString& text, const char* role) {
    auto* made = new QLabel(text);
    made->setProperty("textRole", QLatin1String(role));
    return made;
}

/// A label that wraps makes everything around it as high as it would like to be, which a page that
/// scrolls takes for what it needs. Each new text brings that back.
void keepHeightToItself(QLabel& label) {
    auto policy = label.sizePolicy();
    policy.setHeightForWidth(false);
    label.setSizePolicy(policy);
}

QFrame* emptyCard(QVBoxLayout*& layout) {
    auto* frame = new QFrame;
    frame->setProperty("role", QStringLiteral("card"));
    layout = new QVBoxLayout(frame);
    layout->setContentsMargins(kCardMargin, 10, kCardMargin, 12);
    layout->setSpacing(8);
    return frame;
}

} // namespace

EvaluationPanel::EvaluationPanel(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , detail_(new ElidedLabel)
    , quality_(label({}, "figure"))
    , metrics_(label({}, "muted"))
    , chosen_(label({}, "muted"))
    , mistakesDetail_(label({}, "muted"))
    , empty_(label({}, "muted"))
    , filler_(new QWidget)
    , scatter_(new ScatterView(theme))
    , progress_(new QProgressBar)
    , button_(new QPushButton(tr("Evaluate test set")))
    , confusion_(new ConfusionView(theme))
    , mistakes_(new MistakesView(theme))
    , job_(new EvaluationJob(this)) {
    layOut();
    connect(button_, &QPushButton::clicked, this, [this] {
        if (job_->isRunning())
            job_->cancel();
        else
            start();
    });
    connect(job_, &EvaluationJob::runningChanged, this, &EvaluationPanel::showRunning);
    connect(job_, &EvaluationJob::progressed, this,
            [this](std::int64_t done, std::int64_t samples) {
                progress_->setMaximum(static_cast<int>(samples));
                progress_->setValue(static_cast<int>(done));
                detail_->setText(tr("%1 of %2 samples").arg(fullNumber(done), fullNumber(samples)));
            });
    connect(job_, &EvaluationJob::finished, this, &EvaluationPanel::showReport);
    connect(job_, &EvaluationJob::failed, this,
            [this](const QString& reason) { showInstead(reason); });
    connect(confusion_, &ConfusionView::chosenChanged, this, &EvaluationPanel::showMistakes);
    connect(scatter_, &ScatterView::sampleChosen, this, &EvaluationPanel::sampleChosen);
    connect(mistakes_, &MistakesView::sampleChosen, this,
            [this](const Reading& mistake) { Q_EMIT sampleChosen(mistake.sample); });
    setModel({});
}

void EvaluationPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    mistakesDetail_->setVisible(event->size().width() >= kRoomForDetails);
    fitMetrics();
}

void EvaluationPanel::fitMetrics() {
    metrics_->setFixedHeight(std::max(metrics_->heightForWidth(width() - 2 * kCardMargin), 0));
    keepHeightToItself(*metrics_);
}

void EvaluationPanel::layOut() {
    button_->setObjectName(QStringLiteral("evaluate"));
    progress_->setAccessibleName(tr("Test samples evaluated"));
    progress_->setTextVisible(false);
    progress_->setFixedHeight(8);
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignCenter);

    QVBoxLayout* top = nullptr;
    auto* matrixCard = emptyCard(top);
    auto* header = new QHBoxLayout;
    header->setSpacing(8);
    title_ = label(tr("Confusion matrix"), "title");
    header->addWidget(title_);
    // Takes what room there is, and asks for none.
    detail_->setProperty("textRole", QStringLiteral("muted"));
    detail_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    header->addWidget(detail_, 1);
    header->addWidget(quality_);
    header->addWidget(button_);
    top->addLayout(header);
    metrics_->setObjectName(QStringLiteral("metrics"));
    metrics_->setWordWrap(true);
    top->addWidget(metrics_);
    top->addWidget(progress_);
    top->addWidget(empty_, 1);
    top->addWidget(confusion_, 1);
    top->addWidget(filler_, 1);
    top->addWidget(scatter_, 1);
    top->addWidget(chosen_);

    QVBoxLayout* bottom = nullptr;
    mistakesCard_ = emptyCard(bottom);
    auto* mistakesHeader = new QHBoxLayout;
    mistakesHeader->setSpacing(8);
    mistakesHeader->addWidget(label(tr("Most confident mistakes"), "title"));
    mistakesHeader->addWidget(mistakesDetail_);
    mistakesHeader->addStretch(1);
    bottom->addLayout(mistakesHeader);
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("mistakes"));
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(mistakes_);
    scroll->setFocusProxy(mistakes_);
    scroll->viewport()->setAutoFillBackground(false);
    mistakes_->setAutoFillBackground(false);
    bottom->addWidget(scroll, 1);
    connect(mistakes_, &MistakesView::currentMoved, scroll, [scroll](const QRect& place) {
        const auto middle = place.center();
        scroll->ensureVisible(middle.x(), middle.y(), place.width() / 2, place.height() / 2);
    });

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    layout->addWidget(matrixCard, 3);
    layout->addWidget(mistakesCard_, 2);
}

void EvaluationPanel::setModel(std::shared_ptr<const TrainedModel> model) {
    job_->cancel();
    model_ = std::move(model);
    setReport({});
    confusion_->setMatrix({}, {});
    mistakes_->setMistakes({}, {});
    quality_->clear();
    metrics_->clear();
    chosen_->clear();
    mistakesDetail_->clear();
    mistakesCard_->setVisible(!info() || (showsImages() && info()->hasClasses()));
    showInstead(model_ && !model_->noSamples.empty()
                    ? tr("There is no test set to measure with: %1").arg(qstr(model_->noSamples))
                : model_ ? tr("Runs the whole test set in the background.")
                         : tr("Train a network, or choose a run above, to see how it does on the "
                              "test set."));
    showRunning(false);
}

void EvaluationPanel::showInstead(const QString& text) {
    empty_->setText(text);
    keepHeightToItself(*empty_);
}

void EvaluationPanel::setData(const DataInfo& info) {
    data_ = info;
    if (model_)
        return;
    mistakesCard_->setVisible(showsImages() && info.hasClasses());
    showRunning(false);
}

const DataInfo* EvaluationPanel::info() const {
    return model_ ? &model_->data->info : data_ ? &*data_ : nullptr;
}

void EvaluationPanel::setNewerModel(std::shared_ptr<const TrainedModel> model) {
    model_ = std::move(model);
    if (!job_->isRunning())
        showRunning(false);
}

void EvaluationPanel::start() {
    if (model_ && model_->noSamples.empty())
        job_->start(model_);
}

void EvaluationPanel::showRunning(bool running) {
    progress_->setVisible(running);
    progress_->setValue(0);
    button_->setText(running ? tr("Cancel") : tr("Evaluate test set"));
    // Newer weights may be measured, too.
    button_->setVisible(running || !report_ || report_->model != model_);
    title_->setText(!info() || info()->hasClasses() ? tr("Confusion matrix") : tr("Test set"));
    button_->setEnabled(model_ && model_->noSamples.empty());
    empty_->setVisible(!report_);
    const bool hasClasses = report_ && report_->model->data->info.hasClasses();
    metrics_->setVisible(report_ != nullptr);
    confusion_->setVisible(hasClasses);
    const bool hasRows = report_ && !report_->outputs.empty();
    scatter_->setVisible(hasRows);
    filler_->setVisible(report_ && !hasClasses && !hasRows);
    chosen_->setVisible(hasClasses);
    if (!running && !report_)
        detail_->setText(model_ && model_->noSamples.empty()
                             ? tr("test set, %1").arg(samplesText(model_->data->test->size()))
                             : QString());
}

void EvaluationPanel::showReport(std::shared_ptr<const TestReport> report) {
    setReport(std::move(report));
    const auto& matrix = report_->matrix;
    confusion_->setMatrix(matrix, report_->model->data->info.classes);
    detail_->setText(tr("test set, %1, %2")
                         .arg(samplesText(report_->samples), qstr(report_->model->weightsTitle)));
    detail_->setToolTip(detail_->text());
    showMetrics();
    showMistakes();
    showScatter();
    showRunning(false);
}

/// Of several targets the first one.
void EvaluationPanel::showScatter() {
    const auto& info = report_->model->data->info;
    if (report_->outputs.empty())
        return;
    const auto step = info.targetNames.size();
    std::vector<float> truths;
    std::vector<float> predictions;
    for (std::size_t i = 0; i < report_->outputs.size(); i += step) {
        truths.push_back(report_->targets[i]);
        predictions.push_back(report_->outputs[i]);
    }
    scatter_->setPoints(qstr(info.targetNames.front()), std::move(truths), std::move(predictions));
}

void EvaluationPanel::setReport(std::shared_ptr<const TestReport> report) {
    report_ = std::move(report);
    Q_EMIT reportChanged();
}

/// The first one large, the others in a line, each explained where the pointer rests.
void EvaluationPanel::showMetrics() {
    QStringList others;
    QString help;
    for (const auto& quality : report_->metrics) {
        const auto* metric = quality.metric;
        if (metric == report_->metrics.front().metric)
            quality_->setText(qstr(briefText(quality)));
        else
            others << qstr(metric->title + " " + valueText(*metric, quality.value))
                          .replace(u' ', QChar::Nbsp);
        const auto* const term = Glossary::own().explaining("metric/" + metric->key);
        help += QStringLiteral("<p><b>%1</b>: %2 %3</p>")
                    .arg(qstr(metric->title).toHtmlEscaped(), qstr(metric->doc).toHtmlEscaped(),
                         qstr(term == nullptr ? "" : term->text).toHtmlEscaped());
    }
    // A line may end with a dot; none begins with one.
    metrics_->setText(others.join(QStringLiteral("\u00A0\u00A0·   ")));
    fitMetrics();
    setHelp(*metrics_, help);
    explain(*quality_, "metric/" + report_->metrics.front().metric->key);
    setHelp(*quality_, help);
}

bool EvaluationPanel::showsImages() const {
    return info() && info()->input.rank() == 3;
}

void EvaluationPanel::showMistakes() {
    mistakesCard_->setVisible(showsImages() && (!report_ || model_->data->info.hasClasses()));
    if (!report_ || !report_->model->data->info.hasClasses())
        return;
    auto shown = report_->mistakes;
    const auto cell = confusion_->chosen();
    const auto& classes = report_->model->data->info.classes;
    if (cell && cell->first != cell->second) {
        std::erase_if(shown, [&](const Reading& mistake) {
            return static_cast<std::size_t>(mistake.label) != cell->first ||
                   static_cast<std::size_t>(mistake.predicted) != cell->second;
        });
        chosen_->setText(tr("Chosen: %1 × %2 read as %3")
                             .arg(shown.size())
                             .arg(qstr(classes[cell->first]), qstr(classes[cell->second])));
    } else {
        chosen_->setText(showsImages() ? tr("Click a cell to see its images below.") : QString());
    }
    mistakesDetail_->setText(
        tr("%1 of %2 wrong")
            .arg(fullNumber(static_cast<std::int64_t>(report_->mistakes.size())),
                 fullNumber(report_->matrix.samples())));
    mistakes_->setMistakes(report_, std::move(shown));
}

} // namespace gradwright

#include "moc_evaluation_panel.cpp"
