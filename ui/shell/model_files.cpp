// SPDX-License-Identifier: GPL-3.0-or-later
//
// Models of other programs in and out and weights of other programs, as the menus do it.
#include "engine/exchange/cpp_writer.h"
#include "engine/exchange/project_import.h"
#include "engine/exchange/transfer.h"
#include "engine/exchange/weights/input_conventions.h"
#include "engine/exchange/weights/weight_archive.h"
#include "engine/exchange/weights/weight_plan.h"
#include "engine/graph/lower.h"
#include "engine/io/atomic_file.h"
#include "engine/io/run_directory.h"
#include "engine/project/runs.h"
#include "engine/project/start_file.h"
#include "engine/support/error.h"
#include "engine/support/stopped.h"
#include "ui/forms/file_dialogs.h"
#include "ui/forms/long_work.h"
#include "ui/forms/save_dialog.h"
#include "ui/session/given_model.h"
#include "ui/shell/export_model.h"
#include "ui/shell/project_files.h"
#include "ui/shell/refused_nodes.h"
#include "ui/shell/remove_runs.h"
#include "ui/shell/transfer_dialog.h"
#include "ui/shell/weights_dialog.h"
#include "ui/theme/text.h"

#include <QFileInfo>
#include <QInputDialog>
#include <QMessageBox>

#include <exception>
#include <filesystem>
#include <optional>

