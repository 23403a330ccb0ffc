// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <string_view>

class QLabel;
class QToolButton;
class QVBoxLayout;

namespace gradwright {

class ThemeManager;

/// A titled part of a form that folds.
class Section : public QWidget {
    Q_OBJECT

public:
    Section(const QString& title, const ThemeManager& theme, QWidget* parent = nullptr);

    void add(QWidget* widget);
    /// Where rows of any kind are put.
    [[nodiscard]] QVBoxLayout& rows() { return *layout_; }
    /// A few words at the right of the title.
    void setNote(const QString& note);
    /// What the glossary explains at the title.
    void explainBy(std::string_view place);
    void setOpen(bool open);
    [[nodiscard]] bool isOpen() const;

Q_SIGNALS:
    void toggled(bool open);

private:
    QToolButton* header_;
    QLabel* note_;
    QWidget* body_;
    QVBoxLayout* layout_;
};

} // namespace gradwright
