// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/graph/analysis.h"
#include "engine/project/project.h"
#include "engine/training/alarm.h"
#include "ui/document/autosave.h"
#include "ui/document/file_change.h"

#include <QFlags>
#include <QObject>
#include <QString>
#include <QUndoStack>

#include <filesystem>
#include <optional>
#include <vector>

namespace gradwright {

/// The open project: the only place that changes it. Every change is an edit that can be undone.
class ProjectDocument : public QObject {
    Q_OBJECT
public:
    enum Change {
        NetworkChange = 1, ///< nodes, links, parameters, blocks
        CanvasChange = 2,  ///< positions, frames, notes
        DataChange = 4,
        TrainingChange = 8,
        TextChange = 16,
        StructureChange = 32, ///< more of it than parameters; comes with NetworkChange
        ReplacedChange = 64   ///< another project is open; comes with all others
    };
    Q_DECLARE_FLAGS(Changes, Change)

    /// Unsaved work is kept in `autosaveFolder`.
    explicit ProjectDocument(std::filesystem::path autosaveFolder = defaultAutosaveFolder(),
                             QObject* parent = nullptr);
    ~ProjectDocument() override;

    [[nodiscard]] const Project& project() const { return project_; }
    /// The analysis of the network as it is now. Once the data set is known, its diagnostics
    /// include what keeps the network from being trained on it.
    [[nodiscard]] const Analysis& analysis() const { return analysis_; }
    /// What the chosen data set holds; nothing until it has been read.
    [[nodiscard]] const std::optional<DataInfo>& dataInfo() const { return dataInfo_; }
    /// Why the chosen data set cannot be read; empty when it can, or is not known yet.
    [[nodiscard]] const std::string& dataProblem() const { return dataProblem_; }
    /// Dataset::notes of what dataInfo() describes.
    [[nodiscard]] const std::vector<std::string>& dataNotes() const { return dataNotes_; }
    /// Tells what data set `choice` holds; ignored when another has been chosen meanwhile.
    void setDataInfo(const DataChoice& choice, DataInfo info, std::vector<std::string> notes = {});
    /// Tells why it cannot be read: an error among the diagnostics.
    void setDataProblem(const DataChoice& choice, const std::string& reason);
    /// What has gone wrong with the training that is shown: warnings among the diagnostics, with
    /// remedies as fixes, for as long as the project lacks these.
    void setAlarms(const std::vector<Alarm>& alarms);
    [[nodiscard]] QUndoStack& undoStack() { return undo_; }

    /// Makes the change; `title` is what Undo says. Throws Error with the reason when it does not
    /// fit; nothing has then changed.
    void perform(const QString& title, const ProjectEdit& edit);
    /// The same, joined with the change before where that has the same key, as in a drag or while
    /// typing a number. Each of them has to overwrite all that the one before changed.
    void performMerged(const QString& title, const ProjectEdit& edit, const QString& key);
    /// Makes the change as a part of the one before, so that both are undone at once: what a drag
    /// does when it ends, say.
    void performJoined(const QString& title, const ProjectEdit& edit);
    /// Changes files that the project's data are read from, together with an edit, in one step of
    /// undo; the data are then read anew. Throws Error; nothing has then changed.
    void performFiles(const QString& title, FileChanges files,
                      const std::optional<ProjectEdit>& edit = {});
    /// Lets trainings start with weights that were written where those of projects without a file
    /// lie. Can be undone; they are removed when the document closes without having saved them.
    void performLoad(const QString& title, const ProjectEdit& edit);
    /// The next merged change begins a step of its own.
    void endMerge() { ++mergeRound_; }

