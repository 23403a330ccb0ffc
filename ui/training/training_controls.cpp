// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/training_controls.h"

#include "ui/glossary/explanation.h"
#include "ui/plots/scale.h"
#include "ui/runs/run_list.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"
#include "ui/training/epoch_progress.h"

#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QResizeEvent>
#include <QStyle>
#include <QVBoxLayout>

#include <cmath>

namespace gradwright {
namespace {

constexpr int kNarrowControls = 1180;
constexpr int kButtonWidth = 84;
constexpr int kCompactButtonWidth = 40;

const QString kNothing = QStringLiteral("–");

void setPrimary(QPushButton* button, bool primary) {
    const QString kind = primary ? QStringLiteral("primary") : QString();
    if (button->property("kind").toString() == kind)
        return;
    button->setProperty("kind", kind);
    button->style()->unpolish(button);
    button->style()->polish(button);
}

} // namespace

TrainingControls::TrainingControls(ThemeManager& theme, QWidget* parent)
    : QFrame(parent)
    , theme_(&theme)
    , start_(button(tr("Start"), QStringLiteral("start")))
    , pause_(button(tr("Pause"), QStringLiteral("pause")))
    , step_(button(tr("Step"), QStringLiteral("step")))
    , stop_(button(tr("Stop"), QStringLiteral("stop")))
    , title_(new QLabel)
    , steps_(new QLabel)
    , bar_(new EpochProgress(theme))
    , left_(figure(tr("Time left"), QStringLiteral("00 min 00 s")))
    , speed_(
          figure(tr("Samples per second"), QStringLiteral("000,000"), "window/samples-per-second"))
    , elapsed_(figure(tr("Elapsed"), QStringLiteral("00 min 00 s")))
    , rate_(figure(tr("Learning rate"), QStringLiteral("0.0e-0"), "training/learning_rate"))
    , best_(figure(bestCaption(), QStringLiteral("00.00 %"), "window/best"))
    , test_(figure(testCaption(), QStringLiteral("00.00 %"), "window/test")) {
    setProperty("role", QStringLiteral("header"));
    setFixedHeight(60);
    title_->setProperty("textRole", QStringLiteral("section"));
    explain(*bar_, "window/epochs");
    steps_->setProperty("textRole", QStringLiteral("muted"));
    explain(*steps_, "window/steps");
    auto* texts = new QHBoxLayout;
    texts->addWidget(title_);
    texts->addStretch(1);
    texts->addWidget(steps_);
    auto* progress = new QVBoxLayout;
    progress->setSpacing(5);
    progress->addStretch(1);
    progress->addLayout(texts);
    progress->addWidget(bar_);
    progress->addStretch(1);

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 0, 16, 0);
    layout->setSpacing(8);
    for (auto* each : {start_, pause_, step_, stop_})
        layout->addWidget(each);
    layout->addSpacing(10);
    layout->addLayout(progress, 1);
    for (const auto& each : {left_, speed_, elapsed_, rate_, best_, test_})
        layout->addWidget(each.box);

    start_->setIcon(theme.icon(QStringLiteral("play"), &Theme::onAccent));
    step_->setIcon(theme.icon(QStringLiteral("step"), &Theme::text));
    stop_->setIcon(theme.icon(QStringLiteral("stop"), &Theme::text));
    start_->setToolTip(tr("Train a copy of the network as it is now (F5)"));
    stop_->setToolTip(tr("Stop; the run can be resumed later (Shift+F5)"));
    connect(start_, &QPushButton::clicked, this, &TrainingControls::startRequested);
    connect(step_, &QPushButton::clicked, this, &TrainingControls::stepRequested);
    connect(stop_, &QPushButton::clicked, this, &TrainingControls::stopRequested);
    connect(pause_, &QPushButton::clicked, this, [this] {
        if (state_ == TrainingState::Running)
            Q_EMIT pauseRequested();
        else
            Q_EMIT continueRequested();
    });
    setState(TrainingState::Idle, false);
    clearResults();
}

void TrainingControls::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    setCompact(event->size().width() < kNarrowControls);
}

