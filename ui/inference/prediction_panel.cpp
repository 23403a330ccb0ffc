// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/prediction_panel.h"

#include "ui/plots/scale.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QPainter>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kAnswerWidth = 150;
constexpr int kNarrowAnswerWidth = 112;
constexpr int kNarrowPanel = 420; // below, the answer gives way to the bars
constexpr int kLeastBarName = 30; // of a class beside its bar, with the space before it
constexpr int kMostBarName = 120;
constexpr int kShareWidth = 62;

QString share(float probability) {
    return probability < 0.001F ? QStringLiteral("< 0.1 %")
                                : percent(static_cast<double>(probability), 1);
}

} // namespace

PredictionPanel::PredictionPanel(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    for (int i = 0; i < 10; ++i)
        classes_.push_back(std::to_string(i));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setMinimumSize(260, 200);
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void PredictionPanel::setClasses(std::vector<std::string> classes) {
    classes_ = std::move(classes);
    update();
}

void PredictionPanel::setPrediction(std::optional<Prediction> prediction) {
    prediction_ = std::move(prediction);
    setAccessibleName(
        prediction_ ? tr("Read as %1, %2 sure").arg(answer(), percent(prediction_->probability, 1))
                    : tr("No answer"));
    update();
}

void PredictionPanel::setHint(const QString& hint) {
    hint_ = hint;
    update();
}

QString PredictionPanel::name(std::size_t index) const {
    return index < classes_.size() ? qstr(classes_[index]) : QString::number(index);
}

QString PredictionPanel::answer() const {
    return prediction_ ? name(static_cast<std::size_t>(prediction_->classIndex)) : QString();
}

void PredictionPanel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const int answerWidth = width() < kNarrowPanel ? kNarrowAnswerWidth : kAnswerWidth;
    paintAnswer(painter, QRect(0, 0, answerWidth, height()));
    paintBars(painter, rect().adjusted(answerWidth + 8, 0, 0, 0));
}

void PredictionPanel::paintAnswer(QPainter& painter, const QRect& area) const {
    const auto& theme = theme_->theme();
    if (!prediction_) {
        painter.setFont(textFont(type::kBody));
        painter.setPen(theme.text2);
        painter.drawText(area.adjusted(0, 0, -12, 0), Qt::AlignVCenter | Qt::TextWordWrap, hint_);
        return;
    }
    const auto text = answer();
    int size = 96;
    while (size > 18 &&
           QFontMetrics(textFont(size, QFont::DemiBold)).horizontalAdvance(text) > area.width() - 8)
        size -= 6;
    const int top = std::max(0, (area.height() - 160) / 2);
    painter.setFont(textFont(size, QFont::DemiBold));
    painter.setPen(theme.text);
    painter.drawText(QRect(0, top, area.width() - 16, 104), Qt::AlignCenter, text);
    const bool narrow = area.width() < kAnswerWidth;
    painter.setFont(textFont(narrow ? type::kPanelTitle : type::kFigure, QFont::DemiBold));
    painter.drawText(QRect(0, top + 108, area.width(), 22), Qt::AlignLeft | Qt::AlignVCenter,
                     tr("%1 sure").arg(percent(prediction_->probability, 1)));
    const auto& shares = prediction_->probabilities;
    std::size_t second = shares.size();
    for (std::size_t i = 0; i < shares.size(); ++i)
        if (static_cast<std::int32_t>(i) != prediction_->classIndex &&
            (second == shares.size() || shares[i] > shares[second]))
            second = i;
    if (second == shares.size())
        return;
    painter.setFont(textFont(narrow ? type::kCaption : type::kDense));
    painter.setPen(theme.text2);
    painter.drawText(QRect(0, top + 132, area.width(), 20), Qt::AlignLeft | Qt::AlignVCenter,
                     tr("second: %1, %2").arg(name(second), share(shares[second])));
}

int PredictionPanel::nameWidth() const {
    const QFontMetrics metrics(textFont(type::kBody, QFont::Bold));
    int widest = kLeastBarName;
    for (std::size_t i = 0; i < classes_.size(); ++i)
        widest = std::max(widest, metrics.horizontalAdvance(name(i)) + 12);
    return std::min({widest, kMostBarName, width() / 4});
}

void PredictionPanel::paintBars(QPainter& painter, const QRect& area) const {
    const auto& theme = theme_->theme();
    const auto rows = static_cast<int>(classes_.size());
    const double step = std::min(30.0, static_cast<double>(area.height()) / std::max(1, rows));
    const double first = area.top() + (area.height() - step * rows) / 2;
    const double barHeight = std::clamp(step - 7, 4.0, 14.0);
    const int names = nameWidth();
    const int left = area.left() + names;
    const int width = area.width() - names - kShareWidth - 8;
    for (int i = 0; i < rows; ++i) {
        const auto index = static_cast<std::size_t>(i);
        const QRectF row(area.left(), first + i * step, area.width(), step);
        const float probability = prediction_ && index < prediction_->probabilities.size()
                                      ? prediction_->probabilities[index]
                                      : 0;
        const bool best = prediction_ && prediction_->classIndex == i;
        const bool likely = best || probability >= 0.05F;
        painter.setFont(textFont(type::kBody, best ? QFont::Bold : QFont::Normal));
        painter.setPen(likely ? theme.text : theme.text3);
        painter.drawText(QRectF(row.left(), row.top(), names - 10, step),
                         Qt::AlignRight | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(name(index), Qt::ElideRight, names - 10));
        const QRectF bar(left, row.center().y() - barHeight / 2, width, barHeight);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.raised);
        painter.drawRoundedRect(bar, 3, 3);
        if (!prediction_)
            continue;
        QColor fill = theme.accent;
        if (!best)
            fill.setAlphaF(0.6F);
        painter.setBrush(fill);
        painter.drawRoundedRect(
            QRectF(bar.left(), bar.top(),
                   std::max(2.0, bar.width() * static_cast<double>(probability)), barHeight),
            3, 3);
        painter.setPen(likely ? theme.text : theme.text3);
        painter.drawText(QRectF(row.right() - kShareWidth, row.top(), kShareWidth, step),
                         Qt::AlignRight | Qt::AlignVCenter, share(probability));
    }
}

} // namespace gradwright

#include "moc_prediction_panel.cpp"
