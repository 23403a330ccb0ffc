// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QKeySequence>
#include <QList>

class QAction;
class QLabel;
class QToolButton;

namespace gradwright {

class DrawingPad;
class ThemeManager;

/// The drawing pad with its tools, and an action for each of them.
class DrawingCard final : public QWidget {
    Q_OBJECT

public:
    explicit DrawingCard(ThemeManager& theme, QWidget* parent = nullptr);

    [[nodiscard]] DrawingPad& pad() { return *pad_; }
    [[nodiscard]] const QList<QAction*>& menuActions() const { return actions_; }
    /// What the network reads: handwritten digits, other drawings, or pictures.
    void setSubject(bool digits, bool isDrawing);
    void setNarrow(bool narrow);

private:
    QToolButton* tool(const QString& icon, const QString& text, const QKeySequence& key);
    QWidget* makeTools();

    ThemeManager* theme_;
    DrawingPad* pad_;
    QLabel* title_ = nullptr;
    QList<QAction*> actions_;
};

} // namespace gradwright
