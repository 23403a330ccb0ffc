// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/count_bars.h"

#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

constexpr int kBarRowHeight = 20;
constexpr int kBarThickness = 11;
constexpr int kGapBesideBar = 8;
constexpr int kNarrowestBar = 40;

} // namespace

CountBars::CountBars(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&themes, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void CountBars::setRows(std::vector<Row> rows) {
    if (std::exchange(rows_, std::move(rows)) == rows_)
        return;
    chosen_ = -1;
    current_ = 0;
    updateGeometry();
    update();
    sayTextChanged(*this);
}

void CountBars::setChoosable(bool choosable) {
    choosable_ = choosable;
    setFocusPolicy(choosable ? Qt::StrongFocus : Qt::NoFocus);
}

void CountBars::setChosen(int row) {
    chosen_ = row;
    update();
}

QSize CountBars::sizeHint() const {
    return {220, static_cast<int>(rows_.size()) * kBarRowHeight};
}

QSize CountBars::minimumSizeHint() const {
    return {160, sizeHint().height()};
}

QString CountBars::spokenText() const {
    QStringList texts;
    for (const Row& row : rows_)
        texts << tr("%1: %2").arg(row.name, fullNumber(row.count));
    return texts.isEmpty() ? tr("No counts") : texts.join(QStringLiteral("; "));
}

int CountBars::rowAt(QPoint place) const {
    const int row = place.y() / kBarRowHeight;
    return place.y() >= 0 && row < static_cast<int>(rows_.size()) ? row : -1;
}

void CountBars::choose(int row) {
    if (row < 0)
        return;
    current_ = row;
    chosen_ = row == chosen_ ? -1 : row;
    update();
    Q_EMIT rowChosen(chosen_);
}

void CountBars::mousePressEvent(QMouseEvent* event) {
    if (choosable_ && event->button() == Qt::LeftButton)
        choose(rowAt(event->position().toPoint()));
    else
        QWidget::mousePressEvent(event);
}

void CountBars::keyPressEvent(QKeyEvent* event) {
    const int last = static_cast<int>(rows_.size()) - 1;
    switch (event->key()) {
    case Qt::Key_Up:
        current_ = std::max(0, current_ - 1);
        break;
    case Qt::Key_Down:
        current_ = std::min(last, current_ + 1);
        break;
    case Qt::Key_Space:
    case Qt::Key_Return:
    case Qt::Key_Enter:
        choose(std::min(current_, last));
        return;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    update();
}

bool CountBars::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* const help = static_cast<QHelpEvent*>(event);
    const int row = rowAt(help->pos());
    if (row < 0) {
        QToolTip::hideText();
        return true;
    }
    const Row& shown = rows_[static_cast<std::size_t>(row)];
    QToolTip::showText(help->globalPos(), tr("%1: %2").arg(shown.name, fullNumber(shown.count)));
    return true;
}

void CountBars::paintEvent(QPaintEvent*) {
    if (rows_.empty())
        return;
    const Theme& theme = themes_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(textFont(type::kDense));
    const QFontMetrics metrics = painter.fontMetrics();
    int names = 0;
    int counts = 0;
    std::int64_t most = 1;
    for (const Row& row : rows_) {
        // On screens of other scales a text is a part of a pixel longer than its rounded length.
        names = std::max(names, metrics.horizontalAdvance(row.name) + 1);
        counts = std::max(counts, metrics.horizontalAdvance(fullNumber(row.count)));
        most = std::max(most, row.count);
    }
    names = std::min(
        {names, width() / 2, std::max(0, width() - counts - kNarrowestBar - 2 * kGapBesideBar)});
    const int left = names + kGapBesideBar;
    const int room = std::max(1, width() - left - counts - kGapBesideBar);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const Row& row = rows_[i];
        const bool isChosen = static_cast<int>(i) == chosen_;
        const QRect line(0, static_cast<int>(i) * kBarRowHeight, width(), kBarRowHeight);
        if (isChosen)
            painter.fillRect(line, theme.selection);
        painter.setPen(theme.text);
        painter.drawText(line.adjusted(0, 0, names - width(), 0), Qt::AlignVCenter | Qt::AlignRight,
                         metrics.elidedText(row.name, Qt::ElideRight, names));
        const double share = static_cast<double>(row.count) / static_cast<double>(most);
        const QRectF bar(left, line.center().y() - kBarThickness / 2.0 + 0.5,
                         std::max(row.count > 0 ? 1.0 : 0.0, share * room), kBarThickness);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.training);
        painter.drawRoundedRect(bar, 2, 2);
        painter.setPen(theme.text2);
        painter.drawText(line, Qt::AlignVCenter | Qt::AlignRight, fullNumber(row.count));
        if (hasFocus() && static_cast<int>(i) == current_) {
            painter.setPen(QPen(theme.focus, 2));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(line).adjusted(1, 1, -1, -1), 3, 3);
        }
    }
}

} // namespace gradwright

#include "moc_count_bars.cpp"
