// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/pages/page.h"
#include "ui/session/digit_session.h"
#include "ui/session/training_session.h"

class QLabel;
class QToolButton;

namespace gradwright {

class DrawingPad;
class EvaluationPanel;
class ModelChooser;
class PixelPanel;
class PlaneJob;
class PlaneView;
class PredictionPanel;
class ThemeManager;
class ValuesPanel;
struct Reading;

/// Draw a digit and watch it being read; see how the network does on the test set.
class InferencePage : public Page {
    Q_OBJECT

public:
    InferencePage(ProjectDocument& document, ThemeManager& theme, TrainingSession& session,
                  QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Inference"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("inference"); }
    [[nodiscard]] std::vector<Actions> menuActions() const override;

    /// Reads an image file; what is wrong with it is said in place.
    void openImage(const QString& file);
    void pasteImage();

    /// Drawing, and reading pictures. Each brings the page to the front.
    [[nodiscard]] const QList<QAction*>& drawingActions() const { return actions_; }
    [[nodiscard]] DrawingPad& pad() { return *pad_; }
    [[nodiscard]] PredictionPanel& prediction() { return *prediction_; }
    [[nodiscard]] ValuesPanel& values() { return *values_; }
    [[nodiscard]] PixelPanel& pixels() { return *pixels_; }
    [[nodiscard]] EvaluationPanel& evaluation() { return *evaluation_; }
    [[nodiscard]] ModelChooser& chooser() { return *chooser_; }
    [[nodiscard]] PlaneView& plane() { return *plane_; }

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void layOut();
    QWidget* makeBar();
    QWidget* makeDrawCard();
    QWidget* makeTools();
    QWidget* makeImageCard();
    QWidget* makePredictionCard();
    QWidget* makePixelCard();
    QWidget* makePlaneCard();
    QToolButton* tool(const QString& icon, const QString& text, const QKeySequence& key);
    QAction* menuAction(const QString& icon, const QString& text, const QKeySequence& key = {});
    void connectSession();
    void takeModel(bool live);
    void read();
    void showSample(const Reading& mistake);
    void updateHint();
    void setHint(const QString& hint);
    void clearAnswer();
    void showDataKind(const DataInfo& info);
    /// What kind of input the model takes decides what the page shows.
    void showInputKind();
    void evaluateWhenFree();

    ProjectDocument* document_;
    ThemeManager* theme_;
    TrainingSession* training_;
    DigitSession* digits_;
    ModelChooser* chooser_;
    DrawingPad* pad_;
    PredictionPanel* prediction_; ///< where samples have classes
    ValuesPanel* values_;         ///< where they have target values
    PixelPanel* pixels_;
    EvaluationPanel* evaluation_;
    QList<QAction*> actions_;
    QWidget* drawings_ = nullptr; ///< pad, answer and pixels
    QWidget* planeCard_ = nullptr;
    PlaneView* plane_;
    PlaneJob* planeJob_;
    QLabel* latency_;
    QLabel* drawTitle_ = nullptr;
    QLabel* answerKind_ = nullptr;
    QLabel* pixelShape_ = nullptr;
    QLabel* planeTitle_ = nullptr;
    QWidget* imageCard_ = nullptr;
    QLabel* problem_;
    bool evaluated_ = false;
};

} // namespace gradwright
