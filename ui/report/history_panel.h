// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QUndoView>

namespace gradwright {

/// Every change since the project was opened, oldest first; a click goes back or forward to it.
class HistoryPanel final : public QUndoView {
    Q_OBJECT
public:
    HistoryPanel(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);
};

} // namespace gradwright
