// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/prediction_panel.h"

#include "ui/glossary/explanation.h"
#include "ui/plots/scale.h"
#include "ui/theme/search_field.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QLineEdit>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <numeric>

namespace gradwright {
namespace {

constexpr int kAnswerWidth = 150;
constexpr int kNarrowAnswerWidth = 112;
constexpr int kNarrowPanel = 420; // below, the answer gives way to the bars
constexpr int kNarrowMany = 520;  // the same, of many classes
constexpr int kBesideAnswer = 8;
constexpr int kLargestAnswer = 96; // px, as kSmallestAnswer
constexpr int kSmallestAnswer = 18;
constexpr int kLeastBarName = 30; // of a class beside its bar, with the space before it
constexpr int kMostBarName = 160;
constexpr int kShareWidth = 62;
constexpr int kRankWidth = 52;
constexpr int kSearchHeight = 28;
constexpr int kUnderSearch = 8;

QString share(float probability) {
    return probability < 0.001F ? QStringLiteral("< 0.1 %")
                                : percent(static_cast<double>(probability), 1);
}

} // namespace

PredictionPanel::PredictionPanel(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , search_(new QLineEdit(this)) {
    for (int i = 0; i < 10; ++i)
        classes_.push_back(std::to_string(i));
    search_->setObjectName(QStringLiteral("class search"));
    makeSearchField(*search_, theme, tr("Find a class"));
    search_->hide();
    setMouseTracking(true);
    explain(*this, "window/probabilities");
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setMinimumSize(260, 200);
    connect(search_, &QLineEdit::textChanged, this, &PredictionPanel::updateRows);
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
    updateRows();
}

void PredictionPanel::setClasses(std::vector<std::string> classes) {
    classes_ = std::move(classes);
    prediction_.reset();
    search_->clear();
    search_->setVisible(hasMany());
    search_->setPlaceholderText(
        tr("Find any of %1 classes").arg(fullNumber(static_cast<std::int64_t>(classes_.size()))));
    setPrediction({});
}

void PredictionPanel::setPrediction(std::optional<Prediction> prediction) {
    prediction_ = std::move(prediction);
    if (prediction_ && prediction_->probabilities.size() != classes_.size())
        prediction_.reset(); // of another network
    order_.clear();
    ranks_.clear();
    if (hasMany() && prediction_) {
        const auto& shares = prediction_->probabilities;
        order_.resize(shares.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::ranges::stable_sort(order_, [&](auto a, auto b) { return shares[a] > shares[b]; });
        ranks_.resize(order_.size());
        for (std::size_t i = 0; i < order_.size(); ++i)
            ranks_[order_[i]] = i + 1;
    }
    setAccessibleName(
        prediction_ ? tr("Read as %1, %2 sure").arg(answer(), percent(prediction_->probability, 1))
                    : tr("No answer"));
    updateRows();
}

void PredictionPanel::setHint(const QString& hint) {
    hint_ = hint;
    update();
}

QString PredictionPanel::spokenText() const {
    if (!prediction_)
        return hint_;
    std::vector<std::size_t> best = rows_;
    const auto& shares = prediction_->probabilities;
    std::ranges::stable_sort(best, [&](auto a, auto b) { return shares[a] > shares[b]; });
    QStringList texts;
    for (const std::size_t index : best)
        texts << QStringLiteral("%1: %2").arg(name(index), share(shares[index]));
    return texts.join(QStringLiteral(", "));
}

void PredictionPanel::setChoosing(bool choosing) {
    choosing_ = choosing;
}

std::size_t PredictionPanel::rankOf(std::size_t index) const {
    if (!prediction_)
        return 0;
    if (index < ranks_.size())
        return ranks_[index];
    const auto& shares = prediction_->probabilities;
    return 1 + static_cast<std::size_t>(
                   std::ranges::count_if(shares, [&](float p) { return p > shares[index]; }));
}

void PredictionPanel::updateRows() {
    rows_.clear();
    const auto wanted = search_->text().trimmed();
    const std::size_t most = hasMany() ? kLikeliest : classes_.size();
    const bool ordered = !order_.empty();
    for (std::size_t i = 0; i < classes_.size() && rows_.size() < most; ++i) {
        const auto index = ordered ? order_[i] : i;
        if (hasMany() && !ordered && wanted.isEmpty())
            break; // there is nothing yet to choose the ten by
        if (!hasMany() || wanted.isEmpty() || name(index).contains(wanted, Qt::CaseInsensitive))
            rows_.push_back(index);
    }
    update();
}

QString PredictionPanel::name(std::size_t index) const {
    return index < classes_.size() ? qstr(classes_[index]) : QString::number(index);
}

QString PredictionPanel::answer() const {
    return prediction_ ? name(static_cast<std::size_t>(prediction_->classIndex)) : QString();
}

int PredictionPanel::answerWidth() const {
    // The first of the likeliest is the answer, too; in little room the bars are worth more.
    if (hasMany() && width() < kNarrowMany)
        return -kBesideAnswer;
    return width() < kNarrowPanel ? kNarrowAnswerWidth : kAnswerWidth;
}

QRect PredictionPanel::barsArea() const {
    const int top = hasMany() ? kSearchHeight + kUnderSearch : 0;
    return rect().adjusted(answerWidth() + kBesideAnswer, top, 0, 0);
}

QRect PredictionPanel::rectOfRow(std::size_t row) const {
    const auto area = barsArea();
    const auto count = static_cast<double>(hasMany() ? kLikeliest : classes_.size());
    const double step = std::min(30.0, area.height() / std::max(1.0, count));
    const double first = hasMany() ? area.top() : area.top() + (area.height() - step * count) / 2;
    return QRectF(area.left(), first + static_cast<double>(row) * step, area.width(), step)
        .toRect();
}

QRectF PredictionPanel::barOfRow(std::size_t row) const {
    const QRectF place = rectOfRow(row);
    const double height = std::clamp(place.height() - 7, 4.0, 14.0);
    const int names = nameWidth();
    return {place.left() + names, place.center().y() - height / 2,
            place.width() - names - kShareWidth - (hasMany() ? kRankWidth : 0) - 8, height};
}

int PredictionPanel::rowAt(QPoint position) const {
    for (std::size_t row = 0; row < rows_.size(); ++row)
        if (rectOfRow(row).contains(position))
            return static_cast<int>(row);
    return -1;
}

void PredictionPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const auto area = barsArea();
    search_->setGeometry(area.left(), 0, area.width(), kSearchHeight);
}

void PredictionPanel::mousePressEvent(QMouseEvent* event) {
    const int row = choosing_ && prediction_ ? rowAt(event->position().toPoint()) : -1;
    if (row >= 0)
        Q_EMIT classChosen(rows_[static_cast<std::size_t>(row)]);
}

void PredictionPanel::mouseMoveEvent(QMouseEvent* event) {
    const bool onRow = choosing_ && prediction_ && rowAt(event->position().toPoint()) >= 0;
    setCursor(onRow ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

void PredictionPanel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool hasAnswer = answerWidth() > 0;
    if (hasAnswer || !prediction_)
        paintAnswer(painter, hasAnswer ? QRect(0, 0, answerWidth(), height()) : rect());
    for (std::size_t row = 0; row < rows_.size(); ++row)
        paintRow(painter, row);
    if (rows_.empty() && !search_->text().isEmpty()) {
        painter.setFont(textFont(type::kBody));
        painter.setPen(theme_->theme().text2);
        painter.drawText(barsArea(), Qt::AlignTop | Qt::TextWordWrap,
                         tr("No class has “%1” in its name.").arg(search_->text().trimmed()));
    }
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
    const int top = std::max(0, (area.height() - 160) / 2);
    const QRect place(0, top, area.width() - kBesideAnswer, 104);
    const QFont font = answerFont(text, place.width());
    painter.setFont(font);
    painter.setPen(theme.text);
    const auto fits = [&](const QString& part) {
        return painter.fontMetrics().horizontalAdvance(part) <= place.width();
    };
    const bool wordsFit = std::ranges::all_of(text.split(u' '), fits);
    painter.drawText(place,
                     fits(text) ? Qt::AlignCenter
                     : wordsFit ? Qt::AlignVCenter | Qt::TextWordWrap
                                : Qt::AlignVCenter | Qt::TextWrapAnywhere,
                     text);
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
    const auto line = tr("second: %1, %2").arg(name(second), share(shares[second]));
    painter.drawText(QRect(0, top + 132, area.width(), 20), Qt::AlignLeft | Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(line, Qt::ElideMiddle, area.width()));
}

/// The largest that keeps the answer on one line; a name that is too long for the smallest wraps.
QFont PredictionPanel::answerFont(const QString& text, int width) {
    int size = kLargestAnswer;
    while (size > kSmallestAnswer &&
           QFontMetrics(textFont(size, QFont::DemiBold)).horizontalAdvance(text) > width)
        size -= 2;
    return textFont(size, QFont::DemiBold);
}

int PredictionPanel::nameWidth() const {
    const QFontMetrics metrics(textFont(type::kBody, QFont::Bold));
    int widest = kLeastBarName;
    for (const auto index : rows_)
        widest = std::max(widest, metrics.horizontalAdvance(name(index)) + 12);
    // Of many classes the rows change: the bars stay where they are.
    return hasMany() ? std::min(kMostBarName, barsArea().width() / 3)
                     : std::min({widest, kMostBarName, width() / 4});
}

void PredictionPanel::paintRow(QPainter& painter, std::size_t row) const {
    const auto& theme = theme_->theme();
    const auto index = rows_[row];
    const QRectF place = rectOfRow(row);
    const int names = nameWidth();
    const double ranks = hasMany() ? kRankWidth : 0;
    const float probability = prediction_ ? prediction_->probabilities[index] : 0;
    const bool best = prediction_ && prediction_->classIndex == static_cast<std::int32_t>(index);
    const bool likely = best || probability >= 0.05F;
    painter.setFont(textFont(type::kBody, best ? QFont::Bold : QFont::Normal));
    painter.setPen(likely ? theme.text : theme.text3);
    painter.drawText(QRectF(place.left(), place.top(), names - 10, place.height()),
                     Qt::AlignRight | Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(name(index), Qt::ElideRight, names - 10));
    const QRectF bar = barOfRow(row);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.raised);
    painter.drawRoundedRect(bar, 3, 3);
    if (!prediction_)
        return;
    QColor fill = theme.accent;
    if (!best)
        fill.setAlphaF(0.6F);
    painter.setBrush(fill);
    painter.drawRoundedRect(QRectF(bar.left(), bar.top(),
                                   std::max(2.0, bar.width() * static_cast<double>(probability)),
                                   bar.height()),
                            3, 3);
    painter.setPen(likely ? theme.text : theme.text3);
    const double right = place.right() - ranks;
    painter.drawText(QRectF(right - kShareWidth, place.top(), kShareWidth, place.height()),
                     Qt::AlignRight | Qt::AlignVCenter, share(probability));
    if (ranks == 0)
        return;
    painter.setFont(textFont(type::kCaption));
    painter.setPen(theme.text3);
    painter.drawText(QRectF(right, place.top(), ranks, place.height()),
                     Qt::AlignRight | Qt::AlignVCenter,
                     QStringLiteral("#") + fullNumber(static_cast<std::int64_t>(rankOf(index))));
}

} // namespace gradwright

#include "moc_prediction_panel.cpp"
