// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/my_blocks.h"
#include "ui/document/project_document.h"
#include "ui/pages/page.h"
#include "ui/theme/theme_manager.h"

#include <QAction>
#include <QList>

#include <functional>

class QFrame;
class QHBoxLayout;
class QLabel;

namespace gradwright {

class BatchSteps;
class BottomPanel;
class BlockPanel;
class CanvasScene;
class CanvasView;
class FindBar;
class InspectorPanel;
class LayerPalette;
class LayerReport;
class ProblemsPanel;
class StepsBar;

/// Where the network is drawn: palette, canvas with its tools, Problems and inspector.
class DesignPage final : public Page {
    Q_OBJECT
public:
    DesignPage(ProjectDocument& document, ThemeManager& themes, QWidget* parent = nullptr,
               std::filesystem::path blocksFolder = defaultBlocksFolder());

    [[nodiscard]] QString title() const override { return tr("Design"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("design"); }
    [[nodiscard]] std::vector<Actions> menuActions() const override;
    // Their shortcuts work while the page has the focus.
    [[nodiscard]] const QList<QAction*>& editActions() const { return editActions_; }
    [[nodiscard]] const QList<QAction*>& viewActions() const { return viewActions_; }
    [[nodiscard]] const QList<QAction*>& modelActions() const { return modelActions_; }
    /// Actions that export the canvas as a picture.
    [[nodiscard]] const QList<QAction*>& exportActions() const { return exportActions_; }

    [[nodiscard]] CanvasScene& scene() { return *scene_; }
    [[nodiscard]] CanvasView& view() { return *view_; }
    [[nodiscard]] InspectorPanel& inspector() { return *inspector_; }
    [[nodiscard]] LayerPalette& palettePanel() { return *palette_; }
    [[nodiscard]] ProblemsPanel& problems() { return *problems_; }
    [[nodiscard]] LayerReport& report() { return *report_; }
    [[nodiscard]] FindBar& finder() { return *find_; }
    [[nodiscard]] BlockPanel& blockPanel() { return *blockPanel_; }
    [[nodiscard]] BatchSteps& steps() { return *steps_; }
    [[nodiscard]] MyBlocks& myBlocks() { return *myBlocks_; }

    /// Selects a node of any graph and brings it to the middle.
    void showPlace(const std::string& graph, NodeId node);

    /// Opens Problems and goes to the next one.
    void showNextProblem();

    /// Adds a layer, or a block, by its key: behind the selected layer or below all others.
    void addLayer(const std::string& key);

protected:
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QAction* action(QList<QAction*>& list, const QString& text, const QString& icon,
                    const QKeySequence& keys, std::function<void()> run);
    void makeActions();
    void makeBlockActions();
    void makeArrangeActions();
    void makeExportActions();
    QAction* canvasAction(const QString& text, const QString& icon, const QKeySequence& keys,
                          std::function<void()> run);
    void enableBlockActions();
    void showContextMenu(QPoint global);
    void repeatBlock();
    void saveBlock(const std::string& name);
    void deleteSavedBlock(const std::string& key);
    void exportPicture(const QString& ending);
    void showSelected();
    void fillBlocks();
    QWidget* makeToolbar();
    QWidget* framed(QWidget* panel, const char* role);
    void makeBottomPanel();
    void makeFindActions();
    void makeStepActions();
    void makeRoomForSteps(bool on);
    void placeDrawers();
    void setNarrow(bool narrow);
    void setLow(bool low);

    ProjectDocument* document_;
    ThemeManager* themes_;
    CanvasScene* scene_;
    CanvasView* view_;
    LayerPalette* palette_;
    InspectorPanel* inspector_;
    ProblemsPanel* problems_;
    LayerReport* report_;
    FindBar* find_;
    BottomPanel* bottom_;
    MyBlocks* myBlocks_;
    BlockPanel* blockPanel_;
    BatchSteps* steps_;
    StepsBar* stepsBar_ = nullptr;
    QWidget* paletteFrame_ = nullptr;
    QWidget* inspectorFrame_ = nullptr;
    QWidget* problemsFrame_ = nullptr;
    QHBoxLayout* columns_ = nullptr;
    bool narrow_ = false;
    bool low_ = false;
    QAction* inspectorAction_ = nullptr;
    QAction* bottomAction_ = nullptr;
    QAction* undo_ = nullptr;
    QAction* redo_ = nullptr;
    QAction* layout_ = nullptr;
    QAction* fit_ = nullptr;
    QAction* zoomIn_ = nullptr;
    QAction* zoomOut_ = nullptr;
    QList<QAction*> editActions_;
    QList<QAction*> viewActions_;
    QList<QAction*> modelActions_;
    QList<QAction*> runActions_; ///< going through a batch
    QList<QAction*> exportActions_;
    QList<QAction*> menuActions_;  ///< of the canvas's context menu
    QList<QAction*> blockActions_; ///< of its menu of blocks; the first is Group
    QAction* inspect_ = nullptr;
    QAction* rename_ = nullptr;
    QAction* freezeUpTo_ = nullptr;
    QAction* link_ = nullptr;
    QAction* frame_ = nullptr;
    QAction* note_ = nullptr;
    std::size_t nextProblem_ = 0;
    bool bottomWasShown_ = true; ///< before the steps took its place
    bool fitWhenShown_ = true;
};

} // namespace gradwright
