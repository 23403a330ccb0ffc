// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/canvas_scene.h"
#include "ui/steps/step_overlay.h"

#include <QFrame>
#include <QPointer>

#include <vector>

class QAction;
class QHBoxLayout;
class QLabel;
class QScrollArea;
class QSpinBox;

namespace gradwright {

/// Lies above the canvas while a batch is gone through: which of the seven steps it is, what
/// happens in it, and its numbers. Lets the canvas show the same step. Hidden otherwise.
class StepsBar final : public QFrame {
    Q_OBJECT

public:
    /// `back`, `next` and `close` are what its buttons do.
    StepsBar(BatchSteps& steps, CanvasScene& scene, const ThemeManager& themes, QAction* back,
             QAction* next, QAction* close, QWidget* parent = nullptr);
    ~StepsBar() override;

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    QHBoxLayout* makeHead(QAction* back, QAction* next, QAction* close);
    void refresh();
    void showWaiting();
    void showStep();
    void showChoices();
    void takeSelection();
    void chooseSelected();
    [[nodiscard]] std::vector<const TracedWeight*> chosenWeights() const;

    BatchSteps* steps_;
    QPointer<CanvasScene> scene_; ///< goes before the bar when the page does
    StepOverlay overlay_;
    const BatchTrace* shown_ = nullptr;
    QAction* close_;
    QLabel* number_;
    QLabel* title_;
    QLabel* text_;
    QLabel* formula_;
    QLabel* details_;
    QScrollArea* detailsArea_;
    QLabel* sampleTitle_;
    QSpinBox* sample_;
    QLabel* elementTitle_;
    QSpinBox* element_;
};

} // namespace gradwright