void TrainingControls::setCompact(bool compact) {
    if (compact == compact_)
        return;
    compact_ = compact;
    for (auto* each : {start_, pause_, step_, stop_}) {
        each->setMinimumWidth(compact ? kCompactButtonWidth : kButtonWidth);
        setLabel(each, each->accessibleName());
    }
    steps_->setVisible(!compact);
    best_.note->setVisible(!compact);
    rate_.box->setVisible(!compact); // the settings and the plots have it, too
    speed_.note->setVisible(!compact);
    speed_.caption->setText(compact ? tr("Samples/s") : tr("Samples per second"));
    best_.caption->setText(bestCaption());
}

void TrainingControls::setLabel(QPushButton* button, const QString& text) {
    button->setAccessibleName(text);
    button->setText(compact_ ? QString() : text);
    button->setIconSize(compact_ ? QSize(16, 16) : iconBesideText(16));
}

QString TrainingControls::bestCaption() const {
    const QString name = qstr(nameInSentence(*metric_));
    if (!validated_)
        return compact_ ? tr("Training") : tr("Training %1").arg(name);
    return compact_ ? tr("Best validation") : tr("Best validation %1").arg(name);
}

QString TrainingControls::testCaption() const {
    return tr("Test %1").arg(qstr(nameInSentence(*metric_)));
}

QPushButton* TrainingControls::button(const QString& text, const QString& name) {
    auto* made = new QPushButton(text, this);
    made->setObjectName(name);
    made->setIconSize(iconBesideText(16));
    made->setFixedHeight(32);
    made->setMinimumWidth(kButtonWidth);
    made->setAccessibleName(text);
    return made;
}

TrainingControls::Figure TrainingControls::figure(const QString& caption, const QString& widest,
                                                  std::string_view place) {
    auto* box = new QWidget(this);
    if (!place.empty())
        explain(*box, place);
    auto* line = new QFrame;
    line->setProperty("role", QStringLiteral("line"));
    line->setFixedSize(1, 32);
    Figure made{box, new QLabel(caption), new QLabel(kNothing), new QLabel};
    made.caption->setProperty("textRole", QStringLiteral("caption"));
    made.value->setProperty("textRole", QStringLiteral("figure"));
    made.note->setProperty("textRole", QStringLiteral("muted"));
    // Column widths stay still while numbers change.
    made.value->setMinimumWidth(
        QFontMetrics(textFont(type::kFigure, QFont::DemiBold)).horizontalAdvance(widest));
    auto* values = new QHBoxLayout;
    values->setSpacing(8);
    values->addWidget(made.value);
    values->addWidget(made.note);
    values->addStretch(1);
    auto* column = new QVBoxLayout;
    column->setSpacing(1);
    column->addStretch(1);
    column->addWidget(made.caption);
    column->addLayout(values);
    column->addStretch(1);
    auto* layout = new QHBoxLayout(box);
    layout->setContentsMargins(8, 0, 0, 0);
    layout->setSpacing(14);
    layout->addWidget(line);
    layout->addLayout(column);
    return made;
}

void TrainingControls::setState(TrainingState state, bool resumable) {
    state_ = state;
    const bool running = state == TrainingState::Running;
    const bool paused = state == TrainingState::Paused;
    const bool busy = state == TrainingState::Queued || state == TrainingState::Preparing ||
                      state == TrainingState::Stopping;
    const bool active = running || paused || busy;
    // What has ended has neither; the room is for how it ended.
    left_.box->setVisible(active);
    speed_.box->setVisible(active);
    start_->setEnabled(!active);
    setPrimary(start_, !active);
    start_->setIcon(
        theme_->icon(QStringLiteral("play"), active ? &Theme::disabled : &Theme::onAccent));
    const bool goesOn = paused || (!active && resumable);
    setLabel(pause_, goesOn ? tr("Resume") : tr("Pause"));
    const bool canPause = running && pausable_;
    pause_->setEnabled(canPause || goesOn);
    setPrimary(pause_, canPause || paused);
    pause_->setIcon(theme_->icon(goesOn ? QStringLiteral("play") : QStringLiteral("pause"),
                                 canPause || paused     ? &Theme::onAccent
                                 : running && !canPause ? &Theme::disabled
                                                        : &Theme::text));
    pause_->setToolTip(!active && resumable ? tr("Resume the selected run")
                       : goesOn             ? tr("Resume training (F5)")
                       : running && !canPause
                           ? tr("Several processes that share a training cannot be paused; stop "
                                "it, and resume the run later")
                           : tr("Pause training (F5)"));
    step_->setEnabled(paused);
    step_->setToolTip(paused ? tr("Run one step (F10)") : tr("Pause first to go step by step"));
    stop_->setEnabled(active && state != TrainingState::Stopping);
    if (state == TrainingState::Queued)
        title_->setText(tr("Waiting for another window"));
    else if (state == TrainingState::Preparing)
        title_->setText(tr("Preparing…"));
    else if (state == TrainingState::Stopping)
        title_->setText(tr("Stopping…"));
}

