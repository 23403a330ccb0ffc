// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/tour.h"

#include <QApplication>
#include <QFrame>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright {
namespace {

constexpr int kCardWidth = 340;
constexpr int kRoom = 16;  ///< between card and edges
constexpr int kArrow = 44; ///< between card and target
constexpr int kHalo = 4;   ///< what is shown around the target
constexpr int kDimmed = 130;

QPointF nearestIn(const QRectF& area, QPointF point) {
    return {std::clamp(point.x(), area.left(), area.right()),
            std::clamp(point.y(), area.top(), area.bottom())};
}

} // namespace

Tour::Tour(std::vector<Stop> stops, const ThemeManager& themes, QWidget* window)
    : QWidget(window)
    , stops_(std::move(stops))
    , themes_(&themes)
    , card_(new QFrame(this))
    , title_(new QLabel)
    , text_(new QLabel)
    , count_(new QLabel)
    , skip_(new QPushButton(tr("Skip")))
    , back_(new QPushButton(tr("Back")))
    , next_(new QPushButton) {
    setObjectName(QStringLiteral("tour"));
    setAccessibleName(tr("Tour"));
    setFocusPolicy(Qt::StrongFocus);
    makeCard();
    dress();
    connect(themes_, &ThemeManager::changed, this, &Tour::dress);
    connect(skip_, &QPushButton::clicked, this, &Tour::end);
    connect(back_, &QPushButton::clicked, this, [this] { goTo(at_ - 1); });
    connect(next_, &QPushButton::clicked, this, [this] {
        if (at_ + 1 < stops_.size())
            goTo(at_ + 1);
        else
            end();
    });
    connect(qApp, &QApplication::focusChanged, this,
            [this](QWidget*, QWidget* now) { keepFocus(now); });
    qApp->installEventFilter(this);
    show();
    goTo(0);
}

void Tour::makeCard() {
    card_->setObjectName(QStringLiteral("tourCard"));
    title_->setProperty("textRole", QStringLiteral("title"));
    title_->setObjectName(QStringLiteral("tourTitle"));
    text_->setWordWrap(true);
    text_->setObjectName(QStringLiteral("tourText"));
    count_->setProperty("textRole", QStringLiteral("muted"));
    skip_->setObjectName(QStringLiteral("tourSkip"));
    back_->setObjectName(QStringLiteral("tourBack"));
    next_->setObjectName(QStringLiteral("tourNext"));
    next_->setProperty("kind", QStringLiteral("primary"));
    auto* const head = new QHBoxLayout;
    head->addWidget(title_, 1);
    head->addWidget(count_);
    auto* const buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(skip_);
    buttons->addStretch(1);
    buttons->addWidget(back_);
    buttons->addWidget(next_);
    auto* const rows = new QVBoxLayout(card_);
    rows->setContentsMargins(16, 14, 16, 14);
    rows->setSpacing(10);
    rows->addLayout(head);
    rows->addWidget(text_);
    rows->addLayout(buttons);
}

void Tour::dress() {
    const Theme& theme = themes_->theme();
    card_->setStyleSheet(QStringLiteral("QFrame#tourCard { background: %1; border: 1px solid %2;"
                                        "border-radius: 8px; }")
                             .arg(theme.panel.name(), theme.border.name()));
    update();
}

void Tour::goTo(std::size_t stop) {
    at_ = stop;
    target_ = stops_[at_].arrive ? stops_[at_].arrive() : nullptr;
    if (target_)
        for (QWidget* each = target_->parentWidget(); each != nullptr; each = each->parentWidget())
            if (auto* const scroll = qobject_cast<QScrollArea*>(each))
                scroll->ensureWidgetVisible(target_);
    title_->setText(stops_[at_].title);
    text_->setText(stops_[at_].text);
    count_->setText(tr("%1 of %2").arg(at_ + 1).arg(stops_.size()));
    back_->setEnabled(at_ > 0);
    next_->setText(at_ + 1 < stops_.size() ? tr("Next") : tr("Done"));
    card_->setAccessibleName(stops_[at_].title);
    next_->setAccessibleDescription(spokenText());
    place();
    next_->setFocus();
}

QString Tour::spokenText() const {
    return stops_[at_].title + QStringLiteral(". ") + stops_[at_].text;
}

QRect Tour::targetArea() const {
    if (!target_ || !target_->isVisible())
        return {};
    QRect seen(target_->mapTo(parentWidget(), QPoint()), target_->size());
    // What is scrolled out of sight does not count.
    for (const QWidget* each = target_->parentWidget(); each != nullptr && each != parentWidget();
         each = each->parentWidget())
        seen &= QRect(each->mapTo(parentWidget(), QPoint()), each->size());
    return seen & rect();
}

QRect Tour::cardArea() const {
    return card_->geometry();
}

