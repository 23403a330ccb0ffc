// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/drawing/drawn_set.h"

#include <QDialog>

class QComboBox;
class QLabel;
class QPushButton;

namespace gradwright {

class DrawingPad;
class ThemeManager;

/// A pad to draw new samples on, one after the other, and the class that each is added to.
class DrawingDialog : public QDialog {
    Q_OBJECT

public:
    /// `label`: the class that is chosen at first.
    DrawingDialog(ThemeManager& themes, DrawnSet& set, int label, bool isDrawing, QWidget* parent);

    [[nodiscard]] DrawingPad& pad() { return *pad_; }

private:
    void addDrawing();
    void update();

    DrawnSet* set_;
    DrawingPad* pad_;
    QComboBox* class_;
    QLabel* note_;
    QPushButton* add_;
    QPushButton* clear_;
};

} // namespace gradwright
