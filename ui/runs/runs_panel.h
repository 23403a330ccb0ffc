// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/curve_legend.h"
#include "ui/session/run_history.h"

#include <QFrame>

#include <map>
#include <vector>

class QLabel;
class QListWidget;
class QListWidgetItem;
class QPushButton;

namespace gradwright {

class ThemeManager;

/// A project's runs, newest first. Ticked ones lie over the plots of the chosen one, two at most.
class RunsPanel : public QFrame {
    Q_OBJECT

public:
    explicit RunsPanel(ThemeManager& theme, QWidget* parent = nullptr);

    void setRuns(std::vector<RunHistory> runs);
    /// The one that trains now; empty when none does.
    void setActive(const std::filesystem::path& folder);
    void setActiveResult(const QString& quality, const QString& loss);

    [[nodiscard]] const std::vector<RunHistory>& runs() const { return runs_; }
    [[nodiscard]] const RunHistory* chosen() const;
    void choose(const std::filesystem::path& folder);
    struct Ticked {
        CurveRole role;
        const RunHistory* run;
    };
    [[nodiscard]] std::vector<Ticked> ticked() const;
    [[nodiscard]] QListWidget& list() { return *list_; }

Q_SIGNALS:
    void chosenChanged();
    void tickedChanged();

private:
    void fill();
    void toggle(const QListWidgetItem& item);
    void showRow(QListWidgetItem& item, const RunHistory& run) const;

    ThemeManager* theme_;
    std::vector<RunHistory> runs_;
    std::filesystem::path active_;
    QString activeQuality_; ///< of the one that trains, newer than its history; else empty
    QString activeLoss_;
    std::map<std::filesystem::path, CurveRole> ticked_;
    QListWidget* list_;
    QLabel* empty_;
    QLabel* qualityTitle_ = nullptr;
    QPushButton* openFolder_;
};

/// A run's name, with the time it was started where that tells it from others.
QString titleOf(const RunHistory& run);

} // namespace gradwright
