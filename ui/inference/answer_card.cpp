// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/answer_card.h"

#include "ui/drawing/class_menu.h"
#include "ui/inference/cards.h"
#include "ui/inference/prediction_panel.h"
#include "ui/inference/sample_images.h"
#include "ui/inference/values_panel.h"
#include "ui/session/trained_model.h"
#include "ui/theme/theme_manager.h"

#include <QAction>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include <utility>

namespace gradwright {

AnswerCard::AnswerCard(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , prediction_(new PredictionPanel(theme))
    , values_(new ValuesPanel(theme))
    , kind_(mutedLabel(tr("probabilities, live")))
    , truth_(new QLabel)
    , latency_(mutedLabel({}))
    , button_(new QToolButton)
    , menu_(new QMenu(this))
    , say_(new QAction(theme.icon(QStringLiteral("pen")), tr("Say what it is…"), this)) {
    truth_->setObjectName(QStringLiteral("truth"));
    truth_->setProperty("textRole", QStringLiteral("section"));
    const auto card = makeCard(tr("Prediction"));
    card.header->addWidget(kind_);
    card.header->addStretch(1);
    card.header->addWidget(truth_);
    card.header->addSpacing(8);
    card.header->addWidget(latency_);
    card.header->addSpacing(8);
    card.header->addWidget(button_);
    button_->setObjectName(QStringLiteral("sayClass"));
    button_->setText(tr("It is…"));
    button_->setProperty("kind", QStringLiteral("chip"));
    menu_->setObjectName(QStringLiteral("sayClassMenu"));
    say_->setShortcut(Qt::Key_F2);
    say_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    const auto open = [this] {
        // A page enables the commands of the panel that it shows.
        if (button_->isEnabled() && !choice_.empty())
            menu_->popup(button_->mapToGlobal(QPoint(0, button_->height())));
    };
    connect(button_, &QToolButton::clicked, this, open);
    connect(say_, &QAction::triggered, this, open);
    setChoice({}, {});
    card.body->addWidget(prediction_, 1);
    card.body->addWidget(values_, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(card.frame);
    values_->hide();
}

void AnswerCard::setModel(const TrainedModel& model) {
    const auto& info = model.data->info;
    setData(info);
    values_->setInfo(info, readsDrawings(model),
                     model.data->table ? model.data->table->targets : std::vector<ColumnSummary>());
}

void AnswerCard::setData(const DataInfo& info) {
    clear();
    prediction_->setClasses(info.classes);
    prediction_->setVisible(info.hasClasses());
    values_->setVisible(!info.hasClasses());
    values_->setInfo(info, true, {});
    kind_->setText(info.hasClasses() ? tr("probabilities, live") : tr("live"));
}

void AnswerCard::setAnswer(const InferenceAnswer& answer) {
    if (values_->isHidden())
        prediction_->setPrediction(answer.prediction);
    else
        values_->setValues(answer.prediction.probabilities);
    latency_->setText(tr("%1 ms").arg(1000 * answer.seconds, 0, 'f', 1));
}

void AnswerCard::clear() {
    prediction_->setPrediction({});
    values_->setValues({});
    latency_->clear();
    setTruth({});
}

void AnswerCard::setHint(const QString& hint) {
    prediction_->setHint(hint);
    values_->setHint(hint);
}

void AnswerCard::setChoice(const std::vector<std::string>& classes, const QString& obstacle) {
    button_->setVisible(!classes.empty());
    button_->setEnabled(!classes.empty() && obstacle.isEmpty());
    say_->setEnabled(button_->isEnabled());
    button_->setToolTip(obstacle.isEmpty()
                            ? tr("Say which class it is; the image is added to those that the "
                                 "network is trained on (F2)")
                            : obstacle);
    if (std::exchange(choice_, classes) != classes)
        fillClassMenu(*menu_, classes, [this](const QString& name) { Q_EMIT classSaid(name); });
}

void AnswerCard::setTruth(const QString& truth) {
    truth_->setText(truth.isEmpty() ? QString() : tr("Truth: %1").arg(truth));
}

} // namespace gradwright

#include "moc_answer_card.cpp"
