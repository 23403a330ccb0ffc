// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/project_document.h"

#include "engine/layers/catalog.h"
#include "engine/project/link_fixes.h"
#include "engine/project/project_file.h"
#include "engine/project/remedies.h"
#include "engine/project/runs.h"
#include "engine/project/start_file.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "engine/support/system_memory.h"
#include "engine/training/memory.h"
#include "engine/training/objective.h"
#include "ui/document/setting_words.h"

#include <QUndoCommand>

#include <algorithm>
#include <iterator>

namespace gradwright {

namespace {

using Document = ProjectDocument;

bool changesStructure(const NetworkEdit& edit) {
    if (const auto* const group = std::get_if<NetworkEdit::Group>(&edit.change))
        return std::ranges::any_of(*group, changesStructure);
    const auto* const set = std::get_if<SetParam>(&edit.change);
    // The outputs of some layers are as many as a parameter says.
    return set == nullptr || std::ranges::any_of(layerCatalog(), [set](const LayerDef& layer) {
               return layer.several.count != nullptr && findParam(layer.params, set->param);
           });
}

Document::Changes changesOf(const ProjectEdit& edit) {
    struct Visitor {
        Document::Changes operator()(const NetworkEdit& network) const {
            Document::Changes all = Document::NetworkChange;
            all.setFlag(Document::StructureChange, changesStructure(network));
            return all;
        }
        Document::Changes operator()(const MoveNodes&) const { return Document::CanvasChange; }
        Document::Changes operator()(const SetFrame&) const { return Document::CanvasChange; }
        Document::Changes operator()(const SetNote&) const { return Document::CanvasChange; }
        Document::Changes operator()(const SetExpanded&) const { return Document::CanvasChange; }
        Document::Changes operator()(const SetFlow&) const { return Document::CanvasChange; }
        Document::Changes operator()(const SetData&) const { return Document::DataChange; }
        Document::Changes operator()(const SetTraining&) const { return Document::TrainingChange; }
        Document::Changes operator()(const SetTexts&) const { return Document::TextChange; }
        Document::Changes operator()(const SetStart&) const { return Document::TrainingChange; }
        Document::Changes operator()(const ProjectEdit::Group& group) const {
            Document::Changes all;
            for (const ProjectEdit& each : group)
                all |= changesOf(each);
            return all;
        }
    };
    return std::visit(Visitor{}, edit.change);
}

/// What diagnostics depend on.
constexpr Document::Changes kAnalyzed =
    Document::NetworkChange | Document::DataChange | Document::TrainingChange;

constexpr std::size_t kMostEstimated = 2000; ///< layers; more take longer than an edit may
constexpr int kMergeable = 1;
constexpr int kUndoLimit = 10'000;

} // namespace

/// An edit that has been made already, and the one that undoes it.
class ProjectDocument::Command final : public QUndoCommand {
public:
    Command(ProjectDocument& document, const QString& title, ProjectEdit redo, ProjectEdit undo,
            QString key, bool joins)
        : QUndoCommand(title)
        , document_(&document)
        , redo_(std::move(redo))
        , undo_(std::move(undo))
        , key_(std::move(key))
        , joins_(joins) {}

    void redo() override {
        // Pushing calls this too, when the edit has just been made.
        if (std::exchange(fresh_, false))
            return;
        undo_ = document_->applyEdit(redo_);
        document_->announce(changesOf(redo_));
    }
    void undo() override {
        redo_ = document_->applyEdit(undo_);
        document_->announce(changesOf(undo_));
    }
    [[nodiscard]] int id() const override { return kMergeable; }
    bool mergeWith(const QUndoCommand* other) override {
        const auto& next = static_cast<const Command&>(*other);
        if (next.joins_) {
            redo_ = {ProjectEdit::Group{std::move(redo_), next.redo_}};
            undo_ = {ProjectEdit::Group{next.undo_, std::move(undo_)}};
            key_.clear(); // a merged change would overwrite what was joined
        } else if (!next.key_.isEmpty() && next.key_ == key_) {
            redo_ = next.redo_;
        } else {
            return false;
        }
        setText(next.text());
        return true;
    }

private:
    ProjectDocument* document_;
    ProjectEdit redo_;
    ProjectEdit undo_;
    QString key_;
    bool joins_;
    bool fresh_ = true;
};

/// Files that have been changed already, and an edit that has been made with them.
class ProjectDocument::FilesCommand final : public QUndoCommand {
public:
    FilesCommand(ProjectDocument& document, const QString& title, FileChanges files,
                 std::optional<ProjectEdit> redo, std::optional<ProjectEdit> undo)
        : QUndoCommand(title)
        , document_(&document)
        , files_(std::move(files))
        , redo_(std::move(redo))
        , undo_(std::move(undo)) {}

