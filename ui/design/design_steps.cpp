// SPDX-License-Identifier: GPL-3.0-or-later
//
// Going through one batch on the canvas.
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/design/design_page.h"
#include "ui/steps/batch_steps.h"
#include "ui/steps/steps_bar.h"

#include <QAction>
#include <QTimer>

#include <utility>

namespace gradwright {

/// The bar takes the place of the panel beneath the canvas, and what was in view stays so,
/// as far as it can be read.
void DesignPage::makeRoomForSteps(bool on) {
    if (!on) {
        bottomAction_->setChecked(bottomWasShown_);
        return;
    }
    bottomWasShown_ = bottomAction_->isChecked();
    bottomAction_->setChecked(false);
    const auto seen = [this] {
        return view_->mapToScene(view_->viewport()->rect())
            .boundingRect()
            .contains(scene_->contentRect());
    };
    QTimer::singleShot(0, view_, [this, seen, wasSeen = seen()] {
        if (wasSeen && !seen())
            view_->fit();
        // What layers say is shown from this zoom on.
        if (view_->zoom() < metrics::kDetailZoom)
            view_->setZoom(metrics::kDetailZoom);
    });
}

void DesignPage::makeStepActions() {
    QAction* const next =
        action(runActions_, tr("Step through a batch: next step"), QStringLiteral("chevron-right"),
               QKeySequence(QStringLiteral("F10")), [this] { steps_->next(); });
    QAction* const back =
        action(runActions_, tr("Step through a batch: back"), QStringLiteral("chevron-left"),
               QKeySequence(QStringLiteral("Shift+F10")), [this] { steps_->back(); });
    QAction* const close =
        action(runActions_, tr("Step through a batch: close"), QStringLiteral("close"),
               QKeySequence(QStringLiteral("Esc")), [this] {
                   steps_->end();
                   view_->setFocus();
               });
    // Fields on the canvas have an Esc of their own.
    removeAction(close);
    view_->addAction(close);
    close->setShortcutContext(Qt::WidgetShortcut);
    // Arrows, which move what is selected at other times, go through the steps and the layers.
    QList<QAction*> arrows;
    const auto arrow = [this, &arrows](Qt::Key key, auto run) {
        auto* const made = new QAction(view_);
        QList<QKeySequence> keys;
        for (const auto modifiers : {Qt::NoModifier, Qt::ControlModifier, Qt::ShiftModifier})
            keys << QKeySequence(QKeyCombination(modifiers, key));
        made->setShortcuts(keys);
        made->setShortcutContext(Qt::WidgetShortcut);
        connect(made, &QAction::triggered, this, run);
        view_->addAction(made);
        arrows << made;
    };
    arrow(Qt::Key_Left, [this] { steps_->back(); });
    arrow(Qt::Key_Right, [this] { steps_->next(); });
    arrow(Qt::Key_Up, [this] { view_->walkAlongLinks(false); });
    arrow(Qt::Key_Down, [this] { view_->walkAlongLinks(true); });
    stepsBar_ = new StepsBar(*steps_, *scene_, *themes_, back, next, close);
    const auto enable = [this, back, next, close, arrows] {
        back->setEnabled(steps_->canGoBack());
        next->setEnabled(!steps_->isComputing());
        close->setEnabled(steps_->isActive());
        for (QAction* const each : arrows)
            each->setEnabled(steps_->isActive());
    };
    connect(steps_, &BatchSteps::changed, this, enable);
    connect(steps_, &BatchSteps::changed, this, [this, wasActive = false]() mutable {
        if (std::exchange(wasActive, steps_->isActive()) != steps_->isActive())
            makeRoomForSteps(steps_->isActive());
    });
    connect(steps_, &BatchSteps::ended, this, [this](const QString& reason) {
        if (!reason.isEmpty())
            Q_EMIT hint(reason);
    });
    enable();
}

} // namespace gradwright
