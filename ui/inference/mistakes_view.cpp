// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/mistakes_view.h"

#include "ui/inference/gray_images.h"
#include "ui/plots/scale.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kThumbnail = 56;
constexpr int kCaption = 22;
constexpr int kSpace = 12;

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
    update();
}

int MistakesView::columns() const {
    return std::max(1, (width() + kSpace) / (kThumbnail + kSpace));
}

QRect MistakesView::rectOf(int index) const {
    const int count = columns();
    const double step = count > 1 ? static_cast<double>(width() - kThumbnail) / (count - 1) : 0;
    return {static_cast<int>(index % count * step), index / count * (kThumbnail + kCaption),
            kThumbnail, kThumbnail};
}

int MistakesView::shown() const {
    const int rows = std::max(1, (height() + 4) / (kThumbnail + kCaption));
    return std::min(static_cast<int>(mistakes_.size()), rows * columns());
}

const Reading* MistakesView::at(QPoint position) const {
    for (int i = 0; i < shown(); ++i)
        if (rectOf(i).contains(position))
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
    const auto& [width, height, values] = found->second;
    const auto [least, most] = std::ranges::minmax_element(values);
    return inkImage(values, width, height, *least, *most, theme_->theme());
}

void MistakesView::paintEvent(QPaintEvent*) {
    if (!report_ || report_->model->data->test->shape().rank() < 2)
        return;
    const auto& theme = theme_->theme();
    QPainter painter(this);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    painter.setFont(textFont(type::kDense, QFont::DemiBold));
    for (int i = 0; i < shown(); ++i) {
        const auto box = rectOf(i);
        const auto& mistake = mistakes_[static_cast<std::size_t>(i)];
        if (const QImage image = picture(mistake); !image.isNull())
            painter.drawImage(box, image);
        painter.setPen(QPen(theme.divider, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(box).adjusted(-0.5, -0.5, 0.5, 0.5));
        if (hasFocus() && i == current_) {
            painter.setPen(QPen(theme.focus, 2));
            painter.drawRect(QRectF(box).adjusted(1, 1, -1, -1));
        }
        const QRect caption(box.left(), box.bottom() + 1, box.width(), kCaption - 4);
        const auto label = name(mistake.label) + QStringLiteral(" → ");
        const auto read = name(mistake.predicted);
        const auto metrics = painter.fontMetrics();
        const int wide = metrics.horizontalAdvance(label + read);
        const int left = caption.left() + std::max(0, (caption.width() - wide) / 2);
        painter.setPen(theme.text);
        painter.drawText(QRect(left, caption.top(), wide, caption.height()), Qt::AlignVCenter,
                         label);
        painter.setPen(theme.error);
        painter.drawText(
            QRect(left + metrics.horizontalAdvance(label), caption.top(), 200, caption.height()),
            Qt::AlignVCenter, read);
    }
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
        if (current_ < shown())
            Q_EMIT sampleChosen(mistakes_[static_cast<std::size_t>(current_)]);
        return;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    if (current_ + step >= 0 && current_ + step < shown())
        current_ += step;
    if (current_ < shown())
        setAccessibleDescription(textOf(mistakes_[static_cast<std::size_t>(current_)]));
    update();
}

QString MistakesView::textOf(const Reading& mistake) const {
    return tr("Test sample %1: a %2, read as %3, %4 sure")
        .arg(mistake.sample)
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
