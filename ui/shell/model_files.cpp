// SPDX-License-Identifier: GPL-3.0-or-later
//
// ONNX models in and out, as the menus do it.
#include "engine/exchange/project_import.h"
#include "engine/io/run_directory.h"
#include "engine/project/start_file.h"
#include "ui/forms/file_dialogs.h"
#include "ui/shell/export_model.h"
#include "ui/shell/project_files.h"
#include "ui/shell/refused_nodes.h"
#include "ui/shell/remove_runs.h"
#include "ui/theme/text.h"

#include <QInputDialog>
#include <QMessageBox>

#include <exception>
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
        std::optional<ImportedProject> made;
        std::exception_ptr problem;
        waitFor([&] {
            try {
                made = projectFromOnnx(file.toStdString(), options);
            } catch (...) {
                problem = std::current_exception();
            }
        });
        if (made)
            return made;
        try {
            std::rethrow_exception(problem);
        } catch (const OnnxLengthMissing& missing) {
            bool isGiven = false;
            const int length = QInputDialog::getInt(
                &window, ProjectFiles::tr("Import ONNX"),
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
            QMessageBox::warning(&window, ProjectFiles::tr("Import ONNX"),
                                 QString::fromUtf8(error.what()));
            return {};
        }
    }
}

} // namespace

bool ProjectFiles::isModel(const QString& file) {
    return file.endsWith(QStringLiteral(".onnx"), Qt::CaseInsensitive);
}

QString ProjectFiles::askModel(QWidget& window) {
    return askOpenFile(&window, tr("Import ONNX"), tr("ONNX models (*.onnx);;All files (*)"));
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

void ProjectFiles::exportModel() {
    const Project project = document_->project();
    const std::optional<std::filesystem::path> projectFile = document_->file();
    const auto written =
        exportModelAs(*window_, qstr(slugOf(project.name)), [&](std::int64_t opset) {
            return exportOnnx(project, latestTrainedRun(project, projectFile), opset);
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
    if (!made.note.empty())
        text += tr("; its inputs and outputs are its own: %1").arg(qstr(made.note));
    Q_EMIT hint(text);
}

} // namespace gradwright
