// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/cards.h"

#include "ui/session/trained_model.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QStringList>
#include <QVBoxLayout>

#include <vector>

namespace gradwright {
namespace {

constexpr std::int64_t kMostValues = 6; // that a line holds

} // namespace

Card makeCard(const QString& title) {
    Card card{new QFrame, new QLabel(title), new QHBoxLayout, nullptr};
    card.frame->setProperty("role", QStringLiteral("card"));
    card.title->setProperty("textRole", QStringLiteral("title"));
    card.header->setSpacing(6);
    card.header->addWidget(card.title);
    card.body = new QVBoxLayout(card.frame);
    card.body->setContentsMargins(14, 10, 14, 12);
    card.body->setSpacing(10);
    card.body->addLayout(card.header);
    return card;
}

QLabel* mutedLabel(const QString& text) {
    auto* label = new QLabel(text);
    label->setProperty("textRole", QStringLiteral("muted"));
    return label;
}

QString truthOf(const TrainedModel& model, std::int64_t sample) {
    const auto& info = model.data->info;
    const auto& test = *model.data->test;
    if (info.hasClasses())
        return info.labels() == 1 ? qstr(info.classes[static_cast<std::size_t>(test.label(sample))])
                                  : QString();
    if (info.target.rank() != 1 || info.target[0] > kMostValues)
        return {};
    std::vector<float> values(static_cast<std::size_t>(info.target.elements()));
    test.target(sample, values);
    QStringList texts;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto value = static_cast<double>(values[i]);
        texts << plainNumber(
            i < info.targetScaling.size() ? info.targetScaling[i].restored(value) : value, 5);
    }
    return texts.join(QStringLiteral(", "));
}

} // namespace gradwright
