// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/spoken.h"
#include "ui/theme/theme_manager.h"

#include <QPointer>
#include <QString>
#include <QWidget>

#include <functional>
#include <vector>

class QFrame;
class QLabel;
class QPushButton;

namespace gradwright {

/// A walk through the window: one stop after another is explained in a card with an arrow to the
/// widget that it is about, while the rest is dimmed. Takes mouse and keyboard until it ends: by
/// Skip, Esc, Done at the last stop, or a press on what the arrow points to, which does there what
/// it always does. Deletes itself then.
class Tour final : public QWidget, public Spoken {
    Q_OBJECT
public:
    struct Stop {
        QString title;
        QString text;
        /// Goes where the widget is, and returns it; nullptr: the card stands in the middle.
        std::function<QWidget*()> arrive;
    };

    /// Begins at the first stop, over the whole window. There must be one at least.
    Tour(std::vector<Stop> stops, const ThemeManager& themes, QWidget* window);

    /// Where it stands, counted from 0.
    [[nodiscard]] std::size_t stop() const { return at_; }
    /// The widget that the arrow points to, and what is seen of it, in the tour's coordinates.
    [[nodiscard]] QWidget* target() const { return target_; }
    [[nodiscard]] QRect targetArea() const;
    [[nodiscard]] QRect cardArea() const;
    /// As Skip does.
    void end();

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Dialog; }
    [[nodiscard]] QString spokenText() const override;

Q_SIGNALS:
    /// By one of its buttons or keys. Whoever presses the target is where they want to be.
    void ended();

protected:
    bool event(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool focusNextPrevChild(bool next) override;

private:
    void makeCard();
    void dress();
    void goTo(std::size_t stop);
    void place();
    void keepFocus(QWidget* now);
    void leave();
    void paintArrow(QPainter& painter) const;

    std::vector<Stop> stops_;
    const ThemeManager* themes_;
    std::size_t at_ = 0;
    QPointer<QWidget> target_;
    QFrame* card_;
    QLabel* title_;
    QLabel* text_;
    QLabel* count_;
    QPushButton* skip_;
    QPushButton* back_;
    QPushButton* next_;
};

} // namespace gradwright
