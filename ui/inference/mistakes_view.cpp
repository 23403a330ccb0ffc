// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/mistakes_view.h"

#include "ui/inference/sample_images.h"
#include "ui/plots/scale.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <vector>

namespace gradwright {
namespace {

constexpr int kThumbnail = 56;
constexpr int kCaption = 22;
constexpr int kSpace = 12;
constexpr int kWidestCell = 132;
constexpr int kSlack = 4; // that rounded widths of texts need
constexpr QStringView kArrow = u" → ";

} // namespace

MistakesView::MistakesView(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setMinimumSize(kThumbnail * 4, kThumbnail + kCaption);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Most confident mistakes"));
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void MistakesView::setMistakes(std::shared_ptr<const TestReport> report,
                               std::vector<Reading> mistakes) {
    report_ = std::move(report);
    mistakes_ = std::move(mistakes);
    current_ = 0;
    cellWidth_ = kThumbnail;
    if (report_) {
        const QFontMetrics metrics(textFont(type::kDense, QFont::DemiBold));
        for (const auto& each : report_->model->data->info.classes)
            cellWidth_ = std::max(cellWidth_, 2 * metrics.horizontalAdvance(qstr(each)) +
                                                  metrics.horizontalAdvance(kArrow.toString()));
        cellWidth_ = std::min(cellWidth_ + kSlack, kWidestCell);
    }
    updateHeight();
    update();
}

void MistakesView::updateHeight() {
    const int rows = (static_cast<int>(mistakes_.size()) + columns() - 1) / columns();
    setMinimumHeight(std::max(1, rows) * (kThumbnail + kCaption));
}

void MistakesView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    updateHeight();
}

int MistakesView::columns() const {
    return std::max(1, (width() + kSpace) / (cellWidth_ + kSpace));
}

QRect MistakesView::rectOf(int index) const {
    const int count = columns();
    const double step = count > 1 ? static_cast<double>(width() - cellWidth_) / (count - 1) : 0;
    return {static_cast<int>(index % count * step), index / count * (kThumbnail + kCaption),
            cellWidth_, kThumbnail + kCaption};
}

const Reading* MistakesView::at(QPoint position) const {
    const int row = position.y() / (kThumbnail + kCaption);
    for (int i = row * columns(); i < (row + 1) * columns(); ++i)
        if (i >= 0 && i < static_cast<int>(mistakes_.size()) && rectOf(i).contains(position))
            return &mistakes_[static_cast<std::size_t>(i)];
    return nullptr;
}

QString MistakesView::name(std::int32_t label) const {
    return qstr(report_->model->data->info.classes.at(static_cast<std::size_t>(label)));
}

QImage MistakesView::picture(const Reading& mistake) const {
    const auto found = report_->thumbnails.find(mistake.sample);
    if (found == report_->thumbnails.end())
        return {};
    const auto& [shape, bytes] = found->second;
    std::vector<float> values;
    for (const auto byte : bytes)
        values.push_back(static_cast<float>(byte) / 255);
    return shownImage(values, shape, readsDrawings(*report_->model), theme_->theme());
}

void MistakesView::paintEvent(QPaintEvent* event) {
    if (!report_ || report_->model->data->test->shape().rank() != 3)
        return;
    const auto& theme = theme_->theme();
    QPainter painter(this);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    painter.setFont(textFont(type::kDense, QFont::DemiBold));
    const int high = kThumbnail + kCaption;
    const int from = event->rect().top() / high * columns();
    const int to = std::min(static_cast<int>(mistakes_.size()),
                            (event->rect().bottom() / high + 1) * columns());
    for (int i = from; i < to; ++i) {
        const auto cell = rectOf(i);
        const auto& mistake = mistakes_[static_cast<std::size_t>(i)];
        const QRect box(cell.left() + (cell.width() - kThumbnail) / 2, cell.top(), kThumbnail,
                        kThumbnail);
        if (const QImage image = picture(mistake); !image.isNull()) {
            QRect place(QPoint(), image.size().scaled(box.size(), Qt::KeepAspectRatio));
            place.moveCenter(box.center());
            painter.drawImage(place, image);
        }
        painter.setPen(QPen(theme.divider, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(box).adjusted(-0.5, -0.5, 0.5, 0.5));
        if (hasFocus() && i == current_) {
            painter.setPen(QPen(theme.focus, 2));
            painter.drawRect(QRectF(box).adjusted(1, 1, -1, -1));
        }
        paintCaption(painter, cell, mistake);
    }
}

/// The true class and the one that was read, each shortened to what room it has.
void MistakesView::paintCaption(QPainter& painter, const QRect& cell,
                                const Reading& mistake) const {
    const auto& theme = theme_->theme();
    const auto metrics = painter.fontMetrics();
    const auto arrow = kArrow.toString();
    const int room = cell.width() - metrics.horizontalAdvance(arrow);
    const auto fit = [&](const QString& text, int width) {
        return metrics.elidedText(text, Qt::ElideRight, width);
    };
    const auto shortest = [&](const QString& text) {
        return std::min(room / 2, metrics.horizontalAdvance(text));
    };
    // What the shorter name leaves is the longer one's.
    const auto label = fit(name(mistake.label), room - shortest(name(mistake.predicted)));
    const auto read = fit(name(mistake.predicted), room - shortest(name(mistake.label)));
    const int wide = metrics.horizontalAdvance(label + arrow + read);
    QRect line(cell.left() + std::max(0, (cell.width() - wide) / 2), cell.top() + kThumbnail + 1,
               cell.width(), kCaption - 4);
    painter.setPen(theme.text);
    painter.drawText(line, Qt::AlignVCenter, label + arrow);
    line.setLeft(line.left() + metrics.horizontalAdvance(label + arrow));
    painter.setPen(theme.error);
    painter.drawText(line, Qt::AlignVCenter, read);
}

void MistakesView::mousePressEvent(QMouseEvent* event) {
    if (const auto* mistake = at(event->position().toPoint()))
        Q_EMIT sampleChosen(*mistake);
}

void MistakesView::keyPressEvent(QKeyEvent* event) {
    int step = 0;
    switch (event->key()) {
    case Qt::Key_Left:
        step = -1;
        break;
    case Qt::Key_Right:
        step = 1;
        break;
    case Qt::Key_Up:
        step = -columns();
        break;
    case Qt::Key_Down:
        step = columns();
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (current_ < static_cast<int>(mistakes_.size()))
            Q_EMIT sampleChosen(mistakes_[static_cast<std::size_t>(current_)]);
        return;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    if (current_ + step >= 0 && current_ + step < static_cast<int>(mistakes_.size()))
        current_ += step;
    sayTextChanged(*this);
    Q_EMIT currentMoved(rectOf(current_));
    update();
}

QString MistakesView::spokenText() const {
    const QString count =
        tr("Mistakes: %1.").arg(fullNumber(static_cast<std::int64_t>(mistakes_.size())));
    return mistakes_.empty() ? count
                             : count + u' ' + textOf(mistakes_[static_cast<std::size_t>(current_)]);
}

QString MistakesView::textOf(const Reading& mistake) const {
    return tr("Test sample %1: %2, read as %3, %4 sure")
        .arg(mistake.sample + 1)
        .arg(name(mistake.label), name(mistake.predicted),
             percent(static_cast<double>(mistake.probability), 1));
}

bool MistakesView::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    if (const auto* mistake = at(help->pos()))
        QToolTip::showText(help->globalPos(), textOf(*mistake));
    else
        QToolTip::hideText();
    return true;
}

} // namespace gradwright

#include "moc_mistakes_view.cpp"
