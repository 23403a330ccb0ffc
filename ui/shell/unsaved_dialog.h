// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/recent_projects.h"
#include "ui/theme/theme_manager.h"

#include <QDialog>

#include <filesystem>
#include <memory>
#include <string>

class QLabel;
class QMenu;
class QPushButton;
class QToolButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace gradwright {

/// All networks that were trained and not saved, each with its runs and what they take on the disk:
/// to open, save as a project, export or delete.
class UnsavedDialog final : public QDialog {
    Q_OBJECT
public:
    UnsavedDialog(RecentProjects& recent, const ThemeManager& themes, QWidget* window);

    [[nodiscard]] QTreeWidget& tree() { return *tree_; }
    /// Selects the network.
    void choose(const std::string& uuid);

Q_SIGNALS:
    void openRequested(const std::string& uuid);
    void saveRequested(const std::string& uuid);
    /// Runs of that project were deleted.
    void removed(const std::string& uuid);
    /// For the status bar.
    void hint(const QString& text);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Chosen {
        const UnsavedNetwork* network = nullptr;
        const RunSummary* run = nullptr; ///< none: the network as a whole
    };

    QWidget* makeButtons();
    void fill();
    void refreshButtons();
    void removeChosen();
    void exportCode(const std::string& format);
    void exportModel();
    void exportWeights();
    [[nodiscard]] Chosen chosen() const;
    [[nodiscard]] const RunSummary* weightsRun() const;

    RecentProjects* recent_;
    const ThemeManager* themes_;
    std::shared_ptr<const RecentProjects::Networks> networks_; ///< as they are shown
    QTreeWidget* tree_;
    QLabel* empty_;
    QLabel* total_;
    QLabel* note_;
    QMenu* exports_ = nullptr;
    QAction* exportWeights_ = nullptr;
    QPushButton* open_ = nullptr;
    QPushButton* save_ = nullptr;
    QToolButton* export_ = nullptr;
    QPushButton* remove_ = nullptr;
};

} // namespace gradwright
