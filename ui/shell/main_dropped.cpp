// SPDX-License-Identifier: GPL-3.0-or-later
//
// What becomes of files that are dropped on the window.
#include "engine/exchange/onnx_model.h"
#include "ui/data/data_page.h"
#include "ui/forms/file_dialogs.h"
#include "ui/onnx/onnx_window.h"
#include "ui/shell/main_window.h"
#include "ui/shell/project_files.h"
#include "ui/shell/welcome_page.h"

#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>
#include <QStackedWidget>

#include <filesystem>
#include <vector>

namespace gradwright {
namespace {

enum class OnnxUse { Import, Edit, Nothing };

/// A network to train is made of a model, or the file is changed without becoming one.
OnnxUse askOnnxUse(QWidget& window, const QString& file) {
    QMessageBox box(QMessageBox::Question, MainWindow::tr("ONNX model"),
                    MainWindow::tr("What is to become of %1?").arg(QFileInfo(file).fileName()),
                    QMessageBox::Cancel, &window);
    box.setInformativeText(MainWindow::tr(
        "As layers it can be drawn, trained and exported. Edited as it is, names, dimensions, "
        "nodes and tensors change, and all else stays to the bit."));
    auto* const import = box.addButton(MainWindow::tr("Import as layers"), QMessageBox::AcceptRole);
    auto* const edit =
        box.addButton(MainWindow::tr("Edit the file as it is"), QMessageBox::ActionRole);
    import->setObjectName(QStringLiteral("importLayers"));
    edit->setObjectName(QStringLiteral("editFile"));
    box.setDefaultButton(import);
    box.exec();
    if (box.clickedButton() == import)
        return OnnxUse::Import;
    return box.clickedButton() == edit ? OnnxUse::Edit : OnnxUse::Nothing;
}

} // namespace

/// Data are shown before they take the place of a project's own; without a project they make one.
void MainWindow::takeDropped(const QStringList& files) {
    const auto areData = [](const QString& file) {
        return !ProjectFiles::isProject(file) && !ProjectFiles::isModel(file) &&
               !ProjectFiles::areWeights(file) && !ProjectFiles::onlyAnswers(file);
    };
    QStringList data;
    QStringList others;
    for (const QString& file : files) {
        const auto use = isOnnxName(file.toStdString()) ? askOnnxUse(*this, file) : OnnxUse::Import;
        if (use == OnnxUse::Edit)
            OnnxWindow::openFile(*themes_, file, *this);
        else if (use == OnnxUse::Import)
            (areData(file) ? data : others) << file;
    }
    if (!others.isEmpty() && data.isEmpty())
        openFile(others.takeFirst());
    if (!data.isEmpty() && stack_->currentWidget() != welcome_) {
        endTour();
        showPage(*data_);
        rememberFolder(data.first());
        std::vector<std::filesystem::path> paths;
        for (const QString& file : data)
            paths.emplace_back(file.toStdString());
        data_->offer(paths);
    } else if (data.size() == 1) {
        openFile(data.first());
    } else if (!data.isEmpty()) {
        endTour();
        files_->openData(data);
    }
    for (const QString& file : others)
        openBeside(file);
}

} // namespace gradwright
