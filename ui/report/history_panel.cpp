// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/history_panel.h"

namespace gradwright {

HistoryPanel::HistoryPanel(ProjectDocument& document, const ThemeManager& themes, QWidget* parent)
    : QUndoView(&document.undoStack(), parent) {
    setAccessibleName(tr("History of changes"));
    setEmptyLabel(tr("As opened"));
    setCleanIcon(themes.icon(QStringLiteral("save"), &Theme::ok));
    setToolTip(tr("Click a change to go back or forward to it. The disk marks what is saved."));
    setFrameShape(QFrame::NoFrame);
    setUniformItemSizes(true);
}

} // namespace gradwright

#include "moc_history_panel.cpp"
