// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/pages/page.h"
#include "ui/session/training_queue.h"
#include "ui/session/training_session.h"
#include "ui/theme/theme_manager.h"

#include <QMainWindow>

#include <memory>
#include <vector>

class QMenu;
class QStackedWidget;

namespace gradwright {

class ComputeProbe;
class DataPage;
class DataProbe;
class DesignPage;
class HeaderBar;
class InterruptedTraining;
struct InterruptedRun;
struct AnsweringFile;
struct ListedAction;
class InferencePage;
class NoticeBar;
class ProjectFiles;
class RecentProjects;
class RunKeeper;
class StatusLine;
class TrainPage;
class WelcomePage;

/// Puts the pages together: nothing is done here but joining them.
class MainWindow final : public QMainWindow {
    Q_OBJECT
public:
    /// The windows of a program share a queue, so that one of them trains at a time.
    explicit MainWindow(ThemeManager& themes, std::shared_ptr<TrainingQueue> trainings =
                                                  std::make_shared<TrainingQueue>());
    ~MainWindow() override;

    /// A project in this window, or in the one that has it open already; data of the user's as a
    /// new project in this one.
    void openFile(const QString& file);
    /// In the window that has it open, in this one while nothing is in it, or in another one.
    void openBeside(const QString& file);
    /// Another window with a project of its own, and the gallery in it.
    MainWindow& openWindow();
    /// The visible windows of the program, by name.
    [[nodiscard]] static std::vector<MainWindow*> all();
    /// The one that has the file open, or nullptr.
    [[nodiscard]] static MainWindow* windowOf(const QString& file);
    /// The one that has the project of that UUID open, or nullptr.
    [[nodiscard]] static MainWindow* windowOfProject(const std::string& uuid);
    /// A network that was trained and not saved: in the window that has it open already, else in
    /// this one.
    void openNetwork(const std::string& uuid);
    /// The list of those networks, with one of them selected.
    void showUnsaved(const std::string& uuid = {});
    void bringToFront();
    /// What a crash or closing the window cut off: unsaved work, and a training that can be
    /// resumed.
    void offerRecovery();
    void showPage(Page& page);
    /// The tour, unless it has been shown before on this computer.
    void offerTour();
    void startTour();
    /// The glossary, at a term; empty: where it stands.
    void showGlossary(const std::string& term = {});
    void showGallery();

    [[nodiscard]] ProjectDocument& document() { return document_; }
    [[nodiscard]] TrainingSession& session() { return session_; }
    [[nodiscard]] ComputeProbe& computeProbe() { return *compute_; }
    [[nodiscard]] const std::vector<Page*>& pages() const { return pages_; }
    [[nodiscard]] DesignPage& design() { return *design_; }
    [[nodiscard]] DataPage& data() { return *data_; }
    [[nodiscard]] TrainPage& training() { return *train_; }
    [[nodiscard]] InferencePage& inference() { return *inference_; }

protected:
    void changeEvent(QEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void takeFirstSize();
    void makeMenus();
    void addPageActions(PageMenu menu, QMenu& to) const;
    void makeFileMenu();
    void makeViewMenu();
    void makeRunMenu();
    void connectPages();
    void makeWindowMenu();
    static QString themeKey(); ///< of the settings
    void makeHelpMenu();
    void offerRun(const InterruptedRun& run);
    void openCopy(const Project& project);
    void continueRun(const InterruptedRun& run);
    void connectUnsaved();
    void fillRecentMenu();
    void refreshRecent();
    void offerTrainedBefore();
    void saveUnsaved(const std::string& uuid);
    void forgetRuns(const std::string& uuid);
    void showCommands();
    void addFindable(std::vector<ListedAction>& list, QObject& owner);
    void showShortcuts();
    void explainThis();
    void endTour();
    void connectDevices();
    void showDevices();
    void connectAnswering();
    void showOptimization();
    void showQuantization();
    void showAnswering(const AnsweringFile& file);
    void offerCheck();
    void trainOrPause();
    void goOneStep();
    void showProblems();
    void takeDropped(const QStringList& files);
    void refreshHeader();
    void refreshTitle();

    ThemeManager* themes_;
    ProjectDocument document_;
    TrainingSession session_;
    DataProbe* probe_;
    ComputeProbe* compute_;
    InterruptedTraining* interrupted_;
    RunKeeper* keeper_;
    RecentProjects* recent_;
    ProjectFiles* files_;
    HeaderBar* header_;
    StatusLine* status_;
    NoticeBar* notice_;
    QStackedWidget* stack_;
    std::vector<Page*> pages_;
    // Those that the window gives commands of its own to.
    DesignPage* design_;
    DataPage* data_;
    TrainPage* train_;
    InferencePage* inference_;
    WelcomePage* welcome_;
    QAction* fullScreen_ = nullptr;
    QMenu* recentMenu_ = nullptr;
    std::string askedBefore_;  ///< UUID of the project whose template may have been trained before
    int trainedBefore_ = 0;    ///< the notice that offers it
    int answeringOffer_ = 0;   ///< the notice of a network that only answers
    int interruptedOffer_ = 0; ///< the notice that offers to resume a training
};

} // namespace gradwright
