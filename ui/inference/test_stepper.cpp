// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/test_stepper.h"

#include "ui/inference/cards.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QRandomGenerator>
#include <QToolButton>

namespace gradwright {

TestStepper::TestStepper(ThemeManager& theme, QString noun, QWidget* parent)
    : QWidget(parent)
    , noun_(std::move(noun))
    , place_(mutedLabel({}))
    , previous_(button(theme, QStringLiteral("chevron-left"), QStringLiteral("previous"),
                       tr("Previous test %1").arg(noun_)))
    , next_(button(theme, QStringLiteral("chevron-right"), QStringLiteral("next"),
                   tr("Next test %1").arg(noun_)))
    , random_(button(theme, QStringLiteral("shuffle"), QStringLiteral("random"),
                     tr("Any test %1").arg(noun_))) {
    place_->setObjectName(QStringLiteral("place"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addWidget(place_, 1);
    for (auto* each : {previous_, random_, next_})
        layout->addWidget(each);
    connect(previous_, &QToolButton::clicked, this, [this] { step(-1); });
    connect(next_, &QToolButton::clicked, this, [this] { step(1); });
    connect(random_, &QToolButton::clicked, this, [this] {
        Q_EMIT sampleWanted(static_cast<std::int64_t>(
            QRandomGenerator::global()->bounded(static_cast<quint64>(samples_))));
    });
    setSamples(0);
}

QToolButton* TestStepper::button(ThemeManager& theme, const QString& icon, const QString& name,
                                 const QString& text) {
    auto* made = new QToolButton;
    made->setObjectName(name);
    made->setIcon(theme.icon(icon, &Theme::text));
    made->setIconSize({16, 16});
    made->setFixedSize(28, 28);
    made->setToolTip(text);
    made->setAccessibleName(text);
    return made;
}

void TestStepper::setSamples(std::int64_t samples) {
    samples_ = samples;
    setCurrent(-1);
    for (auto* each : {previous_, random_, next_})
        each->setEnabled(samples > 0);
}

void TestStepper::setCurrent(std::int64_t sample) {
    current_ = sample;
    place_->setText(
        samples_ == 0 ? tr("No test set")
        : sample < 0
            ? tr("From the test set")
            : tr("Test %1 %2 of %3").arg(noun_, fullNumber(sample + 1), fullNumber(samples_)));
}

void TestStepper::step(std::int64_t by) {
    const auto from = current_ < 0 && by < 0 ? 0 : current_;
    Q_EMIT sampleWanted((from + by + samples_) % samples_);
}

} // namespace gradwright

#include "moc_test_stepper.cpp"
