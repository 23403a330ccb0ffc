// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme_manager.h"

#include <QFrame>

#include <functional>

class QLabel;
class QPushButton;

namespace gradwright {

/// A line above the pages that tells something and offers one action; it stays until it is
/// answered.
class NoticeBar final : public QFrame {
    Q_OBJECT
public:
    explicit NoticeBar(const ThemeManager& themes, QWidget* parent = nullptr);

    /// `dismissed` is called when the action is not wanted.
    void offer(const QString& text, const QString& action, std::function<void()> accepted,
               std::function<void()> dismissed);

private:
    void answer(const std::function<void()>& with);
    void dress();

    const ThemeManager* themes_;
    QLabel* icon_;
    QLabel* text_;
    QPushButton* action_;
    std::function<void()> accepted_;
    std::function<void()> dismissed_;
};

} // namespace gradwright
