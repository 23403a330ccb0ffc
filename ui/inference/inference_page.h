// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/inference/input_panel.h"
#include "ui/pages/page.h"
#include "ui/session/training_session.h"

#include <cstddef>

class QBoxLayout;
class QStackedWidget;

namespace gradwright {

class DrawingPad;
class DrawnSet;
class EvaluationPanel;
class ImagePanel;
class ModelChooser;
class PixelPanel;
class PlaneView;
class PredictionPanel;
class ThemeManager;
class ValuesPanel;

/// Give a trained network something to read, in the way that suits its input, and see how it does
/// on the test set. See inputKinds().
class InferencePage : public Page {
    Q_OBJECT

public:
    InferencePage(ProjectDocument& document, ThemeManager& theme, TrainingSession& session,
                  QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Inference"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("inference"); }
    [[nodiscard]] std::vector<Actions> menuActions() const override;

    /// The panel that the chosen network has.
    [[nodiscard]] InputPanel& panel();
    /// The panel of that class, which is made where it has not been needed yet.
    template <class Panel>
    [[nodiscard]] Panel& panelOf() {
        return static_cast<Panel&>(panelOf(Panel::staticMetaObject));
    }
    [[nodiscard]] ImagePanel& images();
    [[nodiscard]] DrawingPad& pad();
    [[nodiscard]] PredictionPanel& prediction(); ///< of the panel for images
    [[nodiscard]] ValuesPanel& values();         ///< likewise
    [[nodiscard]] PixelPanel& pixels();
    [[nodiscard]] PlaneView& plane();
    [[nodiscard]] EvaluationPanel& evaluation() { return *evaluation_; }
    [[nodiscard]] ModelChooser& chooser() { return *chooser_; }

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void layOut();
    void arrange();
    QWidget* makeBar();
    [[nodiscard]] InputPanel& panelOf(const QMetaObject& type);
    InputPanel& panelAt(std::size_t kind);
    void showPanel(InputPanel& panel);
    void showKindOfData();
    void takeModel(bool live);
    void evaluateWhenFree();
    void connectDrawnSet();
    void showDrawnSet();

    ProjectDocument* document_;
    ThemeManager* theme_;
    TrainingSession* training_;
    DrawnSet* drawn_;
    ModelChooser* chooser_;
    EvaluationPanel* evaluation_;
    QStackedWidget* stack_;
    QBoxLayout* columns_ = nullptr;   ///< of the panel and the test set
    std::vector<InputPanel*> panels_; ///< by kind; null until one is needed
    bool evaluated_ = false;
};

} // namespace gradwright
