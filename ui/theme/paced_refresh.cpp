// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/paced_refresh.h"

#include <QEvent>

#include <utility>

namespace gradwright {

bool isInSight(const QWidget& widget) {
    const QWidget* const top = widget.window();
    const QWindow* const window = top->windowHandle();
    return widget.isVisible() && !top->isMinimized() && window && window->isExposed();
}

PacedRefresh::PacedRefresh(QWidget& widget, int milliseconds, std::function<void()> refresh)
    : QObject(&widget)
    , widget_(&widget)
    , refresh_(std::move(refresh)) {
    timer_.setSingleShot(true);
    timer_.setInterval(milliseconds);
    connect(&timer_, &QTimer::timeout, this, &PacedRefresh::refreshIfDue);
    widget.installEventFilter(this);
    watchWindow();
}

void PacedRefresh::later() {
    isDue_ = true;
    if (!timer_.isActive() && isInSight(*widget_))
        timer_.start();
}

void PacedRefresh::refreshIfDue() {
    if (!isDue_ || !isInSight(*widget_))
        return;
    isDue_ = false;
    refresh_();
}

bool PacedRefresh::eventFilter(QObject* watched, QEvent* event) {
    if (watched == widget_ && event->type() == QEvent::Show)
        watchWindow();
    const bool mayBeSeenNow = event->type() == QEvent::Show || event->type() == QEvent::Expose ||
                              event->type() == QEvent::WindowStateChange;
    if (isDue_ && mayBeSeenNow)
        QMetaObject::invokeMethod(this, &PacedRefresh::refreshIfDue, Qt::QueuedConnection);
    return QObject::eventFilter(watched, event);
}

void PacedRefresh::watchWindow() {
    QWidget* const top = widget_->window();
    if (top != top_) {
        if (top_ && top_ != widget_)
            top_->removeEventFilter(this);
        top_ = top;
        top->installEventFilter(this);
    }
    QWindow* const window = top->windowHandle();
    if (window != window_) {
        if (window_)
            window_->removeEventFilter(this);
        window_ = window;
        if (window)
            window->installEventFilter(this);
    }
}

} // namespace gradwright

#include "moc_paced_refresh.cpp"
