// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/split_bar.h"

#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

constexpr int kBorderReach = 10; ///< px around a border that take the mouse
constexpr int kKeysSettle = 500; ///< ms
constexpr double kLeastTest = 0.01;
constexpr double kMostHeldBack = 0.9; ///< of validation and test, as their settings have it
constexpr double kKeyStep = 0.01;
constexpr double kLargeKeyStep = 0.05;

QString shareText(double share) {
    return QStringLiteral("%1 %").arg(100 * share, 0, 'f', 1);
}

} // namespace

SplitBar::SplitBar(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes) {
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setMouseTracking(true);
    settled_.setSingleShot(true);
    settled_.setInterval(kKeysSettle);
    connect(&settled_, &QTimer::timeout, this, &SplitBar::commit);
    connect(&themes, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void SplitBar::setCounts(const PartNumbers& counts, bool testIsFixed) {
    counts_ = counts;
    testIsFixed_ = testIsFixed;
    if (testIsFixed)
        current_ = 0;
    const auto all = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    for (std::size_t part = 0; part < kDataParts; ++part)
        shares_[part] = all > 0 ? static_cast<double>(counts[part]) / static_cast<double>(all) : 0;
    isMoved_ = {};
    settled_.stop();
    update();
    sayTextChanged(*this);
}

void SplitBar::setLocked(bool locked) {
    locked_ = locked;
    update();
}

double SplitBar::positionOf(int border) const {
    return border == 0 ? shares_[0] : shares_[0] + shares_[1];
}

QPoint SplitBar::borderAt(int border) const {
    return {static_cast<int>(std::lround(positionOf(border) * width())), height() / 2};
}

bool SplitBar::mayMove(int border) const {
    return !locked_ && shares_[0] > 0 && (border == 0 || !testIsFixed_);
}

void SplitBar::move(int border, double position) {
    if (!mayMove(border))
        return;
    const double rest = shares_[0] + shares_[1]; // not for the test
    const double validation = rest > 0 ? shares_[1] / rest : 0;
    if (border == 0) {
        const double share = std::clamp((rest - position) / rest, 0.0, kMostHeldBack);
        shares_[0] = rest * (1 - share);
        shares_[1] = rest * share;
    } else {
        shares_[2] = std::clamp(1 - position, kLeastTest, kMostHeldBack);
        shares_[0] = (1 - shares_[2]) * (1 - validation);
        shares_[1] = (1 - shares_[2]) * validation;
    }
    isMoved_.at(static_cast<std::size_t>(border)) = true;
    update();
    sayTextChanged(*this);
}

void SplitBar::commit() {
    settled_.stop();
    const auto moved = std::exchange(isMoved_, {});
    const double rest = shares_[0] + shares_[1];
    // Settings are round numbers.
    const auto rounded = [](double share) { return std::round(share * 1000) / 1000; };
    if (moved[0])
        Q_EMIT validationChosen(rounded(rest > 0 ? shares_[1] / rest : 0));
    if (moved[1])
        Q_EMIT testChosen(rounded(shares_[2]));
}

void SplitBar::mousePressEvent(QMouseEvent* event) {
    dragged_ = -1;
    if (event->button() != Qt::LeftButton)
        return;
    const int x = event->position().toPoint().x();
    for (const int border : {1, 0})
        if (mayMove(border) && std::abs(borderAt(border).x() - x) <= kBorderReach &&
            (dragged_ < 0 ||
             std::abs(borderAt(border).x() - x) < std::abs(borderAt(dragged_).x() - x)))
            dragged_ = border;
    if (dragged_ >= 0)
        current_ = dragged_;
    update();
}

void SplitBar::mouseMoveEvent(QMouseEvent* event) {
    const QPoint place = event->position().toPoint();
    if (dragged_ >= 0) {
        move(dragged_, static_cast<double>(place.x()) / std::max(1, width()));
        return;
    }
    const bool isOver = std::ranges::any_of(std::array{0, 1}, [&](int border) {
        return mayMove(border) && std::abs(borderAt(border).x() - place.x()) <= kBorderReach;
    });
    setCursor(isOver ? Qt::SplitHCursor : Qt::ArrowCursor);
}

void SplitBar::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && std::exchange(dragged_, -1) >= 0)
        commit();
}

void SplitBar::keyPressEvent(QKeyEvent* event) {
    const double step = event->modifiers() & Qt::ShiftModifier ? kLargeKeyStep : kKeyStep;
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
        move(current_, positionOf(current_) + (event->key() == Qt::Key_Left ? -step : step));
        settled_.start();
        break;
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (!testIsFixed_)
            current_ = 1 - current_;
        update();
        sayTextChanged(*this);
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        commit();
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

void SplitBar::focusOutEvent(QFocusEvent* event) {
    commit();
    update();
    QWidget::focusOutEvent(event);
}

QString SplitBar::spokenText() const {
    return tr("Training %1, validation %2, test %3; the keys move the border of %4")
        .arg(shareText(shares_[0]), shareText(shares_[1]), shareText(shares_[2]),
             current_ == 0 ? tr("training and validation") : tr("the test part"));
}

std::optional<Spoken::Range> SplitBar::spokenRange() const {
    return Range{100 * positionOf(current_), 0, 100};
}

void SplitBar::paintEvent(QPaintEvent*) {
    const Theme& theme = themes_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath outline;
    outline.addRoundedRect(QRectF(rect()).adjusted(0, 3, 0, -3), 4, 4);
    painter.setClipPath(outline);
    const std::array colours{theme.training, theme.validation, theme.run3};
    double left = 0;
    for (std::size_t part = 0; part < kDataParts; ++part) {
        const double wide = shares_[part] * width();
        painter.fillRect(QRectF(left, 0, wide, height()), colours.at(part));
        left += wide;
    }
    painter.setClipping(false);
    for (const int border : {0, 1}) {
        if (!mayMove(border))
            continue;
        const bool isCurrent = hasFocus() && border == current_;
        QRectF grip(borderAt(border).x() - 3.5, 0.5, 7, height() - 1);
        grip.moveLeft(std::clamp(grip.left(), 0.5, width() - grip.width() - 0.5));
        painter.setPen(QPen(isCurrent ? theme.focus : theme.border, isCurrent ? 2 : 1));
        painter.setBrush(theme.panel);
        painter.drawRoundedRect(grip, 3, 3);
    }
}

} // namespace gradwright

#include "moc_split_bar.cpp"
