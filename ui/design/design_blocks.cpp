// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "ui/canvas/arrange_commands.h"
#include "ui/canvas/block_commands.h"
#include "ui/canvas/canvas_editors.h"
#include "ui/canvas/canvas_edits.h"
#include "ui/canvas/canvas_export.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/canvas/layer_commands.h"
#include "ui/design/design_page.h"
#include "ui/forms/save_dialog.h"
#include "ui/inspector/block_panel.h"
#include "ui/inspector/inspector_panel.h"
#include "ui/palette/layer_palette.h"
#include "ui/report/layer_report.h"
#include "ui/theme/text.h"

#include <QActionGroup>
#include <QInputDialog>
#include <QMenu>
#include <QMessageBox>

#include <algorithm>

// The Design page's actions of blocks, arrangement and pictures.
namespace gradwright {

/// One whose key is the canvas's own, since letters and Return belong to a field that has the
/// focus.
QAction* DesignPage::canvasAction(const QString& text, const QString& icon,
                                  const QKeySequence& keys, std::function<void()> run) {
    QAction* const made = action(modelActions_, text, icon, keys, std::move(run));
    removeAction(made);
    view_->addAction(made);
    return made;
}

void DesignPage::makeBlockActions() {
    using Keys = QKeySequence;
    const auto separator = [this] {
        auto* const made = new QAction(this);
        made->setSeparator(true);
        modelActions_.append(made);
    };
    note_ = canvasAction(tr("Add a note"), {}, Keys(QStringLiteral("N")),
                         [this] { view_->editors().addNoteHere(); });
    separator();
    // A menu of its own, so that the main one fits a small screen.
    const qsizetype first = modelActions_.size();
    QAction* const group =
        action(modelActions_, tr("Group into a block"), QStringLiteral("block"),
               Keys(QStringLiteral("Ctrl+G")), [this] { groupSelection(scene_->canvas()); });
    QAction* const ungroup =
        action(modelActions_, tr("Ungroup"), {}, Keys(QStringLiteral("Ctrl+Shift+G")),
               [this] { ungroupSelection(scene_->canvas()); });
    QAction* const enter =
        canvasAction(tr("Go into the block"), {}, Keys(QStringLiteral("Ctrl+Return")), [this] {
            if (const auto nodes = scene_->selectedNodes(); nodes.size() == 1)
                scene_->enter(nodes.front());
        });
    canvasAction(tr("Leave the block"), {}, Keys(QStringLiteral("Backspace")), [this] {
        if (const std::size_t depth = scene_->scope().instances.size(); depth > 0)
            scene_->leaveTo(depth - 1);
    });
    QAction* const expand = canvasAction(tr("Expand or collapse"), {}, Keys(QStringLiteral("E")),
                                         [this] { toggleExpanded(scene_->canvas()); });
    QAction* const rename =
        canvasAction(tr("Rename the block"), {}, Keys(QStringLiteral("Shift+F2")), [this] {
            const auto nodes = scene_->selectedNodes();
            if (nodes.size() == 1)
                view_->editors().renameBlockOf(nodes.front());
            else
                Q_EMIT hint(tr("Select one block."));
        });
    QAction* const repeat = canvasAction(tr("Repeat the block…"), {}, Keys(QStringLiteral("R")),
                                         [this] { repeatBlock(); });
    QAction* const unique = action(modelActions_, tr("Make the block an independent copy"), {}, {},
                                   [this] { makeSelectionUnique(scene_->canvas()); });
    QAction* const save =
        action(modelActions_, tr("Save to My blocks"), QStringLiteral("save"), {}, [this] {
            if (const Node* const node = chosenInstance(scene_->canvas()))
                saveBlock(node->blockUse()->block);
            else
                Q_EMIT hint(tr("Select one block."));
        });
    blockActions_ << group << ungroup << enter << expand << rename << repeat << unique << save;
    auto* const menu = new QMenu(this);
    menu->addActions(modelActions_.mid(first));
    modelActions_.resize(first);
    auto* const block = new QAction(tr("Block"), this);
    block->setMenu(menu);
    modelActions_.append(block);
}

void DesignPage::makeArrangeActions() {
    using Keys = QKeySequence;
    // Another one.
    auto* const arrange = new QAction(tr("Align and distribute"), this);
    auto* const menu = new QMenu(this);
    arrange->setMenu(menu);
    modelActions_.append(arrange);
    menuActions_ << arrange;
    QList<QAction*> made;
    const auto alignAction = [&](const QString& text, const char* keys, Edge edge) {
        action(made, text, {}, Keys(QString::fromLatin1(keys)),
               [this, edge] { align(scene_->canvas(), edge); });
    };
    alignAction(tr("Align left"), "Ctrl+Alt+Left", Edge::Left);
    alignAction(tr("Align centres"), "Ctrl+Alt+C", Edge::Center);
    alignAction(tr("Align right"), "Ctrl+Alt+Right", Edge::Right);
    alignAction(tr("Align top"), "Ctrl+Alt+Up", Edge::Top);
    alignAction(tr("Align middles"), "Ctrl+Alt+M", Edge::Middle);
    alignAction(tr("Align bottom"), "Ctrl+Alt+Down", Edge::Bottom);
    action(made, tr("Distribute horizontally"), {}, Keys(QStringLiteral("Ctrl+Alt+H")),
           [this] { distribute(scene_->canvas(), Qt::Horizontal); });
    action(made, tr("Distribute vertically"), {}, Keys(QStringLiteral("Ctrl+Alt+V")),
           [this] { distribute(scene_->canvas(), Qt::Vertical); });
    menu->addActions(made);

    auto* const direction = new QAction(tr("Direction of the flow"), this);
    auto* const directions = new QMenu(this);
    direction->setMenu(directions);
    modelActions_.append(direction);
    auto* const either = new QActionGroup(this);
    for (const Flow flow : {Flow::Down, Flow::Right}) {
        QAction* const each = directions->addAction(flow == Flow::Down ? tr("From top to bottom")
                                                                       : tr("From left to right"));
        each->setCheckable(true);
        each->setChecked(scene_->canvas().flow() == flow);
        either->addAction(each);
        connect(each, &QAction::triggered, this, [this, flow] { scene_->setFlow(flow); });
        connect(document_, &ProjectDocument::changed, each,
                [this, each, flow] { each->setChecked(scene_->canvas().flow() == flow); });
    }
    QAction* const cancel = action(modelActions_, tr("Cancel the layout"), {}, {},
                                   [this] { scene_->layout().cancel(); });
    cancel->setEnabled(false);
    connect(scene_, &CanvasScene::layoutStarted, cancel, [this, cancel] {
        cancel->setEnabled(true);
        Q_EMIT hint(tr("Laying out… Esc cancels."));
    });
    connect(scene_, &CanvasScene::layoutEnded, cancel, [this, cancel] {
        cancel->setEnabled(false);
        Q_EMIT hint({});
    });
    canvasAction(tr("Delete and close the gap"), {}, Keys(QStringLiteral("Ctrl+Del")),
                 [this] { removeAndClose(scene_->canvas()); });
    canvasAction(tr("Select the next item"), {}, Keys(QStringLiteral(".")), [this] {
        scene_->canvas().selection().selectNext(false);
        view_->showSelection();
    });
    canvasAction(tr("Select the previous item"), {}, Keys(QStringLiteral(",")), [this] {
        scene_->canvas().selection().selectNext(true);
        view_->showSelection();
    });
}

void DesignPage::makeExportActions() {
    for (const QString& ending :
         {QStringLiteral("SVG"), QStringLiteral("PNG"), QStringLiteral("PDF")})
        action(exportActions_, tr("Canvas as %1…").arg(ending), QStringLiteral("image"), {},
               [this, ending] { exportPicture(ending.toLower()); });
}

void DesignPage::exportPicture(const QString& ending) {
    const QString file =
        askSaveFile(this, tr("Export the canvas"), document_->displayName() + u'.' + ending,
                    {tr("%1 picture (*.%2)").arg(ending.toUpper(), ending)}, {u'.' + ending});
    if (file.isEmpty())
        return;
    try {
        exportCanvas(*scene_, file);
        Q_EMIT hint(tr("Saved as %1.").arg(file));
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

/// What can be done with what is selected: commands of a layer for layers, those of blocks in a
/// menu of their own, where only what fits is enabled.
void DesignPage::showContextMenu(QPoint global) {
    QMenu menu(this);
    menu.setObjectName(QStringLiteral("canvasMenu"));
    const std::vector<NodeId> nodes = scene_->selectedNodes();
    const bool any = !scene_->selectedItems().isEmpty();
    if (!any)
        menu.addAction(themes_->icon(QStringLiteral("plus")), tr("Add a layer here"), this,
                       [this, global] {
                           view_->editors().quickAdd(
                               view_->mapToScene(view_->viewport()->mapFromGlobal(global)));
                       });
    if (!nodes.empty()) {
        if (nodes.size() == 1)
            menu.addActions({inspect_, rename_});
        else
            menu.addAction(link_);
        const bool frozen = areFrozen(scene_->canvas());
        menu.addAction(frozen ? tr("Unfreeze the weights") : tr("Freeze the weights"), this,
                       [this, frozen] { setFrozen(scene_->canvas(), !frozen); })
            ->setEnabled(haveWeights(scene_->canvas()));
        if (nodes.size() == 1)
            menu.addAction(freezeUpTo_);
        menu.addActions({frame_, note_});
        menu.addSeparator();
    }
    for (QAction* const each : editActions_)
        if (each != undo_ && each != redo_)
            menu.addAction(each);
    menu.addSeparator();
    if (nodes.empty()) {
        menu.addActions({layout_, fit_});
    } else {
        QMenu* const blocks = menu.addMenu(themes_->icon(QStringLiteral("block")), tr("Block"));
        blocks->addActions(blockActions_);
        menu.addActions(menuActions_);
    }
    enableBlockActions();
    menu.exec(global);
    for (QAction* const each : blockActions_)
        each->setEnabled(true); // their keys say by themselves why they do nothing
}

void DesignPage::enableBlockActions() {
    const std::vector<NodeId> nodes = scene_->selectedNodes();
    const auto isBlock = [this](NodeId id) {
        return scene_->graph().find(id)->blockUse() != nullptr;
    };
    const bool one = nodes.size() == 1 && isBlock(nodes.front());
    for (QAction* const each : blockActions_)
        each->setEnabled(each == blockActions_.front() ? !nodes.empty() : one);
}

void DesignPage::repeatBlock() {
    const auto nodes = scene_->selectedNodes();
    const Node* const node = nodes.size() == 1 ? scene_->graph().find(nodes.front()) : nullptr;
    if (node == nullptr || node->blockUse() == nullptr) {
        Q_EMIT hint(tr("Select one block."));
        return;
    }
    bool taken = false;
    const int times = QInputDialog::getInt(
        this, tr("Repeat the block"), tr("Copies in a row, each with its own weights:"),
        static_cast<int>(node->blockUse()->repeat), 1, static_cast<int>(kMaxRepeat), 1, &taken);
    if (taken)
        repeatSelection(scene_->canvas(), times);
}

void DesignPage::saveBlock(const std::string& name) {
    try {
        myBlocks_->save(document_->project(), name);
        Q_EMIT hint(tr("%1 was saved to My blocks, for all projects.").arg(qstr(name)));
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

void DesignPage::showSelected() {
    const std::vector<NodeId> nodes = scene_->selectedNodes();
    blockPanel_->show(scene_->scope(), nodes);
    inspector_->setNodes(nodes, scene_->scope());
    // The report lists the main network.
    report_->setSelected(scene_->scope().graph.empty() ? nodes : std::vector<NodeId>{});
}

/// The project's own blocks and those that the user keeps, in the palette.
void DesignPage::fillBlocks() {
    std::vector<LayerPalette::Block> blocks;
    for (const auto& [name, block] : document_->project().network.blocks)
        blocks.push_back({QString::fromLatin1(kBlockKey.data(), kBlockKey.size()) + qstr(name),
                          qstr(name),
                          block.doc.empty() ? tr("A block of this project") : qstr(block.doc)});
    for (const MyBlocks::Entry& each : myBlocks_->presets())
        if (!document_->project().network.blocks.contains(each.name))
            blocks.push_back(
                {QString::fromLatin1(kSavedKey.data(), kSavedKey.size()) + qstr(each.file.string()),
                 qstr(each.name), qstr(each.doc)});
    for (const MyBlocks::Entry& each : myBlocks_->entries())
        blocks.push_back(
            {QString::fromLatin1(kSavedKey.data(), kSavedKey.size()) + qstr(each.file.string()),
             qstr(each.name), tr("One of my blocks, for all projects"), true});
    palette_->setBlocks(blocks);
}

/// Cannot be undone, so it asks.
void DesignPage::deleteSavedBlock(const std::string& key) {
    const std::filesystem::path file = key.substr(kSavedKey.size());
    const auto& saved = myBlocks_->entries();
    const auto entry = std::ranges::find(saved, file, &MyBlocks::Entry::file);
    if (entry == saved.end())
        return;
    const auto answer = QMessageBox::question(
        this, tr("Delete from My blocks"),
        tr("Delete the block “%1” from My blocks?\nProjects that use it keep theirs.")
            .arg(qstr(entry->name)),
        QMessageBox::Yes | QMessageBox::Cancel, QMessageBox::Cancel);
    if (answer != QMessageBox::Yes)
        return;
    try {
        myBlocks_->remove(file);
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

} // namespace gradwright
