// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/run_history.h"

#include <QListWidget>

#include <functional>

namespace gradwright {

class ThemeManager;

/// What an item of a RunList has beside its text, the run's name, and its check state.
enum RunRole {
    RunFolder = Qt::UserRole,
    RunTime,     ///< beside the name or below it; empty where that tells the run from others
    RunSubtitle, ///< below it
    RunQuality,
    RunLoss,
    RunLine, ///< a CurveRole; none: the run is not drawn
    RunAlarm ///< the loss is not finite
};

inline constexpr int kRunTickWidth = 38;    // px, from the left edge
inline constexpr int kRunQualityWidth = 70; // px
inline constexpr int kRunLossWidth = 54;    // px, at the right

/// A row of the list, which says its columns to screen readers.
class RunItem final : public QListWidgetItem {
public:
    using QListWidgetItem::QListWidgetItem;

    [[nodiscard]] QVariant data(int role) const override;
};

/// Rows of runs. Takes a click on the tick apart from one on the row, and a right click, which
/// selects nothing, apart from both. F2 edits a name in its place.
class RunList final : public QListWidget {
    Q_OBJECT
public:
    explicit RunList(ThemeManager& theme, QWidget* parent = nullptr);

    std::function<void(QListWidgetItem&)> onToggle;
    std::function<void(QListWidgetItem&, QPoint)> onMenu; ///< with the place on the screen
    std::function<void(QListWidgetItem&, const QString&)> onRename;

protected:
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
};

/// When it was started: "14:02:05", on another day "3 Nov 14:02:05".
QString timeOf(const RunHistory& run);
/// A run's name, with the time it was started unless a person gave it the name.
QString titleOf(const RunHistory& run);
/// All that is known of it at a glance, a fact a line.
/// Of a run that is active, what it is doing takes the place of its results.
QString factsOf(const RunHistory& run, const QString& state = {});
/// The optimizer and its learning rate: "Adam 0.001".
QString methodOf(const RunHistory& run);
/// "1 min 58 s", "2 h 5 min"; "–" where it is not known.
QString durationText(double seconds);

} // namespace gradwright