namespace gradwright {
namespace {

/// The model as a project, with lengths asked for where it has none. Nothing when that failed,
/// which is shown, or was not wanted.
std::optional<ImportedProject> importedModel(QWidget& window, const QString& file) {
    constexpr int kMostLength = 1 << 24;
    constexpr int kProposed = 224;
    OnnxImportOptions options;
    for (;;) {
        try {
            std::optional<ImportedProject> made;
            workWithProgress(window, ProjectFiles::tr("Opening the model…"),
                             [&](const std::stop_token& stop, const std::function<void(double)>&) {
                                 options.look = [stop] { throwIfStopped(stop); };
                                 made = projectFromModel(file.toStdString(), options);
                             });
            return made;
        } catch (const WorkStopped&) {
            return {};
        } catch (const OnnxLengthMissing& missing) {
            bool isGiven = false;
            const int length = QInputDialog::getInt(
                &window, ProjectFiles::tr("Import model"),
                (missing.isValue()
                     ? ProjectFiles::tr("What the model computes depends on its input \"%1\", "
                                        "which becomes a constant. Its value:")
                     : ProjectFiles::tr("The model leaves the length of the axis \"%1\" open. "
                                        "Layers need one:"))
                    .arg(qstr(missing.axis())),
                kProposed, 1, kMostLength, 1, &isGiven);
            if (!isGiven)
                return {};
            options.lengths[missing.axis()] = length;
        } catch (const OnnxNodesRefused& refused) {
            RefusedNodesDialog(file, refused.problems(), &window).exec();
            return {};
        } catch (const std::exception& error) {
            QMessageBox::warning(&window, ProjectFiles::tr("Import model"),
                                 QString::fromUtf8(error.what()));
            return {};
        }
    }
}

} // namespace

bool ProjectFiles::isModel(const QString& file) {
    return isForeignModel(file.toStdString());
}

QString ProjectFiles::askModel(QWidget& window) {
    return askOpenFile(&window, tr("Import model"),
                       tr("Models (*.onnx *.keras *.gwmodel);;ONNX models (*.onnx);;Keras models "
                          "(*.keras);;Optimized networks (*.gwmodel);;All files (*)"));
}

/// The model is read before anything is asked: what cannot be opened changes nothing.
void ProjectFiles::openModel(const QString& file) {
    auto made = importedModel(*window_, file);
    if (!made || !mayReplace())
        return;
    if (!attemptAside([&] {
            keepStartWeights(made->project, made->weights, unsavedStartWeights(made->project));
        }))
        return;
    document_->openImported(std::move(made->project));
    rememberFolder(file);
    Q_EMIT opened();
    QString text = tr("%1 was opened as layers; trainings start with its weights.")
                       .arg(qstr(document_->project().name));
    for (const auto& note : made->notes)
        text += u' ' + qstr(note);
    Q_EMIT hint(text);
}

bool ProjectFiles::onlyAnswers(const QString& file) {
    return isAnsweringFile(file.toStdString());
}

void ProjectFiles::openAnswering(const QString& file) {
    std::optional<AnsweringFile> opened;
    if (!attemptAside([&] { opened = openAnsweringFile(file.toStdString()); }))
        return;
    rememberFolder(file);
    remember(file);
    Q_EMIT answeringOpened(*opened);
    Q_EMIT hint(
        tr("%1 was opened: %2").arg(qstr(opened->model.name), qstr(opened->model.weightsTitle)));
}

QString ProjectFiles::askWeights(QWidget& window) {
    return askOpenFile(&window, tr("Load weights"),
                       tr("Weights (*.safetensors *.pt2 *.pt *.pth);;All files (*)"));
}

bool ProjectFiles::areWeights(const QString& file) {
    return isWeightFile(file.toStdString());
}

/// The change is one step of undo: what the project started with before stays in its file.
void ProjectFiles::loadWeights(const QString& file) {
    std::optional<WeightArchive> archive;
    std::optional<WeightPlan> plan;
    InputHint beside;
    const Project project = document_->project();
    if (!attemptAside([&] {
            archive = openWeightArchive(file.toStdString());
            plan = planWeights(lower(project.network), archive->tensors);
            beside = inputHintBeside(file.toStdString());
        }))
        return;
    WeightsDialog dialog(file, *std::move(plan), beside, window_);
    if (dialog.exec() != QDialog::Accepted)
        return;
    std::optional<Weights> weights;
    std::filesystem::path kept;
    Project changed = project;
    std::string note;
    if (!attempt([&] {
            note = prepareInputs(changed, dialog.scaling());
            workWithProgress(
                *window_, tr("Reading the weights…"),
                [&](const std::stop_token& stop, const std::function<void(double)>& progress) {
                    weights =
                        readPlanned(*archive, dialog.plan(), dialog.colours(), stop, progress);
                    kept = furtherStartWeights(project);
                    if (weights)
                        writeStartWeights(*weights, kept);
                });
        }) ||
        !weights)
        return;
    ProjectEdit::Group edits{{SetStart{kept, changed.startScaling}}};
    if (!(changed.data == project.data))
        edits.push_back({SetData{changed.data}});
    if (!attempt([&] { document_->performLoad(tr("Load weights"), {std::move(edits)}); }))
        return;
    rememberFolder(file);
    Q_EMIT hint(tr("Trainings start with %1 of %2 weights from %3. %4")
                    .arg(dialog.plan().matched())
                    .arg(dialog.plan().rows.size())
                    .arg(QFileInfo(file).fileName(), qstr(note)));
}

void ProjectFiles::useAsStart(const std::optional<std::filesystem::path>& run) {
    std::optional<TransferSource> source;
    const Project project = document_->project();
    if (!attemptAside([&] {
            source = run ? transferSource(*run) : transferSource(project, document_->file());
        }))
        return;
    TransferOptions options;
    std::optional<Transferred> made;
    const auto ask = [&] {
        TransferDialog dialog(*source, window_);
        if (dialog.exec() != QDialog::Accepted)
            return false;
        options = dialog.options();
        return true;
    };
    bool isWanted = false;
    if (!attempt([&] { isWanted = ask(); }) || !isWanted ||
        !attemptAside([&] { made = startFrom(*source, options); }) || !mayReplace() ||
        !attemptAside([&] {
            keepStartWeights(made->project, made->weights, unsavedStartWeights(made->project));
        }))
        return;
    document_->openImported(std::move(made->project));
    Q_EMIT opened();
    QString text;
    for (const auto& note : made->notes)
        text += (text.isEmpty() ? QString() : QStringLiteral(" ")) + qstr(note);
    Q_EMIT hint(text);
}

bool ProjectFiles::trainOnForIntegers(const std::filesystem::path& run,
                                      const std::string& integers) {
    const Project project = document_->project();
    std::filesystem::path kept;
    if (!attemptAside([&] {
            const auto from = RunDirectory::open(run);
            if (!(projectOfRun(from).network == project.network))
                throw Error("the network has been changed since that run, whose weights fit it no "
                            "more; open the project as it was (Train › the run's menu)");
            kept = furtherStartWeights(project);
            std::filesystem::create_directories(kept.parent_path());
            copyFileAtomically(weightsOfRun(from), kept);
        }))
        return false;
    auto training = project.training;
    training.params.insert_or_assign("integers", integers);
    if (!attempt([&] {
            document_->performLoad(tr("Train for integers"),
                                   {ProjectEdit::Group{{SetStart{kept, project.startScaling}},
                                                       {SetTraining{std::move(training)}}}});
        }))
        return false;
    Q_EMIT hint(
        tr("Trainings begin with the weights of %1 and round as integers are; undo (Ctrl+Z) "
           "takes both back.")
            .arg(qstr(run.filename().string())));
    return true;
}

void ProjectFiles::exportCpp() {
    const Project project = document_->project();
    const std::optional<std::filesystem::path> projectFile = document_->file();
    std::optional<AnsweringNetwork> answering;
    if (!attemptAside(
            [&] { answering = answeringNetwork(project, latestTrainedRun(project, projectFile)); }))
        return;
    const QString ending = QStringLiteral(".cpp");
    const QString file =
        askSaveFile(window_, tr("Export as C++"), qstr(slugOf(project.name)) + ending,
                    {tr("C++ files (*%1)").arg(ending)}, {ending});
    if (file.isEmpty())
        return;
    const auto weightsFile =
        std::filesystem::path(file.toStdString()).replace_extension(".weights");
    bool isBeside = false;
    if (!attemptAside([&] {
            const auto program =
                cppProgram(answering->graph, answering->weights,
                           {project.name, weightsFile.filename().string(), answering->data});
            isBeside = !program.weights.empty();
            if (isBeside)
                writeFileAtomically(weightsFile, std::string_view(program.weights));
            writeFileAtomically(file.toStdString(), std::string_view(program.source));
        }))
        return;
    const QString whose =
        answering->run ? tr("with the weights of %1").arg(qstr(*answering->run)) : tr("untrained");
    Q_EMIT hint(isBeside
                    ? tr("The network was exported as C++ to %1, %2, which lie beside it in %3")
                          .arg(file, whose, qstr(weightsFile.filename().string()))
                    : tr("The network was exported as C++ to %1, %2").arg(file, whose));
}

void ProjectFiles::exportModel() {
    const Project project = document_->project();
    const std::optional<std::filesystem::path> projectFile = document_->file();
    const auto written =
        exportModelAs(*window_, qstr(slugOf(project.name)), [&](const OnnxWish& wish) {
            return exportOnnx(project, latestTrainedRun(project, projectFile), wish);
        });
    if (written.file.isEmpty())
        return;
    const auto& made = written.model;
    QString text = made.run ? tr("The network was exported as ONNX to %1 with the weights of %2")
                                  .arg(written.file, qstr(*made.run))
                   : project.startWeights.empty()
                       ? tr("The network was exported as ONNX to %1, untrained").arg(written.file)
                       : tr("The network was exported as ONNX to %1 with the weights that training "
                            "starts with")
                             .arg(written.file);
    if (!written.check.unchecked.empty())
        text += tr("; it was not compared, since it does not open as layers: %1")
                    .arg(qstr(written.check.unchecked));
    text += changesText(written);
    if (!made.note.empty())
        text += tr("; its inputs and outputs are its own: %1").arg(qstr(made.note));
    Q_EMIT hint(text);
}

} // namespace gradwright
