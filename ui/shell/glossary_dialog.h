// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QString>

#include <string>

class QLineEdit;
class QListWidget;
class QTextBrowser;

namespace gradwright {

class ThemeManager;

/// The terms of the window with their explanations, searchable. Stays open beside the window; links
/// lead from a term to related ones.
class GlossaryDialog final : public QDialog {
    Q_OBJECT
public:
    GlossaryDialog(const ThemeManager& themes, QWidget* window);

    /// Shows a term, whatever was searched for before; an unknown key shows the first one.
    void showTerm(const std::string& key);
    /// The key of what is shown; empty when nothing answers the search.
    [[nodiscard]] std::string shownTerm() const;

private:
    void filter(const QString& typed);
    void showCurrent();

    QLineEdit* search_;
    QListWidget* list_;
    QTextBrowser* text_;
};

} // namespace gradwright
