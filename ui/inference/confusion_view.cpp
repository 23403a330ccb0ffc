// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/confusion_view.h"

#include "ui/glossary/explanation.h"
#include "ui/plots/scale.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr int kSmallestCount = 8; // px: in a small window its cells are narrow

constexpr double kLeastCell = 14; // px that a count needs
constexpr double kLine = 15;      // height of a class name on the left
constexpr double kColumnName = 48;
constexpr double kTrue = 24;           // "True" and the space beside a class
constexpr double kLeastClassName = 22; // of the classes at the left
constexpr double kMostClassName = 110;
constexpr double kTop = 40;    // "Predicted" and the class
constexpr double kRecall = 62; // column at the right
constexpr std::size_t kSpokenMistakes = 3;

} // namespace

ConfusionView::ConfusionView(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setMinimumSize(300, 240);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Confusion matrix"));
    explain(*this, "window/confusion-matrix");
    setMatrix({}, {});
    connect(&theme, &ThemeManager::changed, this, [this] {
        dots_ = {};
        update();
    });
}

void ConfusionView::setMatrix(ConfusionMatrix matrix, std::vector<std::string> classes) {
    matrix_ = std::move(matrix);
    classes_ = std::move(classes);
    chosen_.reset();
    dots_ = {};
    const QFontMetricsF metrics(textFont(type::kDense));
    double widest = kLeastClassName;
    for (std::size_t i = 0; i < matrix_.classes(); ++i)
        widest = std::max(widest, metrics.horizontalAdvance(name(i)) + 1);
    left_ = kTrue + std::min(widest, kMostClassName);
    setAccessibleDescription({});
    update();
}

void ConfusionView::choose(std::optional<Cell> cell) {
    if (cell == chosen_)
        return;
    chosen_ = cell;
    setAccessibleDescription(cell ? cellText(*cell) : QString());
    update();
    Q_EMIT chosenChanged();
}

QString ConfusionView::spokenText() const {
    if (chosen_)
        return {}; // the description has the cell
    if (matrix_.classes() == 0)
        return tr("No samples yet.");
    std::vector<Cell> mistakes;
    for (std::size_t label = 0; label < matrix_.classes(); ++label)
        for (std::size_t read = 0; read < matrix_.classes(); ++read)
            if (label != read && matrix_.count(label, read) > 0)
                mistakes.emplace_back(label, read);
    std::ranges::stable_sort(mistakes, [this](const Cell& a, const Cell& b) {
        return matrix_.count(a.first, a.second) > matrix_.count(b.first, b.second);
    });
    QString text = tr("%1 of %2 samples read correctly.")
                       .arg(fullNumber(matrix_.correct()), fullNumber(matrix_.samples()));
    QStringList most;
    for (std::size_t i = 0; i < std::min(mistakes.size(), kSpokenMistakes); ++i)
        most << cellText(mistakes[i]);
    if (!most.isEmpty())
        text += u' ' + tr("Most frequent mistakes: %1.").arg(most.join(QStringLiteral(", ")));
    return text;
}

QString ConfusionView::cellText(Cell cell) const {
    return tr("%1 × %2 read as %3")
        .arg(matrix_.count(cell.first, cell.second))
        .arg(name(cell.first), name(cell.second));
}

QString ConfusionView::name(std::size_t index) const {
    return index < classes_.size() ? qstr(classes_[index]) : QString::number(index);
}

QSizeF ConfusionView::cellSize() const {
    const auto classes = static_cast<double>(std::max<std::size_t>(1, matrix_.classes()));
    return {(width() - left() - kRecall) / classes, (height() - kTop) / classes};
}

QRectF ConfusionView::rectOf(Cell cell) const {
    const auto size = cellSize();
    return {left() + static_cast<double>(cell.second) * size.width(),
            kTop + static_cast<double>(cell.first) * size.height(), size.width(), size.height()};
}

