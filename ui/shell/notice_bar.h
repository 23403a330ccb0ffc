// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme_manager.h"

#include <QFrame>

#include <functional>
#include <map>

class QLabel;
class QPushButton;

namespace gradwright {

/// A line above the pages that reports something and offers one action; it stays until it is
/// answered or withdrawn. The newest offer is shown, those before it come back after it.
class NoticeBar final : public QFrame {
    Q_OBJECT
public:
    explicit NoticeBar(const ThemeManager& themes, QWidget* parent = nullptr);

    struct Offer {
        QString text;
        QString action;
        QString dismissal; ///< the other button
        std::function<void()> accepted;
        std::function<void()> dismissed; ///< the action is not wanted
    };
    /// Returns the offer's number.
    int offer(Offer offer);
    /// It is not offered any more; nothing is called. Nothing happens when it was answered already.
    void withdraw(int number);

private:
    void answer(bool accepted);
    void showNewest();
    void dress();

    const ThemeManager* themes_;
    QLabel* icon_;
    QLabel* text_;
    QPushButton* action_;
    QPushButton* dismiss_;
    std::map<int, Offer> offers_;
    int last_ = 0;
};

} // namespace gradwright
