// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/memory.h"
#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>
#include <QTimer>

#include <optional>

class QLabel;
class QPushButton;

namespace gradwright {

class ElidedLabel;

/// The row at the bottom: saved or not, problems, and what the network costs.
class StatusLine final : public QFrame {
    Q_OBJECT
public:
    StatusLine(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

    /// Says it for a while, or stops saying it when empty.
    void showHint(const QString& text);
    /// Training memory as the engine plans it; without it an estimate is shown.
    void setPlannedMemory(const std::optional<MemoryEstimate>& memory);

Q_SIGNALS:
    void problemsClicked();

private:
    void refresh();
    void refreshFigures();

    ProjectDocument* document_;
    const ThemeManager* themes_;
    QLabel* saved_;
    QPushButton* problems_;
    ElidedLabel* hint_;
    QLabel* figures_;
    std::optional<MemoryEstimate> planned_;
    QTimer hintTimer_;
    QTimer figuresTimer_; ///< the memory of a large network takes too long for each key
};

} // namespace gradwright
