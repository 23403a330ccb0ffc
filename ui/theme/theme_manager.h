// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QIcon>
#include <QObject>

class QApplication;

namespace gradwright {

enum class ThemeChoice { System, Dark, Light };

/// Dresses the application in a theme and switches it live. One lives as long as the application.
class ThemeManager : public QObject {
    Q_OBJECT
public:
    explicit ThemeManager(QApplication& application, ThemeChoice choice = ThemeChoice::System,
                          QObject* parent = nullptr);

    [[nodiscard]] const Theme& theme() const { return gradwright::theme(kind_); }
    [[nodiscard]] ThemeChoice choice() const { return choice_; }
    void setChoice(ThemeChoice choice);

    /// A line icon of resources/icons in a colour of the theme; it follows switches.
    [[nodiscard]] QIcon icon(const QString& name, QColor Theme::*role = &Theme::text2) const;

Q_SIGNALS:
    /// After palette and style sheet are set: repaint what is painted by hand.
    void changed();

private:
    [[nodiscard]] ThemeKind systemKind() const;
    void dress();

    QApplication* application_;
    ThemeChoice choice_;
    ThemeKind kind_ = ThemeKind::Dark;
    bool systemStartedDark_;
};

} // namespace gradwright