/// Beside the target where there is room, else over it.
void Tour::place() {
    setGeometry(parentWidget()->rect());
    raise();
    const int wide = std::min(kCardWidth, width() - 2 * kRoom);
    card_->setFixedWidth(wide);
    card_->ensurePolished();
    card_->layout()->invalidate();
    const int high = card_->layout()->totalHeightForWidth(wide);
    const QSize size(wide, high);
    const QRect free = rect().adjusted(kRoom, kRoom, -kRoom, -kRoom);
    const QRect shown = targetArea();
    const QPoint middle = shown.center() - QPoint(wide / 2, high / 2);
    const std::array<QPoint, 4> corners{QPoint(shown.right() + kArrow, middle.y()),
                                        QPoint(shown.left() - kArrow - wide, middle.y()),
                                        QPoint(middle.x(), shown.bottom() + kArrow),
                                        QPoint(middle.x(), shown.top() - kArrow - high)};
    const auto moved = [&](QPoint corner) {
        return QRect(
            QPoint(std::clamp(corner.x(), free.left(), std::max(free.left(), free.right() - wide)),
                   std::clamp(corner.y(), free.top(), std::max(free.top(), free.bottom() - high))),
            size);
    };
    QRect best(free.center() - QPoint(wide / 2, high / 2), size);
    int longest = 0; // arrow
    for (const QPoint corner : corners) {
        const QRect card = moved(corner);
        const int across = std::max(shown.left() - card.right(), card.left() - shown.right());
        const int along = std::max(shown.top() - card.bottom(), card.top() - shown.bottom());
        const int gap = std::min(std::max(across, along), kArrow);
        if (!shown.isEmpty() && gap > longest) {
            longest = gap;
            best = card;
        }
    }
    card_->setGeometry(best);
    // What is shown is there for the mouse, too.
    setMask(QRegion(rect()).subtracted(shown).united(best));
    update();
}

void Tour::keepFocus(QWidget* now) {
    if (now == nullptr || now == this || isAncestorOf(now) || now->window() != window())
        return;
    QMetaObject::invokeMethod(next_, qOverload<>(&QWidget::setFocus), Qt::QueuedConnection);
}

void Tour::leave() {
    qApp->removeEventFilter(this);
    disconnect(qApp, nullptr, this, nullptr); // the focus is others' now
    hide();
    deleteLater();
}

void Tour::end() {
    leave();
    Q_EMIT ended();
}

bool Tour::event(QEvent* event) {
    // The window's shortcuts rest meanwhile.
    if (event->type() == QEvent::ShortcutOverride) {
        event->accept();
        return true;
    }
    return QWidget::event(event);
}

bool Tour::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::MouseButtonPress && target_ && isVisible()) {
        auto* const pressed = qobject_cast<QWidget*>(watched);
        if (pressed != nullptr && (pressed == target_ || target_->isAncestorOf(pressed))) {
            leave();
            return false;
        }
    }
    // Buttons would move the focus by them.
    if (event->type() == QEvent::KeyPress && card_->isAncestorOf(qobject_cast<QWidget*>(watched))) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Left || key == Qt::Key_Right) {
            (key == Qt::Key_Right ? next_ : back_)->click();
            return true;
        }
    }
    if (watched != parentWidget() && watched != target_)
        return false;
    const bool moves = event->type() == QEvent::Resize || event->type() == QEvent::Move ||
                       event->type() == QEvent::Show || event->type() == QEvent::LayoutRequest;
    if (moves && isVisible()) // after those that it concerns
        QMetaObject::invokeMethod(this, &Tour::place, Qt::QueuedConnection);
    return QWidget::eventFilter(watched, event);
}

void Tour::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
    case Qt::Key_Escape:
        end();
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (auto* const button = qobject_cast<QPushButton*>(focusWidget()))
            button->click();
        break;
    default:
        break; // not for what lies below
    }
}

void Tour::mousePressEvent(QMouseEvent* event) {
    event->accept();
}

bool Tour::focusNextPrevChild(bool next) {
    std::vector<QPushButton*> buttons{skip_, back_, next_};
    std::erase_if(buttons, [](const QPushButton* each) { return !each->isEnabled(); });
    const auto now = std::ranges::find(buttons, focusWidget());
    const auto count = static_cast<std::ptrdiff_t>(buttons.size());
    const auto index = now == buttons.end() ? 0 : now - buttons.begin();
    buttons[static_cast<std::size_t>((index + (next ? 1 : count - 1)) % count)]->setFocus(
        next ? Qt::TabFocusReason : Qt::BacktabFocusReason);
    return true;
}

void Tour::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath dimmed;
    dimmed.addRect(rect());
    const QRect shown = targetArea();
    QPainterPath hole;
    if (!shown.isEmpty())
        hole.addRoundedRect(shown.adjusted(-kHalo, -kHalo, kHalo, kHalo), 8, 8);
    painter.fillPath(dimmed.subtracted(hole), QColor(0, 0, 0, kDimmed));
    if (shown.isEmpty())
        return;
    painter.setPen(QPen(themes_->theme().accentHover, 2));
    painter.drawPath(hole);
    paintArrow(painter);
}

void Tour::paintArrow(QPainter& painter) const {
    const QRectF shown = QRectF(targetArea()).adjusted(-kHalo, -kHalo, kHalo, kHalo);
    const QRectF card = card_->geometry();
    if (card.intersects(shown))
        return;
    const QPointF from = nearestIn(card, shown.center());
    const QPointF to = nearestIn(shown, from);
    const QPointF along = to - from;
    const double length = std::hypot(along.x(), along.y());
    if (length < 1)
        return;
    const QPointF unit = along / length;
    const QPointF across(-unit.y(), unit.x());
    constexpr double kHead = 10;
    const QPointF neck = to - unit * kHead;
    painter.setPen(QPen(Qt::white, 3, Qt::SolidLine, Qt::RoundCap));
    painter.drawLine(from, neck);
    painter.setPen(Qt::NoPen);
    painter.setBrush(Qt::white);
    painter.drawPolygon(QPolygonF{to, neck + across * kHead * 0.7, neck - across * kHead * 0.7});
}

} // namespace gradwright

#include "moc_tour.cpp"
