// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the main window explains: its glossary and its tour.
#include "ui/canvas/canvas_view.h"
#include "ui/design/design_page.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/glossary/explanation.h"
#include "ui/glossary/glossary.h"
#include "ui/inference/image_panel.h"
#include "ui/inference/inference_page.h"
#include "ui/plots/curve_plot.h"
#include "ui/runs/training_course.h"
#include "ui/shell/glossary_dialog.h"
#include "ui/shell/main_window.h"
#include "ui/shell/tour.h"
#include "ui/shell/welcome_page.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QSettings>
#include <QStackedWidget>

namespace gradwright {
namespace {

QString tourKey() {
    return QStringLiteral("tour/shown");
}

} // namespace

void MainWindow::showGlossary(const std::string& term) {
    auto* dialog = findChild<GlossaryDialog*>();
    if (dialog == nullptr)
        dialog = new GlossaryDialog(*themes_, this);
    if (!term.empty())
        dialog->showTerm(term);
    dialog->show();
    dialog->raise();
    dialog->activateWindow();
}

/// What has the focus, or else what is under the pointer.
void MainWindow::explainThis() {
    const GlossaryTerm* term = termAt(QApplication::focusWidget());
    if (term == nullptr)
        term = termAt(QApplication::widgetAt(QCursor::pos()));
    showGlossary(term == nullptr ? std::string() : term->key);
}

void MainWindow::offerTour() {
    if (QSettings().value(tourKey(), false).toBool())
        return;
    QSettings().setValue(tourKey(), true); // begun is enough: it never insists
    startTour();
}

void MainWindow::endTour() {
    if (auto* const tour = findChild<Tour*>(); tour != nullptr && tour->isVisible())
        tour->end();
}

void MainWindow::startTour() {
    endTour();
    const bool isEmpty = document_.project().network.main.nodes().empty();
    const auto begin = [this, isEmpty]() -> QWidget* {
        if (!isEmpty) {
            showPage(*design_);
            return &design_->view();
        }
        showGallery();
        return welcome_->firstCard();
    };
    std::vector<Tour::Stop> stops{
        isEmpty ? Tour::Stop{tr("Choose a network"),
                             tr("Each card is a network that is ready to train. Click one to open "
                                "it; every layer can be changed."),
                             begin}
                : Tour::Stop{tr("Design a network"),
                             tr("Drag layers here and link them, or click one to change its "
                                "parameters. Templates are under File, New from template."),
                             begin},
        {tr("Train it"),
         tr("Start trains the network on its data. You can pause, resume, go step by step, and "
            "change the learning rate while it runs."),
         [this]() -> QWidget* {
             showPage(*train_);
             return train_->startButton();
         }},
        {tr("Watch it learn"),
         tr("The curves grow while the network trains. When the validation loss rises and the "
            "training loss still falls, the network overfits."),
         [this]() -> QWidget* {
             showPage(*train_);
             return &train_->course().loss();
         }},
        {tr("Try it"),
         tr("Give the network something new: a drawing, an image, a row or a text. It answers at "
            "once, even while it is still being trained."),
         [this]() -> QWidget* {
             showPage(*inference_);
             if (&inference_->panel() == &inference_->images())
                 return &inference_->pad();
             return &inference_->panel();
         }},
        {tr("Compare runs"),
         tr("Every training is kept as a run. Tick runs to overlay their curves, change one "
            "setting at a time, and see what it does. Press F1 on anything to have it explained."),
         [this]() -> QWidget* {
             showPage(*train_);
             return train_->runsPlace();
         }},
    };
    auto* const tour = new Tour(std::move(stops), *themes_, this);
    connect(tour, &Tour::ended, this, [begin] {
        if (QWidget* const place = begin())
            place->setFocus(Qt::TabFocusReason); // so that Enter opens the card it told of
    });
}

} // namespace gradwright
