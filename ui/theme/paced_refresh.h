// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPointer>
#include <QTimer>
#include <QWidget>
#include <QWindow>

#include <functional>

namespace gradwright {

/// Whether anybody can see it: neither hidden, as a page behind another one, nor in a window that
/// is minimized or on no screen.
bool isInSight(const QWidget& widget);

/// Refreshes what a widget shows of data that keep coming: not more often than once in an interval,
/// and not at all while nobody can see it, but then as soon as somebody can.
class PacedRefresh : public QObject {
    Q_OBJECT

public:
    /// `widget` is what shows the data and outlives this.
    PacedRefresh(QWidget& widget, int milliseconds, std::function<void()> refresh);

    void later();
    /// Whether something has come that is not shown yet.
    [[nodiscard]] bool isDue() const { return isDue_; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void refreshIfDue();
    /// Follows the widget into the window that it is in now.
    void watchWindow();

    QWidget* widget_;
    std::function<void()> refresh_;
    QTimer timer_;
    QPointer<QWidget> top_;
    QPointer<QWindow> window_;
    bool isDue_ = false;
};

} // namespace gradwright
