// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QToolButton;
class QVBoxLayout;

namespace gradwright {

class ThemeManager;

/// A titled part of a form that folds.
class Section : public QWidget {
    Q_OBJECT

public:
    Section(const QString& title, ThemeManager& theme, QWidget* parent = nullptr);

    void add(QWidget* widget);

private:
    QToolButton* header_;
    QWidget* body_;
    QVBoxLayout* layout_;
};

} // namespace gradwright
