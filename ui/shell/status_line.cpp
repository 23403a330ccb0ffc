// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/status_line.h"

#include "engine/support/system_memory.h"
#include "engine/training/memory.h"
#include "ui/glossary/explanation.h"
#include "ui/problems/problems_panel.h"
#include "ui/theme/elided_label.h"
#include "ui/theme/text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include <algorithm>

namespace gradwright {

namespace {

constexpr int kStatusHeight = 26;
constexpr int kHintMs = 8000;
constexpr int kFiguresMs = 120;

} // namespace

StatusLine::StatusLine(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QFrame(parent)
    , document_(&document)
    , themes_(&themes)
    , saved_(new QLabel)
    , problems_(new QPushButton)
    , hint_(new ElidedLabel)
    , figures_(new QLabel) {
    setProperty("role", QStringLiteral("bottomPanel"));
    setFixedHeight(kStatusHeight);
    problems_->setProperty("kind", QStringLiteral("link"));
    problems_->setFocusPolicy(Qt::TabFocus);
    figures_->setObjectName(QStringLiteral("figures"));
    problems_->setToolTip(tr("Next problem (F8)"));
    for (QLabel* const label : std::initializer_list<QLabel*>{saved_, hint_, figures_})
        label->setProperty("textRole", QStringLiteral("muted"));
    hint_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto* const layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 0, 12, 0);
    layout->setSpacing(14);
    layout->addWidget(saved_);
    layout->addWidget(problems_);
    layout->addWidget(hint_, 1);
    layout->addWidget(figures_);
    hintTimer_.setSingleShot(true);
    connect(&hintTimer_, &QTimer::timeout, this, [this] { showHint({}); });
    figuresTimer_.setSingleShot(true);
    figuresTimer_.setInterval(kFiguresMs);
    connect(&figuresTimer_, &QTimer::timeout, this, &StatusLine::refreshFigures);
    connect(problems_, &QPushButton::clicked, this, &StatusLine::problemsClicked);
    connect(document_, &ProjectDocument::analysisChanged, this, &StatusLine::refresh);
    connect(document_, &ProjectDocument::modifiedChanged, this, &StatusLine::refresh);
    connect(document_, &ProjectDocument::fileChanged, this, &StatusLine::refresh);
    connect(themes_, &ThemeManager::changed, this, &StatusLine::refresh);
    refresh();
    refreshFigures();
}

void StatusLine::showHint(const QString& text) {
    hint_->setText(text);
    hint_->setToolTip(text);
    // What is said now counts more than figures that come back.
    figures_->show();
    layout()->activate();
    figures_->setVisible(!hint_->isElided());
    if (text.isEmpty())
        hintTimer_.stop();
    else
        hintTimer_.start(kHintMs);
}

void StatusLine::setPlannedMemory(const std::optional<MemoryEstimate>& memory) {
    planned_ = memory;
    figuresTimer_.start();
}

void StatusLine::refresh() {
    saved_->setText(document_->isModified() ? tr("Not saved")
                    : document_->file()     ? tr("Saved")
                                            : tr("New project"));
    const Analysis& analysis = document_->analysis();
    Severity worst = Severity::Info;
    for (const Diagnostic& diagnostic : analysis.diagnostics)
        worst = std::max(worst, diagnostic.severity);
    problems_->setText(problemSummary(analysis));
    problems_->setIcon(
        worst == Severity::Error     ? themes_->icon(QStringLiteral("error"), &Theme::error)
        : worst == Severity::Warning ? themes_->icon(QStringLiteral("warning"), &Theme::warning)
                                     : themes_->icon(QStringLiteral("ok"), &Theme::ok));
    figuresTimer_.start();
}

void StatusLine::refreshFigures() {
    const Analysis& analysis = document_->analysis();
    const Project& project = document_->project();
    const auto layers = static_cast<std::int64_t>(analysis.nodes.size());
    const QString bar = QStringLiteral(" &nbsp;│&nbsp; ");
    QString text = tr("Layers <b>%1</b>").arg(fullNumber(layers)) + bar +
                   tr("Parameters <b>%1</b>").arg(fullNumber(analysis.parameters)) + bar +
                   tr("MACs <b>%1</b> per sample").arg(shortNumber(analysis.macs));
    QString tip = tr("Layers with those inside blocks, trainable parameters, and "
                     "multiply-accumulates per sample");
    const auto memory = planned_ ? planned_ : estimateTrainingMemory(analysis, project.training);
    if (memory) {
        const std::int64_t batch = project.training.batch();
        text += bar + (planned_ ? tr("Training memory <b>%1</b> at batch %2")
                                : tr("Training memory <b>≈ %1</b> at batch %2"))
                          .arg(byteSize(memory->total()), fullNumber(batch));
        tip += tr("\nWeights, gradients and optimizer state: %1; activations: %2")
                   .arg(byteSize(memory->weights), byteSize(memory->activations));
        tip += memory->around > 0
                   ? tr("; batches loaded ahead and evaluation: %1").arg(byteSize(memory->around))
                   : tr("\nBatches loaded ahead and evaluation come on top.");
        // A GPU's own memory is looked at when a training starts there.
        const auto available = project.training.target().isGpu() ? std::nullopt : availableMemory();
        if (available && memory->total() > *available) {
            const std::int64_t largest = largestBatch(*memory, batch, *available);
            text += QStringLiteral(" <b style='color:%1'>%2</b>")
                        .arg(themes_->theme().error.name(),
                             largest > 0 ? tr("too much: batch %1 fits").arg(fullNumber(largest))
                                         : tr("more than is available"));
            tip += tr("\nFree now: %1").arg(byteSize(*available));
            if (!project.training.recompute())
                tip += tr("\nRecomputing activations (Train, Hardware) needs less.");
        }
    }
    figures_->setText(text);
    explain(*figures_, "window/memory", tip);
}

} // namespace gradwright

#include "moc_status_line.cpp"