    // Replacing the project forgets the undo history; ask about unsaved changes first.
    void newProject();
    /// Throws Error.
    void newFromTemplate(const std::string& key);
    /// A project that has just been made, of a user's data, say: like one from a template it has
    /// nothing to lose yet.
    void openNew(Project project);
    /// Throws Error; the project is then as before.
    void open(const std::filesystem::path& file);
    /// The same where it has been read already.
    void open(Project project, const std::filesystem::path& file);
    /// Opens a project that has no file, as unsaved changes.
    void openUnsaved(Project project);
    /// The same for an imported model, whose weights the document removes with it.
    void openImported(Project project);
    /// Opens a project that was trained and has no file: not saved, but nothing of it is lost,
    /// since its runs keep it. They lie where its UUID tells, or in one of `earlierRuns`.
    void openTrained(Project project, std::vector<std::filesystem::path> earlierRuns = {});
    /// Opens work that a crash left behind, as unsaved changes of its file. Throws Error.
    void recover(const RecoverableProject& found);

    /// To file(), which must be there. Throws Error; the file is then as before.
    void save();
    void saveAs(const std::filesystem::path& file);

    [[nodiscard]] const std::optional<std::filesystem::path>& file() const { return file_; }
    /// Edits that are not in a file, or a trained network that has none.
    [[nodiscard]] bool isModified() const { return hasUnsavedEdits() || isTrainedUnsaved(); }
    [[nodiscard]] bool hasUnsavedEdits() const { return !undo_.isClean(); }
    /// The project has runs and no file.
    [[nodiscard]] bool isTrainedUnsaved() const { return hasRuns_ && !file_; }
    /// Tells whether the project has runs of its own; asked while it has no file.
    void setHasRuns(bool has);
    /// What is worth trying with the template that the project was made from; empty for others.
    [[nodiscard]] const QString& tip() const { return tip_; }
    /// The file's name without its ending, else the project's.
    [[nodiscard]] QString displayName() const;
    /// Where this project's new runs are kept.
    [[nodiscard]] std::filesystem::path runsFolder() const;
    /// Where it has runs: there, where it kept them before it had a file, and those of its earlier
    /// files.
    [[nodiscard]] std::vector<std::filesystem::path> runsFolders() const;
    /// Runs of this project lie in that folder, too.
    void addEarlierRuns(const std::filesystem::path& folder);
    /// Its runs were moved, or some were deleted.
    void announceRuns() { Q_EMIT runsChanged(); }

    /// Keeps unsaved work now, as is done 30 s after a change. Throws Error.
    void autosaveNow();

Q_SIGNALS:
    void changed(gradwright::ProjectDocument::Changes what);
    void analysisChanged();
    void modifiedChanged(bool modified);
    /// Another file or another name.
    void fileChanged();
    /// There are other runs than before, or they lie elsewhere.
    void runsChanged();
    /// Undo or Redo could not change a file back; the reason.
    void filesFailed(const QString& reason);
    /// Unsaved work could not be kept; the reason.
    void autosaveFailed(const QString& reason);

private:
    class Command;
    class FilesCommand;

    void push(const QString& title, const ProjectEdit& edit, const QString& key, bool joins);
    ProjectEdit applyEdit(const ProjectEdit& edit);
    void analyzeAgain();
    void forgetData();
    void readDataAnew();
    void assignData();
    void replace(Project project, std::optional<std::filesystem::path> file, QString tip = {});
    void announce(Changes what);
    void tellModified();
    void dropImport();
    void dropLoaded();

    Project project_;
    Analysis analysis_;
    std::optional<DataInfo> dataInfo_;
    std::vector<std::string> dataNotes_;
    std::string dataProblem_; ///< why the data set cannot be read; empty when it can
    std::vector<Alarm> alarms_;
    std::optional<std::filesystem::path> file_;
    QString tip_;
    QUndoStack undo_;
    bool ownsStartWeights_ = false; ///< of an import that has no file
    bool hasLoadedWeights_ = false; ///< that steps of undo name
    bool hasRuns_ = false;
    bool toldModified_ = false;
    Autosave autosave_;
    int mergeRound_ = 0;
};

Q_DECLARE_OPERATORS_FOR_FLAGS(ProjectDocument::Changes)

} // namespace gradwright
