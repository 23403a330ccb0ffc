// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/values_panel.h"

#include "engine/data/images/picture_input.h"
#include "ui/inference/sample_images.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QPainter>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

constexpr int kRow = 26;
constexpr int kRangeRow = 58;    // with the range below the value
constexpr int kLargeFigure = 44; // of the only value
constexpr int kLargeRow = 64;
constexpr int kBetween = 16; // of two pictures
constexpr int kCaption = 20;
constexpr std::size_t kMostSpoken = 24;

} // namespace

ValuesPanel::ValuesPanel(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setMinimumSize(260, 200);
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void ValuesPanel::setInfo(const DataInfo& info, bool isDrawing, std::vector<ColumnSummary> seen) {
    info_ = info;
    isDrawing_ = isDrawing;
    seen_ = std::move(seen);
    values_.reset();
    update();
}

void ValuesPanel::setInput(const Tensor& input) {
    input_ = input;
    update();
}

void ValuesPanel::setValues(std::optional<std::vector<float>> values) {
    values_ = std::move(values);
    if (!values_)
        setAccessibleName(tr("No answer"));
    else if (showsPicture())
        setAccessibleName(tr("A picture of %1").arg(qstr(toString(info_.target))));
    else
        setAccessibleName(tr("%1: %2").arg(name(0), plainNumber(restored(0), 4)));
    update();
}

void ValuesPanel::setHint(const QString& hint) {
    hint_ = hint;
    update();
}

QString ValuesPanel::spokenText() const {
    if (!values_ || showsPicture())
        return values_ ? QString() : hint_;
    QStringList texts;
    const std::size_t shown = std::min(values_->size(), kMostSpoken);
    for (std::size_t i = 0; i < shown; ++i)
        texts << tr("%1: %2").arg(name(i), plainNumber(restored(i), 4));
    if (shown < values_->size())
        texts << tr("and %1 more values").arg(values_->size() - shown);
    return texts.join(QStringLiteral(", "));
}

bool ValuesPanel::showsPicture() const {
    return info_.target.rank() == 3 && (info_.target[0] == 1 || info_.target[0] == 3);
}

QString ValuesPanel::name(std::size_t index) const {
    return index < info_.targetNames.size() ? qstr(info_.targetNames[index])
                                            : tr("Output %1").arg(index + 1);
}

double ValuesPanel::restored(std::size_t index) const {
    const auto value = static_cast<double>((*values_)[index]);
    return index < info_.targetScaling.size() ? info_.targetScaling[index].restored(value) : value;
}

void ValuesPanel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    if (!values_) {
        painter.setFont(textFont(type::kBody));
        painter.setPen(theme_->theme().text2);
        painter.drawText(rect().adjusted(0, 0, -12, 0), Qt::AlignVCenter | Qt::TextWordWrap, hint_);
    } else if (showsPicture()) {
        paintPictures(painter);
    } else if (values_->size() == 1) {
        paintOne(painter);
    } else {
        paintList(painter);
    }
}

std::pair<QRect, QRect> ValuesPanel::pictureRects() const {
    const auto rows = static_cast<int>(info_.target[1]);
    const auto columns = static_cast<int>(info_.target[2]);
    const bool both = input_.shape().rank() == 3;
    const int wide = both ? (width() - kBetween) / 2 : width();
    const int high = height() - kCaption;
    const int scale = std::min(wide / columns, high / rows);
    // Whole pixels where there is room, so that every one is as large as the others.
    const QSize size = scale > 0 ? QSize(columns * scale, rows * scale)
                                 : QSize(columns, rows).scaled(wide, high, Qt::KeepAspectRatio);
    const QRect first({0, kCaption + (high - size.height()) / 2}, size);
    return {both ? first : QRect(), both ? first.translated(size.width() + kBetween, 0) : first};
}

