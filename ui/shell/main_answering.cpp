// SPDX-License-Identifier: GPL-3.0-or-later
//
// From training to use: what makes a network smaller and faster, and files of networks that only
// answer.
#include "ui/inference/inference_page.h"
#include "ui/inference/model_chooser.h"
#include "ui/optimization/optimization_dialog.h"
#include "ui/quantization/quantization_dialog.h"
#include "ui/session/given_model.h"
#include "ui/shell/main_window.h"
#include "ui/shell/notice_bar.h"
#include "ui/shell/project_files.h"
#include "ui/shell/status_line.h"
#include "ui/theme/text.h"

namespace gradwright {

void MainWindow::connectAnswering() {
    connect(files_, &ProjectFiles::answeringOpened, this, &MainWindow::showAnswering);
    // The models on the page go with the project before.
    connect(files_, &ProjectFiles::opened, this, [this] { notice_->withdraw(answeringOffer_); });
}

void MainWindow::showOptimization() {
    if (auto* const open = findChild<OptimizationDialog*>()) {
        open->raise();
        open->activateWindow();
        return;
    }
    auto* const dialog = new OptimizationDialog(document_, this);
    dialog->show();
}

void MainWindow::showQuantization() {
    if (auto* const open = findChild<QuantizationDialog*>()) {
        open->show(); // it may have been put aside
        open->raise();
        open->activateWindow();
        return;
    }
    auto* const dialog = new QuantizationDialog(document_, this);
    connect(dialog, &QuantizationDialog::useWanted, this,
            [this](const std::shared_ptr<const TrainedModel>& model) {
                inference_->chooser().offer(model);
                showPage(*inference_);
            });
    connect(dialog, &QuantizationDialog::trainingWanted, this,
            [this, dialog](const std::filesystem::path& run, const std::string& integers) {
                if (session_.isActive())
                    return status_->showHint(tr("A training is running; it ends or is stopped "
                                                "before another one starts."));
                if (!files_->trainOnForIntegers(run, integers))
                    return;
                dialog->hide(); // it would stand in the way; the command brings it back
                trainOrPause();
            });
    dialog->show();
}

/// It answers on the Inference page, beside whatever project is open.
void MainWindow::showAnswering(const AnsweringFile& file) {
    inference_->chooser().offer(std::make_shared<const TrainedModel>(file.model));
    showPage(*inference_);
    notice_->withdraw(answeringOffer_);
    answeringOffer_ = notice_->offer({tr("%1 answers on this page. Its layers have become others, "
                                         "so it cannot be trained or edited; "
                                         "the network that it was made of can.")
                                          .arg(qstr(file.model.name)),
                                      tr("Open that network"),
                                      tr("Close"),
                                      [this, project = file.project] { openCopy(project); },
                                      {}});
}

} // namespace gradwright
