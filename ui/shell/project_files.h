// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QObject>
#include <QStringList>

#include <filesystem>
#include <functional>
#include <optional>

class QWidget;

namespace gradwright {

class KeepDialog;
class RunKeeper;
class TrainingSession;
struct AnsweringFile;
class UnreadableImages;
struct UnsavedNetwork;

/// Opening and saving as the menus do it: dialogs, and the questions about what is not saved.
/// Failures are shown.
class ProjectFiles final : public QObject {
    Q_OBJECT
public:
    /// What happens to the open project.
    enum class Leaving { Replace, Close };

    ProjectFiles(ProjectDocument& document, TrainingSession& session, RunKeeper& keeper,
                 QWidget& window);

    /// Asked before anything else when the project is to leave its window: false keeps it.
    void setGuard(std::function<bool()> mayLeave) { guard_ = std::move(mayLeave); }

    void newBlank();
    void newFromTemplate(const std::string& key);
    /// The dialog for a project or a file of data to open; empty when it was cancelled.
    [[nodiscard]] static QString ask(QWidget& window);
    /// The dialogs for data alone: a file, or a folder.
    [[nodiscard]] static QString askData(QWidget& window, bool folder);
    /// Whether the name is that of a project; all else is data.
    [[nodiscard]] static bool isProject(const QString& file);
    /// The dialog for a model of another program to open.
    [[nodiscard]] static QString askModel(QWidget& window);
    /// Whether the name is that of a model of another program.
    [[nodiscard]] static bool isModel(const QString& file);
    /// Whether the file holds a network that only answers: an optimized one, or one in integers.
    [[nodiscard]] static bool onlyAnswers(const QString& file);
    /// The dialog for a file of weights to load.
    [[nodiscard]] static QString askWeights(QWidget& window);
    /// Whether the name is that of a file with weights alone.
    [[nodiscard]] static bool areWeights(const QString& file);
    /// Shows which weights of the open network a file has, and lets trainings start with them.
    void loadWeights(const QString& file);
    /// Opens a project with the layers and weights of a run, or of the open project, for other
    /// data, once a dialog has asked for these and for what of it is frozen.
    void useAsStart(const std::optional<std::filesystem::path>& run = {});
    /// Trainings begin with the best weights of the run, and round as `integers` says (a choice of
    /// the setting "integers"): one step of undo. False, with the reason told, where the network is
    /// no longer that of the run.
    bool trainOnForIntegers(const std::filesystem::path& run, const std::string& integers);
    /// Opens a project or the layers of a foreign model, or begins one for data: a table, a folder
    /// of images, IDX files or a text. A network that only answers is read, and the project stays.
    void openFile(const QString& file);
    /// Begins a project for files of data that belong together.
    void openData(const QStringList& files);
    /// True when the project is on disk now.
    bool save();
    bool saveAs();
    /// Writes the network as a program; `format` is a key of codeFormats().
    void exportCode(const std::string& format);
    /// Writes the network with the weights of its latest run as a C++ program of one file.
    void exportCpp();
    /// Writes the network with the weights of its latest run as an ONNX model, which is read back
    /// before; before any training, with those that it would start with.
    void exportModel();
    /// Asks about unsaved changes and about a trained network that is not saved; true when the
    /// project may go.
    bool mayReplace(Leaving leaving = Leaving::Replace);
    /// Offers what a crash left behind, beside what had been saved.
    void offerRecovery(const ThemeManager& themes);
    /// Opens the project of a run that was cut off: its file, or without one as the run kept it.
    /// False when that failed or was not wanted.
    bool openForRun(const std::filesystem::path& run,
                    const std::optional<std::filesystem::path>& file);

    /// Opens a network that was trained and not saved, with its runs.
    void openNetwork(const UnsavedNetwork& network);
    /// Saves one that is not open as a project; its runs are moved beside the file.
    void saveNetwork(const UnsavedNetwork& network);

Q_SIGNALS:
    /// A project has been opened or begun.
    void opened();
    /// A project has been begun for data of the user's; opened() came before.
    void dataOpened();
    /// A project has been begun from this template.
    void templateOpened(const std::string& key);
    /// A network that only answers has been read; the project is as it was.
    void answeringOpened(const gradwright::AnsweringFile& file);
    /// The recent projects, or the networks that are not saved, are others now.
    void recentChanged();
    /// For the status bar.
    void hint(const QString& text);

private:
    bool attempt(const std::function<void()>& action);
    /// The same on a thread of its own, while the window is drawn but takes no input.
    bool attemptAside(const std::function<void()>& action);
    [[nodiscard]] bool mayLeaveOut(const UnreadableImages& unreadable);
    void openModel(const QString& file);
    void openAnswering(const QString& file);
    void remember(const QString& file);
    bool mayLoseEdits();
    bool mayLeaveTrained(Leaving leaving);
    bool removeTrained(const UnsavedNetwork& network);
    void stopTraining();
    [[nodiscard]] QString trainingNote(Leaving leaving) const;

    std::function<bool()> guard_;
    ProjectDocument* document_;
    TrainingSession* session_;
    RunKeeper* keeper_;
    QWidget* window_;
};

} // namespace gradwright