void TrainingControls::setProgress(double epoch, std::int64_t epochs, std::int64_t step,
                                   std::int64_t steps, TrainingState of) {
    const auto current =
        std::min<std::int64_t>(epochs, static_cast<std::int64_t>(std::ceil(epoch - 1e-9)));
    QString state;
    if (of == TrainingState::Paused)
        state = tr(", paused");
    else if (of == TrainingState::Stopped)
        state = tr(", stopped");
    else if (of == TrainingState::Finished)
        state = tr(", finished");
    else if (of == TrainingState::Failed)
        state = tr(", failed");
    const bool early = of == TrainingState::Finished && current < epochs;
    title_->setText(
        early ? tr("Stopped early after epoch %1 of %2").arg(current).arg(epochs)
              : tr("Epoch %1 of %2").arg(std::max<std::int64_t>(current, 1)).arg(epochs) + state);
    QString why;
    if (early)
        why = stoppedAfter_ == 0 ? tr("No better result within the patience; the best weights are "
                                      "kept")
              : stoppedAfter_ == 1 ? tr("No better result for 1 epoch; the best weights are kept")
                                   : tr("No better result for %1 epochs; the best weights are kept")
                                         .arg(stoppedAfter_);
    title_->setToolTip(why);
    steps_->setText(early ? fullNumber(step) + tr(" steps")
                          : tr("step %1 of %2").arg(fullNumber(step), fullNumber(steps)));
    bar_->setProgress(epoch, early ? current : epochs);
}

void TrainingControls::setLearningRate(double rate) {
    rate_.value->setText(rate > 0 ? shortReal(rate) : kNothing);
}

void TrainingControls::setTimes(double secondsLeft, double samplesPerSecond, double elapsed) {
    left_.value->setText(durationText(secondsLeft));
    speed_.value->setText(samplesPerSecond > 0 ? fullNumber(std::llround(samplesPerSecond))
                                               : kNothing);
    elapsed_.value->setText(durationText(elapsed));
}

void TrainingControls::setDataWait(double share) {
    constexpr double worthSaying = 0.05;
    const QString text = tr("%1 % waiting for data").arg(100 * share, 0, 'f', 1);
    explain(*speed_.box, "window/samples-per-second", text);
    speed_.note->setText(share >= worthSaying ? text : QString());
}

void TrainingControls::setMetric(const MetricDef& metric) {
    metric_ = &metric;
    best_.caption->setText(bestCaption());
    test_.caption->setText(testCaption());
}

void TrainingControls::setBest(const Quality& quality, std::int64_t epoch, bool validated) {
    validated_ = validated;
    best_.caption->setText(bestCaption());
    best_.value->setText(qstr(valueText(*quality.metric, quality.value)));
    best_.note->setText(tr("★ epoch %1").arg(epoch));
}

void TrainingControls::setTest(const Quality& quality) {
    test_.value->setText(qstr(valueText(*quality.metric, quality.value)));
    test_.box->show();
}

void TrainingControls::setStoppedEarly(std::int64_t epochs) {
    stoppedAfter_ = epochs;
}

void TrainingControls::clearResults() {
    stoppedAfter_ = 0;
    title_->setText(tr("Not trained yet"));
    steps_->clear();
    bar_->setProgress(0, 1);
    for (const auto* each : {&left_, &speed_, &elapsed_, &rate_, &best_, &test_})
        each->value->setText(kNothing);
    best_.note->clear();
    test_.box->hide();
}

} // namespace gradwright

#include "moc_training_controls.cpp"
