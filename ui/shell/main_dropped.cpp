// SPDX-License-Identifier: GPL-3.0-or-later
//
// What becomes of files that are dropped on the window.
#include "ui/data/data_page.h"
#include "ui/forms/file_dialogs.h"
#include "ui/shell/main_window.h"
#include "ui/shell/project_files.h"
#include "ui/shell/welcome_page.h"

#include <QStackedWidget>

#include <filesystem>
#include <vector>

namespace gradwright {

/// Data are shown before they take the place of a project's own; without a project they make one.
void MainWindow::takeDropped(const QStringList& files) {
    const auto areData = [](const QString& file) {
        return !ProjectFiles::isProject(file) && !ProjectFiles::isModel(file) &&
               !ProjectFiles::areWeights(file) && !ProjectFiles::onlyAnswers(file);
    };
    QStringList data;
    QStringList others;
    for (const QString& file : files)
        (areData(file) ? data : others) << file;
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
