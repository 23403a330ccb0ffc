// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/project_files.h"

#include "engine/data/images/image_folder.h"
#include "engine/exchange/onnx_export.h"
#include "engine/exchange/prepared_program.h"
#include "engine/io/atomic_file.h"
#include "engine/io/code_formats.h"
#include "engine/project/own_project.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/project/unsaved_networks.h"
#include "engine/support/error.h"
#include "ui/document/setting_words.h"
#include "ui/forms/file_dialogs.h"
#include "ui/forms/save_dialog.h"
#include "ui/shell/recent_projects.h"
#include "ui/shell/recovery_dialog.h"
#include "ui/shell/remove_runs.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QMessageBox>
#include <QPushButton>

#include <exception>
#include <optional>

namespace gradwright {

namespace {

QString fileFilter() {
    return ProjectFiles::tr("Gradwright projects (*.gradwright)");
}

QString toQString(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

} // namespace

ProjectFiles::ProjectFiles(ProjectDocument& document, TrainingSession& session, RunKeeper& keeper,
                           QWidget& window)
    : QObject(&window)
    , document_(&document)
    , session_(&session)
    , keeper_(&keeper)
    , window_(&window) {}

bool ProjectFiles::attempt(const std::function<void()>& action) {
    try {
        action();
        return true;
    } catch (const std::exception& error) {
        QMessageBox::warning(window_, tr("Gradwright"), QString::fromUtf8(error.what()));
        return false;
    }
}

bool ProjectFiles::attemptAside(const std::function<void()>& action) {
    return attempt([&] {
        std::exception_ptr problem;
        waitFor([&] {
            try {
                action();
            } catch (...) {
                problem = std::current_exception();
            }
        });
        if (problem)
            std::rethrow_exception(problem);
    });
}

void ProjectFiles::newBlank() {
    if (!mayReplace())
        return;
    document_->newProject();
    Q_EMIT opened();
}

void ProjectFiles::newFromTemplate(const std::string& key) {
    if (!mayReplace() || !attempt([&] { document_->newFromTemplate(key); }))
        return;
    Q_EMIT opened();
    Q_EMIT templateOpened(key);
}

QString ProjectFiles::ask(QWidget& window) {
    const QString data = QStringLiteral("*.csv *.tsv *.tab *.txt *.csv.gz *.tsv.gz *.txt.gz "
                                        "*-ubyte *-ubyte.gz");
    return askOpenFile(
        &window, tr("Open a project or data"),
        QStringList{tr("Projects, networks and data (*.gradwright *.gwmodel %1)").arg(data),
                    fileFilter(), tr("Optimized networks (*.gwmodel)"),
                    tr("Tables, texts and IDX files (%1)").arg(data), tr("All files (*)")}
            .join(QStringLiteral(";;")));
}

QString ProjectFiles::askData(QWidget& window, bool folder) {
    if (folder)
        return askFolder(&window, tr("Open a folder that holds one folder of images per class"));
    return askOpenFile(&window, tr("Open a table, a text or IDX files"));
}

bool ProjectFiles::isProject(const QString& file) {
    return file.endsWith(QStringLiteral(".gradwright"), Qt::CaseInsensitive);
}

/// Lists the images and asks whether to go on without them.
bool ProjectFiles::mayLeaveOut(const UnreadableImages& unreadable) {
    const QString text = qstr(inFormWords(unreadable.what(), "images"));
    QMessageBox box(QMessageBox::Warning, tr("Unreadable images"), text.section(u'\n', 0, 0),
                    QMessageBox::Cancel, window_);
    box.setObjectName(QStringLiteral("unreadableImages"));
    QStringList files = text.split(u'\n').mid(1);
    const auto all = files.join(u'\n');
    if (constexpr qsizetype kMostShown = 10; files.size() > kMostShown) {
        files = files.mid(0, kMostShown);
        files.append(QStringLiteral("  …"));
        box.setDetailedText(all);
    }
    box.setInformativeText(files.join(u'\n'));
    auto* const leaveOut = box.addButton(countedText(static_cast<std::int64_t>(unreadable.count()),
                                                     tr("Leave out 1 unreadable image"),
                                                     tr("Leave out %1 unreadable images")),
                                         QMessageBox::AcceptRole);
    leaveOut->setObjectName(QStringLiteral("leaveOutUnreadable"));
    box.setDefaultButton(leaveOut);
    box.exec();
    return box.clickedButton() == leaveOut;
}

/// The data are read before anything is asked: what cannot be read changes nothing.
void ProjectFiles::openData(const QStringList& paths) {
    std::vector<std::filesystem::path> files;
    for (const QString& path : paths)
        files.emplace_back(path.toStdString());
    std::optional<Project> project;
    std::optional<UnreadableImages> unreadable;
    const auto read = [&](const std::function<void(DataChoice&)>& adjust) {
        return attemptAside([&] {
            try {
                project = projectForData(files, adjust);
            } catch (const UnreadableImages& error) {
                unreadable = error;
            }
        });
    };
    if (!read({}))
        return;
    const auto leaveOut = [](DataChoice& choice) {
        choice.params.insert_or_assign("unreadable", std::string("leave_out"));
    };
    if (unreadable && (!mayLeaveOut(*unreadable) || !read(leaveOut)))
        return;
    if (!project || !mayReplace())
        return;
    document_->openNew(*std::move(project));
    rememberFolder(paths.front()); // however it came: what is made of it is saved beside it
    Q_EMIT opened();
    Q_EMIT dataOpened();
    Q_EMIT hint(tr("%1 Press Start (F5) to train.").arg(qstr(document_->project().description)));
}

void ProjectFiles::openFile(const QString& file) {
    const auto name = file.toStdString();
    if (const auto key = templateKeyOf(name)) {
        newFromTemplate(std::string(*key));
        return;
    }
    if (isModel(file)) {
        openModel(file);
        return;
    }
    if (onlyAnswers(file)) {
        openAnswering(file);
        return;
    }
    if (areWeights(file)) {
        loadWeights(file);
        return;
    }
    if (!isProject(file)) {
        openData({file});
        return;
    }
    if (!mayReplace() || !attempt([&] { document_->open(file.toStdString()); }))
        return;
    remember(file);
    Q_EMIT opened();
}

bool ProjectFiles::save() {
    if (!document_->file())
        return saveAs();
    return attempt([this] { document_->save(); });
}

bool ProjectFiles::saveAs() {
    const QString proposal = document_->file()
                                 ? toQString(*document_->file())
                                 : document_->displayName() + QStringLiteral(".gradwright");
    const QString file = askSaveFile(window_, tr("Save project"), proposal, {fileFilter()},
                                     {QStringLiteral(".gradwright")});
    if (file.isEmpty())
        return false;
    if (!attempt([&] { document_->saveAs(file.toStdString()); }))
        return false;
    remember(file);
    return true;
}

void ProjectFiles::exportCode(const std::string& key) {
    const CodeFormat& format = codeFormat(key);
    PreparedProgram made;
    const auto write = [&] {
        made = preparedProgram(format, document_->project(), document_->file());
    };
    if (!attempt(write))
        return;
    const QString ending = QString::fromStdString(format.ending);
    const QString title = QString::fromStdString(format.title);
    const QString file = askSaveFile(
        window_, tr("Export as %1").arg(title),
        QString::fromStdString(slugOf(document_->project().name)).replace(u'-', u'_') + ending,
        {tr("Python files (*%1)").arg(ending)}, {ending});
    if (file.isEmpty())
        return;
    if (!attempt([&] { writeFileAtomically(file.toStdString(), std::string_view(made.text)); }))
        return;
    const QString done = tr("The network was exported as %1 to %2").arg(title, file);
    Q_EMIT hint(made.note.empty() ? done : done + tr("; %1.").arg(qstr(made.note)));
}

void ProjectFiles::offerRecovery(const ThemeManager& themes) {
    for (;;) {
        std::vector<RecoverableProject> all = recoverableProjects(defaultAutosaveFolder());
        if (all.empty())
            return;
        RecoveryDialog dialog(std::move(all), themes, window_);
        dialog.exec();
        const RecoverableProject& found = dialog.chosen();
        switch (dialog.answer()) {
        case RecoveryDialog::Answer::Later:
            return;
        case RecoveryDialog::Answer::DiscardUnsaved:
            if (!attempt([&] { std::filesystem::remove(found.autosave); }))
                return;
            continue; // there may be more
        case RecoveryDialog::Answer::OpenSaved:
            openFile(toQString(*found.file));
            return;
        case RecoveryDialog::Answer::OpenUnsaved:
            if (attempt([&] { document_->recover(found); }))
                Q_EMIT opened();
            return;
        }
    }
}

bool ProjectFiles::openForRun(const std::filesystem::path& run,
                              const std::optional<std::filesystem::path>& file) {
    std::optional<Project> kept;
    if (!attempt([&] { kept = projectToGoOnWith(RunDirectory::open(run)); }))
        return false;
    if (kept->uuid == document_->project().uuid)
        return true; // it is open already
    if (!mayReplace())
        return false;
    // Edits that were kept beside the runs come with it.
    std::optional<UnsavedNetwork> network;
    waitFor([&] { network = readNetwork(unsavedRunsFolders(kept->uuid)); });
    if (network && network->problem.empty() && network->project.uuid == kept->uuid)
        kept = std::move(network->project);
    // The file may hold another project by now.
    bool fileIsThere = false;
    const bool done = attempt([&] {
        std::optional<Project> saved;
        if (file && std::filesystem::exists(*file))
            saved = loadProject(*file);
        fileIsThere = saved && saved->uuid == kept->uuid;
        if (fileIsThere)
            document_->open(std::move(*saved), *file);
        else
            document_->openTrained(std::move(*kept));
    });
    if (done) {
        if (fileIsThere)
            remember(toQString(*file));
        Q_EMIT opened();
    }
    return done;
}

void ProjectFiles::remember(const QString& file) {
    RecentProjects::remember(file);
    Q_EMIT recentChanged();
}

} // namespace gradwright

#include "moc_project_files.cpp"