void ValuesPanel::paintPictures(QPainter& painter) const {
    const auto& theme = theme_->theme();
    if (values_->size() != static_cast<std::size_t>(info_.target.elements()))
        return;
    const auto [from, to] = pictureRects();
    const auto paint = [&](const QRect& box, const QImage& image, const QString& caption) {
        painter.drawImage(box, image);
        painter.setPen(QPen(theme.border, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(box.adjusted(0, 0, -1, -1));
        painter.setFont(textFont(type::kDense));
        painter.setPen(theme.text2);
        painter.drawText(QRect(box.left(), box.top() - kCaption, box.width(), kCaption),
                         Qt::AlignLeft | Qt::AlignVCenter, caption);
    };
    if (!from.isNull())
        paint(from, shownImage(input_.span<float>(), input_.shape(), isDrawing_, theme),
              tr("Input"));
    // The network gives what it was trained on: of a reconstruction that is the prepared input.
    const Preparation asTheyAre{.pictures = PictureKind::Whole};
    const auto shown =
        shownSample(*values_, info_.target, info_.reconstructs ? info_.preparation : asTheyAre);
    paint(to, shownImage(shown.span<float>(), shown.shape(), isDrawing_, theme), tr("Output"));
}

/// The only value stands large over its range, as a class does beside its bars.
void ValuesPanel::paintOne(QPainter& painter) const {
    const auto& theme = theme_->theme();
    const int top = std::max(0, (height() - kLargeRow - kRow - kRangeRow) / 2);
    painter.setFont(textFont(type::kBody));
    painter.setPen(theme.text2);
    painter.drawText(QRect(0, top, width(), kRow), Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(name(0), Qt::ElideRight, width()));
    painter.setFont(textFont(kLargeFigure, QFont::DemiBold));
    painter.setPen(theme.text);
    painter.drawText(QRect(0, top + kRow, width(), kLargeRow), Qt::AlignVCenter,
                     plainNumber(restored(0), 4));
    if (!seen_.empty())
        paintRange(painter, QRect(0, top + kRow + kLargeRow + 4, width(), kRow), 0);
}

int ValuesPanel::rowHeight() const {
    return seen_.empty() ? kRow : kRangeRow;
}

void ValuesPanel::paintList(QPainter& painter) const {
    const auto& theme = theme_->theme();
    const int step = rowHeight();
    const auto room = static_cast<std::size_t>(std::max(1, height() / step));
    const auto shown = std::min(values_->size(), room);
    int top = std::max(0, (height() - static_cast<int>(shown) * step) / 2);
    for (std::size_t i = 0; i < shown; ++i, top += step) {
        const QRect row(0, top, width(), kRow);
        const bool more = i + 1 == shown && shown < values_->size();
        painter.setFont(textFont(type::kBody));
        painter.setPen(theme.text2);
        const QString text = more ? tr("and %1 more").arg(values_->size() - i) : name(i);
        painter.drawText(row, Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(text, Qt::ElideRight, width() / 2));
        if (more)
            return;
        painter.setFont(
            textFont(seen_.empty() ? type::kFigure : type::kPageTitle, QFont::DemiBold));
        painter.setPen(theme.text);
        painter.drawText(row.adjusted(width() / 2, 0, 0, 0), Qt::AlignVCenter,
                         plainNumber(restored(i), 5));
        if (i < seen_.size())
            paintRange(painter, row.translated(0, kRow), i);
    }
}

/// Where the value lies in what the network was trained on.
void ValuesPanel::paintRange(QPainter& painter, const QRect& row, std::size_t index) const {
    const auto& theme = theme_->theme();
    const auto& seen = seen_[index];
    const double value = restored(index);
    const double low = std::min(seen.least, value);
    const double range = std::max(seen.most, value) - low;
    const auto at = [&](double x) {
        return row.left() + (range > 0 ? (x - low) / range : 0.5) * (row.width() - 1);
    };
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.hover);
    painter.drawRoundedRect(
        QRectF(at(seen.least), row.top() + 3, at(seen.most) - at(seen.least), 6), 3, 3);
    painter.setBrush(theme.accent);
    painter.drawRoundedRect(QRectF(at(value) - 2, row.top(), 4, 12), 2, 2);
    const bool beyond = value < seen.least || value > seen.most;
    painter.setFont(textFont(type::kCaption));
    painter.setPen(beyond ? theme.warning : theme.text3);
    painter.drawText(
        QRect(row.left(), row.top() + 13, row.width(), 16), Qt::AlignVCenter,
        (beyond ? tr("Beyond the training data, which went from %1 to %2, mean %3")
                : tr("Training data: %1 to %2, mean %3"))
            .arg(plainNumber(seen.least, 5), plainNumber(seen.most, 5), plainNumber(seen.mean, 4)));
}

} // namespace gradwright

#include "moc_values_panel.cpp"
