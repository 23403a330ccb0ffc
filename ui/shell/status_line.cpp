// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/status_line.h"

#include "ui/problems/problems_panel.h"
#include "ui/theme/text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include <algorithm>

namespace gradwright {

namespace {

constexpr int kHeight = 26;
constexpr int kHintMs = 8000;

} // namespace

StatusLine::StatusLine(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QFrame(parent)
    , document_(&document)
    , themes_(&themes)
    , saved_(new QLabel)
    , problems_(new QPushButton)
    , hint_(new QLabel)
    , figures_(new QLabel) {
    setProperty("role", QStringLiteral("bottomPanel"));
    setFixedHeight(kHeight);
    problems_->setProperty("kind", QStringLiteral("link"));
    problems_->setFocusPolicy(Qt::TabFocus);
    problems_->setToolTip(tr("Next problem (F8)"));
    for (QLabel* const label : {saved_, hint_, figures_})
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
    connect(&hintTimer_, &QTimer::timeout, hint_, &QLabel::clear);
    connect(problems_, &QPushButton::clicked, this, &StatusLine::problemsClicked);
    connect(document_, &ProjectDocument::analysisChanged, this, &StatusLine::refresh);
    connect(document_, &ProjectDocument::modifiedChanged, this, &StatusLine::refresh);
    connect(document_, &ProjectDocument::fileChanged, this, &StatusLine::refresh);
    refresh();
}

void StatusLine::showHint(const QString& text) {
    hint_->setText(text);
    hintTimer_.start(kHintMs);
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
    const auto layers = static_cast<std::int64_t>(document_->project().network.main.nodes().size());
    figures_->setText(
        tr("Layers <b>%1</b> &nbsp;│&nbsp; Parameters <b>%2</b> &nbsp;│&nbsp; "
           "MACs <b>%3</b> per sample")
            .arg(fullNumber(layers), fullNumber(analysis.parameters), shortNumber(analysis.macs)));
}

} // namespace gradwright