std::optional<ConfusionView::Cell> ConfusionView::cellAt(QPointF position) const {
    const auto size = cellSize();
    if (matrix_.classes() == 0 || position.x() < left() || position.y() < kTop)
        return {};
    const Cell cell(static_cast<std::size_t>((position.y() - kTop) / size.height()),
                    static_cast<std::size_t>((position.x() - left()) / size.width()));
    if (cell.first >= matrix_.classes() || cell.second >= matrix_.classes())
        return {};
    return cell;
}

void ConfusionView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintHeaders(painter);
    const auto classes = matrix_.classes();
    if (isDense()) {
        paintDense(painter);
    } else {
        const auto most = mostMistakes();
        for (std::size_t i = 0; i < classes; ++i)
            for (std::size_t j = 0; j < classes; ++j)
                paintCell(painter, {i, j}, most);
    }
    if (chosen_) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme_->theme().focus, 2));
        painter.drawRect(rectOf(*chosen_).adjusted(1, 1, -1, -1));
    }
    if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme_->theme().focus, 1));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    }
}

bool ConfusionView::isDense() const {
    return std::min(cellSize().width(), cellSize().height()) < kLeastCell;
}

std::int64_t ConfusionView::mostMistakes() const {
    std::int64_t most = 1;
    for (std::size_t i = 0; i < matrix_.classes(); ++i)
        for (std::size_t j = 0; j < matrix_.classes(); ++j)
            if (i != j)
                most = std::max(most, matrix_.count(i, j));
    return most;
}

/// Of many classes the cells are coloured dots, drawn once; the pointer tells their counts.
void ConfusionView::paintDense(QPainter& painter) {
    const auto classes = matrix_.classes();
    const auto side = static_cast<int>(classes);
    if (dots_.width() != side) {
        const auto most = mostMistakes();
        dots_ = QImage(side, side, QImage::Format_ARGB32);
        for (std::size_t i = 0; i < classes; ++i) {
            auto* line = reinterpret_cast<QRgb*>(dots_.scanLine(static_cast<int>(i)));
            for (std::size_t j = 0; j < classes; ++j)
                line[j] = fillOf({i, j}, most).rgba();
        }
    }
    const QRectF area(rectOf({0, 0}).topLeft(), rectOf({classes - 1, classes - 1}).bottomRight());
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter.drawImage(area, dots_);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme_->theme().divider, 1));
    painter.drawRect(area);
}

void ConfusionView::paintHeaders(QPainter& painter) const {
    const auto& theme = theme_->theme();
    const auto size = cellSize();
    painter.setFont(textFont(type::kCaption));
    painter.setPen(theme.text2);
    painter.drawText(QRectF(left(), 0, width() - left() - kRecall, 18), Qt::AlignCenter,
                     tr("Predicted"));
    painter.drawText(QRectF(width() - kRecall, 20, kRecall, 18), Qt::AlignRight | Qt::AlignVCenter,
                     tr("Recall"));
    painter.save();
    painter.translate(8, kTop + (height() - kTop) / 2);
    painter.rotate(-90);
    painter.drawText(QRectF(-60, -9, 120, 18), Qt::AlignCenter, tr("True"));
    painter.restore();
    painter.setFont(textFont(type::kDense));
    // Names that have no room are left out, so that none is drawn over another.
    const auto each = [](double room, double wanted) {
        return static_cast<std::size_t>(std::max(1.0, std::ceil(wanted / room)));
    };
    const auto columns = isDense() ? each(size.width(), kColumnName) : 1;
    const auto rows = each(size.height(), kLine);
    for (std::size_t i = 0; i < matrix_.classes(); ++i) {
        const auto column = rectOf({0, i});
        const auto row =
            rectOf({i, 0}).adjusted(0, 0, 0, size.height() * static_cast<double>(rows - 1));
        painter.setPen(theme.text2);
        const auto fitted = [&](double room) {
            return painter.fontMetrics().elidedText(name(i), Qt::ElideRight,
                                                    static_cast<int>(room));
        };
        const double room = size.width() * static_cast<double>(columns);
        if (i % columns == 0)
            painter.drawText(QRectF(column.left(), 20, room, 18),
                             columns > 1 ? Qt::AlignLeft | Qt::AlignVCenter : Qt::AlignCenter,
                             fitted(room - (columns > 1 ? 4 : 0)));
        if (i % rows != 0 || (i > 0 && i + rows > matrix_.classes()))
            continue;
        painter.drawText(QRectF(16, row.top(), left() - kTrue, row.height()),
                         Qt::AlignRight | (rows > 1 ? Qt::AlignTop : Qt::AlignVCenter),
                         fitted(left() - kTrue));
        const auto recall = matrix_.recall(i);
        painter.drawText(QRectF(width() - kRecall, row.top(), kRecall, row.height()),
                         Qt::AlignRight | (rows > 1 ? Qt::AlignTop : Qt::AlignVCenter),
                         recall ? percent(*recall, 1) : QStringLiteral("–"));
    }
}

