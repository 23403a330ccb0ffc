// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/pixel_view.h"

#include "ui/inference/sample_images.h"
#include "ui/theme/theme_manager.h"

#include <QHBoxLayout>
#include <QHelpEvent>
#include <QLabel>
#include <QPainter>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>
#include <numeric>

namespace gradwright {
namespace {

constexpr int kPixels = 28;   // a side, before there is a model
constexpr int kFigures = 100; // width of the column at the right

QLabel* addFigure(QVBoxLayout& column, const QString& caption, const QString& value) {
    auto* name = new QLabel(caption);
    name->setProperty("textRole", QStringLiteral("caption"));
    auto* label = new QLabel(value);
    label->setProperty("textRole", QStringLiteral("section"));
    label->setMinimumWidth(76);
    column.addWidget(name);
    column.addWidget(label);
    column.addSpacing(8);
    return label;
}

} // namespace

PixelView::PixelView(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setMinimumSize(140, 140);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(tr("What the network sees"));
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void PixelView::setInput(std::optional<PreparedInput> input) {
    input_ = std::move(input);
    update();
}

void PixelView::setDrawing(bool isDrawing) {
    isDrawing_ = isDrawing;
    update();
}

QString PixelView::spokenText() const {
    if (!input_ || input_->shown.shape().rank() != 3)
        return tr("Nothing to read yet.");
    const auto values = input_->input.span<float>();
    const auto [least, most] = std::ranges::minmax(values);
    return tr("%1 × %2 pixels, values from %3 to %4.")
        .arg(pixels().width())
        .arg(pixels().height())
        .arg(static_cast<double>(least), 0, 'f', 2)
        .arg(static_cast<double>(most), 0, 'f', 2);
}

QSize PixelView::pixels() const {
    if (!input_ || input_->shown.shape().rank() != 3)
        return {kPixels, kPixels};
    const auto& shape = input_->shown.shape();
    return {static_cast<int>(shape[shape.rank() - 1]), static_cast<int>(shape[shape.rank() - 2])};
}

QRect PixelView::box() const {
    // Whole pixels where there is room, so that every one is as large as the others.
    const QSize size = pixels();
    const int scale = std::min(width() / size.width(), height() / size.height());
    return {QPoint(), scale > 0 ? size * scale : size.scaled(this->size(), Qt::KeepAspectRatio)};
}

void PixelView::paintEvent(QPaintEvent*) {
    const auto& theme = theme_->theme();
    const auto box = this->box();
    QPainter painter(this);
    if (input_ && input_->shown.shape().rank() == 3)
        painter.drawImage(
            box, shownImage(input_->shown.span<float>(), input_->shown.shape(), isDrawing_, theme));
    else
        painter.fillRect(box, theme.kind == ThemeKind::Dark || !isDrawing_ ? Qt::black : Qt::white);
    painter.setPen(QPen(theme.grid, 1));
    for (int i = 1; i < 4 && isDrawing_; ++i) {
        painter.drawLine(i * box.width() / 4, 0, i * box.width() / 4, box.bottom());
        painter.drawLine(0, i * box.height() / 4, box.right(), i * box.height() / 4);
    }
    painter.setPen(QPen(theme.border, 1));
    painter.drawRect(box.adjusted(0, 0, -1, -1));
}

bool PixelView::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip || !input_)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const QRect area = box();
    const int x = help->pos().x() * pixels().width() / area.width();
    const int y = help->pos().y() * pixels().height() / area.height();
    const auto index = static_cast<std::size_t>(y * pixels().width() + x);
    if (area.contains(help->pos()) && index < input_->input.span<float>().size())
        QToolTip::showText(
            help->globalPos(),
            tr("row %1, column %2: %3")
                .arg(y)
                .arg(x)
                .arg(static_cast<double>(input_->input.span<float>()[index]), 0, 'f', 3));
    else
        QToolTip::hideText();
    return true;
}

PixelPanel::PixelPanel(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , view_(new PixelView(theme)) {
    auto* column = new QVBoxLayout;
    column->setSpacing(1);
    const auto nothing = QStringLiteral("–");
    minimum_ = addFigure(*column, tr("Minimum"), nothing);
    maximum_ = addFigure(*column, tr("Maximum"), nothing);
    mean_ = addFigure(*column, tr("Mean"), nothing);
    auto* const digits = new QVBoxLayout;
    digits->setSpacing(1);
    box_ = addFigure(*digits, tr("Scaled into"), QStringLiteral("20×20"));
    addFigure(*digits, tr("Centered"), tr("by mass"));
    digitsOnly_ = new QWidget;
    digits->setContentsMargins(0, 0, 0, 0);
    digitsOnly_->setLayout(digits);
    column->addWidget(digitsOnly_);
    column->addStretch(1);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(16);
    layout->addWidget(view_);
    layout->addLayout(column);
    layout->addStretch(1);
    setMinimumSize(260, 168);
}

void PixelPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    view_->setFixedWidth(std::min(height(), width() - kFigures));
}

void PixelPanel::setPreparation(const Preparation& preparation, bool isDrawing) {
    view_->setDrawing(isDrawing);
    digitsOnly_->setVisible(preparation.pictures == PictureKind::Digit);
    box_->setText(QStringLiteral("%1×%1").arg(preparation.box));
}

void PixelPanel::setInput(const std::optional<PreparedInput>& input) {
    view_->setInput(input);
    if (!input) {
        for (auto* label : {minimum_, maximum_, mean_})
            label->setText(QStringLiteral("–"));
        return;
    }
    const auto values = input->input.span<float>();
    const auto [least, most] = std::ranges::minmax_element(values);
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    const auto text = [](double value) {
        return QString::number(value, 'f', 2).replace(u'-', QChar(0x2212));
    };
    minimum_->setText(text(static_cast<double>(*least)));
    maximum_->setText(text(static_cast<double>(*most)));
    mean_->setText(text(sum / static_cast<double>(values.size())));
}

} // namespace gradwright

#include "moc_pixel_view.cpp"