    void redo() override {
        if (!std::exchange(fresh_, false))
            change(&FileChanges::make, redo_, undo_);
    }
    void undo() override { change(&FileChanges::takeBack, undo_, redo_); }

private:
    void change(void (FileChanges::*files)(), const std::optional<ProjectEdit>& edit,
                std::optional<ProjectEdit>& inverse) {
        try {
            (files_.*files)();
        } catch (const Error& error) {
            Q_EMIT document_->filesFailed(QString::fromUtf8(error.what()));
        }
        if (edit)
            inverse = document_->applyEdit(*edit);
        document_->readDataAnew();
    }

    ProjectDocument* document_;
    FileChanges files_;
    std::optional<ProjectEdit> redo_;
    std::optional<ProjectEdit> undo_;
    bool fresh_ = true;
};

ProjectDocument::ProjectDocument(std::filesystem::path autosaveFolder, QObject* parent)
    : QObject(parent)
    , project_(gradwright::newProject())
    , analysis_(analyze(project_.network))
    , autosave_(std::move(autosaveFolder), [this] { autosaveNow(); }) {
    undo_.setUndoLimit(kUndoLimit);
    connect(&undo_, &QUndoStack::cleanChanged, this, [this](bool clean) {
        if (clean)
            autosave_.discard();
        tellModified();
    });
    connect(&autosave_, &Autosave::failed, this, &ProjectDocument::autosaveFailed);
    autosave_.begin(project_.uuid);
}

ProjectDocument::~ProjectDocument() {
    // An orderly end: what was not saved was not wanted.
    disconnect(&undo_, nullptr, this, nullptr);
    autosave_.discard();
    dropImport();
    dropLoaded();
}

void ProjectDocument::perform(const QString& title, const ProjectEdit& edit) {
    push(title, edit, {}, false);
}

void ProjectDocument::performJoined(const QString& title, const ProjectEdit& edit) {
    push(title, edit, {}, true);
}

void ProjectDocument::performMerged(const QString& title, const ProjectEdit& edit,
                                    const QString& key) {
    push(title, edit, QStringLiteral("%1#%2").arg(key).arg(mergeRound_), false);
}

void ProjectDocument::push(const QString& title, const ProjectEdit& edit, const QString& key,
                           bool joins) {
    ProjectEdit inverse = applyEdit(edit);
    undo_.push(new Command(*this, title, edit, std::move(inverse), key, joins));
    announce(changesOf(edit));
}

void ProjectDocument::performFiles(const QString& title, FileChanges files,
                                   const std::optional<ProjectEdit>& edit) {
    files.make();
    std::optional<ProjectEdit> inverse;
    try {
        if (edit)
            inverse = applyEdit(*edit);
    } catch (...) {
        files.takeBack();
        throw;
    }
    undo_.push(new FilesCommand(*this, title, std::move(files), edit, std::move(inverse)));
    readDataAnew();
}

/// What lies behind the same choice is another thing by now.
void ProjectDocument::readDataAnew() {
    forgetData();
    analyzeAgain();
    announce(DataChange);
}

ProjectEdit ProjectDocument::applyEdit(const ProjectEdit& edit) {
    const DataChoice before = project_.data;
    ProjectEdit inverse = apply(project_, edit);
    if (!opensAlike(before, project_.data))
        forgetData();
    assignData();
    if (changesOf(edit) & kAnalyzed)
        analyzeAgain();
    return inverse;
}

void ProjectDocument::analyzeAgain() {
    analysis_ = analyze(project_.network);
    addLinkFixes(project_, analysis_);
    if (!dataProblem_.empty()) {
        Diagnostic problem;
        problem.message = dataProblem_;
        analysis_.diagnostics.push_back(std::move(problem));
    }
    // An empty canvas is a beginning, not a fault.
    if (dataInfo_ && !project_.network.main.nodes().empty())
        std::ranges::move(
            diagnoseTraining(project_.network, analysis_, *dataInfo_, project_.training),
            std::back_inserter(analysis_.diagnostics));
    if (const auto available = availableMemory();
        available && !analysis_.hasErrors() && analysis_.flat.nodes.size() <= kMostEstimated)
        if (auto problem = memoryProblem(analysis_, project_.training, *available))
            analysis_.diagnostics.push_back(*std::move(problem));
    for (const auto& alarm : alarms_)
        if (auto warning = diagnosticOf(alarm, project_, analysis_))
            analysis_.diagnostics.push_back(*std::move(warning));
}

void ProjectDocument::setAlarms(const std::vector<Alarm>& alarms) {
    if (alarms.empty() && alarms_.empty())
        return;
    alarms_ = alarms;
    analyzeAgain();
    Q_EMIT analysisChanged();
}

void ProjectDocument::forgetData() {
    dataInfo_.reset();
    dataNotes_.clear();
    dataProblem_.clear();
}

/// The project's assignment, which the data set need not be read again for.
void ProjectDocument::assignData() {
    if (dataInfo_)
        dataInfo_->assignment = project_.data.assignment;
}

void ProjectDocument::setDataInfo(const DataChoice& choice, DataInfo info,
                                  std::vector<std::string> notes) {
    if (!opensAlike(choice, project_.data))
        return;
    forgetData();
    dataInfo_ = std::move(info);
    for (const std::string& note : notes)
        dataNotes_.push_back(inFormWords(note, choice.dataset));
    assignData();
    analyzeAgain();
    Q_EMIT analysisChanged();
}

void ProjectDocument::setDataProblem(const DataChoice& choice, const std::string& reason) {
    if (!opensAlike(choice, project_.data))
        return;
    forgetData();
    dataProblem_ = inFormWords(reason, choice.dataset);
    analyzeAgain();
    Q_EMIT analysisChanged();
}

void ProjectDocument::announce(Changes what) {
    autosave_.schedule();
    Q_EMIT changed(what);
    if (what & kAnalyzed)
        Q_EMIT analysisChanged();
    if (what.testFlag(TextChange))
        Q_EMIT fileChanged();
}

void ProjectDocument::replace(Project project, std::optional<std::filesystem::path> file,
                              QString tip) {
    autosave_.discard();
    dropImport();
    dropLoaded();
    const bool sameData = opensAlike(project_.data, project.data);
    alarms_.clear();
    project_ = std::move(project);
    if (!sameData)
        forgetData();
    assignData();
    analyzeAgain();
    file_ = std::move(file);
    tip_ = std::move(tip);
    hasRuns_ = false;
    autosave_.begin(project_.uuid);
    undo_.clear();
    tellModified();
    Q_EMIT changed(NetworkChange | StructureChange | CanvasChange | DataChange | TrainingChange |
                   TextChange | ReplacedChange);
    Q_EMIT analysisChanged();
    Q_EMIT fileChanged();
}

void ProjectDocument::newProject() {
    replace(gradwright::newProject(), {});
}

void ProjectDocument::newFromTemplate(const std::string& key) {
    Project project = openTemplate(key);
    const auto info = std::ranges::find(templates(), key, &TemplateInfo::key);
    replace(std::move(project), {}, QString::fromStdString(info->tryThis));
}

void ProjectDocument::openNew(Project project) {
    replace(std::move(project), {});
}

void ProjectDocument::open(const std::filesystem::path& file) {
    open(loadProject(file), file);
}

void ProjectDocument::open(Project project, const std::filesystem::path& file) {
    replace(std::move(project), file);
}

void ProjectDocument::openUnsaved(Project project) {
    replace(std::move(project), {});
    undo_.resetClean();
    autosave_.schedule();
}

void ProjectDocument::openImported(Project project) {
    openUnsaved(std::move(project));
    ownsStartWeights_ = true;
}

/// Weights of an import that has been saved, or is left, which nothing can start with any more.
/// Runs that have begun keep them, since they name them, and so do steps of undo.
void ProjectDocument::dropImport() {
    if (std::exchange(ownsStartWeights_, false) && !file_ && !hasRuns_ && !hasLoadedWeights_)
        dropStartWeights(project_);
}

/// The same for loaded weights, once no step of undo names them any more.
void ProjectDocument::dropLoaded() {
    const bool isTrained = file_ ? std::filesystem::exists(runsFolder()) : hasRuns_;
    if (std::exchange(hasLoadedWeights_, false) && !isTrained)
        dropStartWeights(project_);
}

void ProjectDocument::performLoad(const QString& title, const ProjectEdit& edit) {
    perform(title, edit);
    hasLoadedWeights_ = true;
}

void ProjectDocument::openTrained(Project project, std::vector<std::filesystem::path> earlierRuns) {
    for (auto& folder : earlierRuns)
        if (!std::ranges::count(project.earlierRuns, folder))
            project.earlierRuns.push_back(std::move(folder));
    replace(std::move(project), {});
    setHasRuns(true);
}

void ProjectDocument::setHasRuns(bool has) {
    hasRuns_ = has;
    tellModified();
}

void ProjectDocument::tellModified() {
    const bool modified = isModified();
    if (modified != std::exchange(toldModified_, modified))
        Q_EMIT modifiedChanged(modified);
}

void ProjectDocument::recover(const RecoverableProject& found) {
    Recovered recovered = readAutosave(found.autosave);
    replace(std::move(recovered.project), std::move(recovered.file));
    undo_.resetClean();
    autosaveNow();
    if (found.autosave != autosave_.path())
        std::filesystem::remove(found.autosave);
}

void ProjectDocument::save() {
    if (!file_)
        throw Error("The project has no file yet; choose one with Save as");
    copyStartWeights(project_, *file_);
    saveProject(*file_, project_);
    undo_.setClean();
    autosave_.discard();
}

void ProjectDocument::saveAs(const std::filesystem::path& file) {
    Project saved = project_;
    // The runs of the file that it was stay there: that file may continue them. This one lists
    // them as well.
    const auto add = [&](const std::filesystem::path& folder) {
        if (!std::ranges::count(saved.earlierRuns, folder) && std::filesystem::exists(folder))
            saved.earlierRuns.push_back(folder);
    };
    if (file_)
        add(std::filesystem::absolute(runsFolderOf(*file_)));
    std::erase(saved.earlierRuns, std::filesystem::absolute(runsFolderOf(file)));
    if (saved.name == Project().name) // so that its runs are called as the window calls it
        saved.name = file.stem().string();
    copyStartWeights(saved, file);
    saveProject(file, saved);
    dropImport();
    project_.startWeights = std::move(saved.startWeights);
    project_.name = saved.name;
    project_.earlierRuns = std::move(saved.earlierRuns);
    file_ = file;
    undo_.setClean();
    autosave_.discard();
    tellModified();
    Q_EMIT fileChanged();
}

QString ProjectDocument::displayName() const {
    return QString::fromStdString(file_ ? file_->stem().string() : project_.name);
}

std::filesystem::path ProjectDocument::runsFolder() const {
    return gradwright::runsFolder(project_, file_);
}

std::vector<std::filesystem::path> ProjectDocument::runsFolders() const {
    std::vector<std::filesystem::path> folders{runsFolder(), gradwright::runsFolder(project_, {})};
    std::ranges::copy(unsavedRunsFolders(project_.uuid), std::back_inserter(folders));
    std::ranges::copy(project_.earlierRuns, std::back_inserter(folders));
    std::vector<std::filesystem::path> once;
    for (auto& folder : folders)
        if (!std::ranges::count(once, folder))
            once.push_back(std::move(folder));
    return once;
}

void ProjectDocument::addEarlierRuns(const std::filesystem::path& folder) {
    if (std::ranges::count(project_.earlierRuns, folder))
        return;
    project_.earlierRuns.push_back(folder);
    Q_EMIT runsChanged();
}

void ProjectDocument::autosaveNow() {
    if (hasUnsavedEdits())
        autosave_.write(project_, file_);
}

} // namespace gradwright

#include "moc_project_document.cpp"
