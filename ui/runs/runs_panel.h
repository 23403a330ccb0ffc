// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/curve_legend.h"
#include "ui/runs/run_list.h"
#include "ui/session/run_history.h"
#include "ui/session/run_trash.h"

#include <QFrame>

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

class QLabel;
class QMenu;
class QPushButton;

namespace gradwright {

class ThemeManager;

/// A project's runs, newest first. Ticked ones lie over the plots of the chosen one, any number of
/// them. Names, notes and the trash are its own matter; what concerns the project is asked for.
class RunsPanel : public QFrame {
    Q_OBJECT

public:
    explicit RunsPanel(ThemeManager& theme, QWidget* parent = nullptr);

    void setRuns(std::vector<RunHistory> runs);
    /// What the column of qualities holds while there are no runs.
    void setMetric(const MetricDef& metric);
    /// The one that trains now; empty when none does.
    void setActive(const std::filesystem::path& folder);
    void setActiveResult(const QString& quality, const QString& loss);
    void setActivePaused(bool paused);

    [[nodiscard]] const std::vector<RunHistory>& runs() const { return runs_; }
    [[nodiscard]] const RunHistory* chosen() const;
    [[nodiscard]] const RunHistory* find(const std::filesystem::path& folder) const;
    void choose(const std::filesystem::path& folder);
    struct Ticked {
        CurveRole role;
        const RunHistory* run;
    };
    [[nodiscard]] std::vector<Ticked> ticked() const;
    [[nodiscard]] RunList& list() { return *list_; }

    // What the menu does; without a run of that folder nothing.
    /// Opens an editor in the row.
    void rename(const std::filesystem::path& folder);
    void editNote(const std::filesystem::path& folder);
    void compare(const std::filesystem::path& first, const std::filesystem::path& second);
    void openFolder(const std::filesystem::path& folder);
    void moveToTrash(const std::filesystem::path& folder);
    /// Brings the run back that was moved to the trash last.
    void undoTrash();

Q_SIGNALS:
    void chosenChanged();
    void tickedChanged();
    /// Names, notes or the runs themselves are others than before.
    void changedOnDisk();
    void settingsWanted(const std::filesystem::path& folder);
    void projectWanted(const std::filesystem::path& folder);
    /// The run's network with its weights is to be the start of another one.
    void startWanted(const std::filesystem::path& folder);
    /// What could not be done, and why.
    void failed(const QString& reason);

private:
    QLayout* makeHeader();
    QLayout* makeColumns();
    void nameQuality(const MetricDef& metric);
    QWidget* makeUndo();
    QLayout* makeButtons();
    void fill();
    void showRows();
    void toggle(const QListWidgetItem& item);
    void showRow(QListWidgetItem& item, const RunHistory& run) const;
    void showChosen();
    void fillMenu(QMenu& menu, const std::filesystem::path& folder);
    void fillComparisons(QMenu& menu, const std::filesystem::path& folder);
    void setLabel(const std::filesystem::path& folder, const std::optional<QString>& name,
                  const std::optional<QString>& note);

    std::vector<RunHistory> runs_;
    const MetricDef* metric_ = nullptr; ///< of the project's data
    std::filesystem::path active_;
    QString activeQuality_; ///< of the one that trains, newer than its history; else empty
    QString activeLoss_;
    bool activeIsPaused_ = false;
    std::map<std::filesystem::path, CurveRole> ticked_;
    std::optional<TrashedRun> trashed_;
    RunList* list_;
    QLabel* empty_;
    QLabel* qualityTitle_ = nullptr;
    QFrame* undo_ = nullptr;
    QLabel* undoText_ = nullptr;
    QPushButton* compare_ = nullptr;
    QPushButton* openFolder_ = nullptr;
};

} // namespace gradwright
