// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/answer_card.h"

#include "ui/inference/cards.h"
#include "ui/inference/prediction_panel.h"
#include "ui/inference/sample_images.h"
#include "ui/inference/values_panel.h"
#include "ui/session/trained_model.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

namespace gradwright {

AnswerCard::AnswerCard(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , prediction_(new PredictionPanel(theme))
    , values_(new ValuesPanel(theme))
    , kind_(mutedLabel(tr("probabilities, live")))
    , truth_(new QLabel)
    , latency_(mutedLabel({})) {
    truth_->setObjectName(QStringLiteral("truth"));
    truth_->setProperty("textRole", QStringLiteral("section"));
    const auto card = makeCard(tr("Prediction"));
    card.header->addWidget(kind_);
    card.header->addStretch(1);
    card.header->addWidget(truth_);
    card.header->addSpacing(8);
    card.header->addWidget(latency_);
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

void AnswerCard::setTruth(const QString& truth) {
    truth_->setText(truth.isEmpty() ? QString() : tr("Truth: %1").arg(truth));
}

} // namespace gradwright

#include "moc_answer_card.cpp"