int ConfusionView::countFontSize() const {
    std::int64_t largest = 0;
    for (std::size_t label = 0; label < matrix_.classes(); ++label)
        largest = std::max(largest, matrix_.count(label, label));
    const QString widest = QString::number(largest);
    int size = type::kDense;
    while (size > kSmallestCount &&
           QFontMetricsF(textFont(size)).horizontalAdvance(widest) > cellSize().width() - 2)
        --size;
    return size;
}

QColor ConfusionView::fillOf(Cell cell, std::int64_t most) const {
    const auto& theme = theme_->theme();
    const auto count = matrix_.count(cell.first, cell.second);
    QColor fill = theme.panel;
    if (cell.first == cell.second) {
        fill = theme.training;
        fill.setAlphaF(0.25F);
    } else if (count > 0) {
        fill = theme.validation;
        fill.setAlphaF(0.12F + 0.5F * static_cast<float>(count) / static_cast<float>(most));
    }
    return fill;
}

void ConfusionView::paintCell(QPainter& painter, Cell cell, std::int64_t most) const {
    const auto& theme = theme_->theme();
    const auto box = rectOf(cell).adjusted(0.5, 0.5, -0.5, -0.5);
    const auto count = matrix_.count(cell.first, cell.second);
    const bool correct = cell.first == cell.second;
    painter.setPen(QPen(theme.divider, 1));
    painter.setBrush(fillOf(cell, most));
    painter.drawRect(box);
    if (count == 0)
        return;
    painter.setPen(theme.text);
    painter.setFont(
        textFont(countFontSize(), !correct && count * 2 >= most ? QFont::Bold : QFont::Normal));
    painter.drawText(box, Qt::AlignCenter, QString::number(count));
}

void ConfusionView::mousePressEvent(QMouseEvent* event) {
    const auto cell = cellAt(event->position());
    choose(cell == chosen_ ? std::nullopt : cell);
}

void ConfusionView::keyPressEvent(QKeyEvent* event) {
    const std::size_t classes = matrix_.classes();
    Cell cell = chosen_.value_or(Cell(0, 0));
    const auto forwards = [&](std::size_t& at) {
        at = chosen_ ? std::min(at + 1, classes - 1) : at;
    };
    const auto backwards = [](std::size_t& at) { at = at > 0 ? at - 1 : 0; };
    switch (classes > 0 ? event->key() : 0) {
    case Qt::Key_Left:
        backwards(cell.second);
        break;
    case Qt::Key_Right:
        forwards(cell.second);
        break;
    case Qt::Key_Up:
        backwards(cell.first);
        break;
    case Qt::Key_Down:
        forwards(cell.first);
        break;
    case Qt::Key_Escape:
        choose({});
        return;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    choose(cell);
}

bool ConfusionView::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    if (const auto cell = cellAt(help->pos()))
        QToolTip::showText(help->globalPos(), cellText(*cell));
    else
        QToolTip::hideText();
    return true;
}

} // namespace gradwright

#include "moc_confusion_view.cpp"
