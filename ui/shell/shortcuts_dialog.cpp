// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/shortcuts_dialog.h"

#include "ui/theme/fuzzy.h"
#include "ui/theme/search_field.h"

#include <QAction>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace gradwright {

namespace {

constexpr QSize kShortcutsSize{560, 620};

QString keysOf(const QAction& action) {
    QStringList all;
    for (const QKeySequence& keys : action.shortcuts())
        all << keys.toString(QKeySequence::NativeText);
    return all.join(QStringLiteral(", "));
}

QTreeWidgetItem* groupOf(QTreeWidget& tree, const QString& title) {
    for (int i = 0; i < tree.topLevelItemCount(); ++i)
        if (tree.topLevelItem(i)->text(0) == title)
            return tree.topLevelItem(i);
    auto* const group = new QTreeWidgetItem(&tree, {title});
    QFont bold = group->font(0);
    bold.setWeight(QFont::DemiBold);
    group->setFont(0, bold);
    group->setFlags(Qt::ItemIsEnabled);
    group->setFirstColumnSpanned(true);
    group->setData(1, Qt::AccessibleTextRole, title); // empty, and read all the same
    return group;
}

} // namespace

std::vector<ShortcutsDialog::Gesture> knownGestures() {
    const auto tr = [](const char* text) { return ShortcutsDialog::tr(text); };
    const QString canvas = tr("Canvas");
    const QString data = tr("Data");
    const QString plots = tr("Plots");
    const QString pad = tr("Drawing pad");
    const QString onnx = tr("ONNX file");
    return {
        {canvas, tr("Link two layers"), tr("Drag from port to port")},
        {canvas, tr("Select several"), tr("Drag a frame on free canvas; Shift or Ctrl adds")},
        {canvas, tr("Move the selection"), tr("Drag, or the arrow keys")},
        {canvas, tr("Walk along links; Shift extends the selection"), tr("Alt+arrow keys")},
        {canvas, tr("Begin to walk where nothing is selected"), tr("Arrow keys")},
        {canvas, tr("Open the menu of the selection"), tr("Menu key, Shift+F10")},
        {canvas, tr("Add a layer at this place"), tr("Double click, A")},
        {canvas, tr("Add a layer that fits a port"), tr("Drag a link onto free canvas")},
        {canvas, tr("Rename a frame"), tr("Double click its title")},
        {canvas, tr("Go into a block"), tr("Double click it")},
        {canvas, tr("Insert a layer into a link"), tr("Drop it on the link")},
        {canvas, tr("Remove a layer from its links, which close"), tr("Shift+drag")},
        {canvas, tr("Connect a link elsewhere"), tr("Drag one of its ends")},
        {canvas, tr("Pan"), tr("Space+drag, middle button, wheel")},
        {canvas, tr("Zoom about the pointer"), tr("Ctrl+wheel, pinch")},
        {canvas, tr("While a batch is stepped through: the step before, the next step"),
         tr("Left, Right")},
        {canvas, tr("While a batch is stepped through: the layer before, the layer behind"),
         tr("Up, Down")},
        {data, tr("Choose the role of a column"), tr("Click the role, Enter")},
        {data, tr("Show the samples of a class"), tr("Click its bar, Enter")},
        {data, tr("Move the border between two parts"), tr("Drag it, Left, Right")},
        {data, tr("Go to the other border"), tr("Up, Down")},
        {data, tr("Replace the data"), tr("Drop a file or a folder on the page")},
        {data, tr("Draw samples"), QStringLiteral("Ins")},
        {data, tr("Put an image into another class, leave it out"), QStringLiteral("F2, Del")},
        {plots, tr("Zoom"), tr("Wheel")},
        {plots, tr("Pan"), tr("Drag")},
        {plots, tr("Show everything again"), tr("Double click")},
        {plots, tr("Save as PNG, SVG, PDF or CSV"), tr("Right button")},
        {pad, tr("Brush, eraser, clear"), QStringLiteral("B, E, C")},
        {pad, tr("Undo and redo a stroke"), QStringLiteral("Ctrl+Z, Ctrl+Shift+Z")},
        {onnx, tr("Edit a name, a dimension or an attribute"), tr("Double click, Enter, F2")},
        {onnx, tr("Rename the value"), QStringLiteral("F2")},
        {onnx, tr("Make the value an output"), QStringLiteral("Ctrl+U")},
        {onnx, tr("Keep only the selected nodes"), QStringLiteral("Ctrl+Shift+K")},
        {onnx, tr("Remove the selected nodes"), QStringLiteral("Del")},
        {onnx, tr("Replace the operator"), QStringLiteral("Ctrl+E")},
        {onnx, tr("Add an attribute, remove it"), QStringLiteral("Ctrl+Shift+A, Del")},
        {onnx, tr("Replace a tensor from .npy"), QStringLiteral("Ctrl+T")},
        {onnx, tr("Convert the operator set"), QStringLiteral("Ctrl+Shift+O")},
        {onnx, tr("Compare with another model"), QStringLiteral("Ctrl+D")},
        {onnx, tr("Search nodes"), QStringLiteral("Ctrl+F")},
    };
}

ShortcutsDialog::ShortcutsDialog(const std::vector<ListedAction>& actions,
                                 const std::vector<Gesture>& gestures, const ThemeManager& themes,
                                 QWidget* window)
    : QDialog(window)
    , tree_(new QTreeWidget) {
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Keys and gestures"));
    resize(kShortcutsSize.boundedTo(window->size() - QSize(80, 80)));
    auto* const search = new QLineEdit;
    makeSearchField(*search, themes, tr("Search"), tr("Search keys and gestures"));
    tree_->setColumnCount(2);
    tree_->setHeaderLabels({tr("Action"), tr("Keys")});
    tree_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    tree_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    tree_->header()->setStretchLastSection(false);
    tree_->setRootIsDecorated(false);
    tree_->setAccessibleName(windowTitle());
    for (const ListedAction& each : actions)
        if (const QString keys = keysOf(*each.action); !keys.isEmpty())
            new QTreeWidgetItem(groupOf(*tree_, each.menu), {each.command(), keys});
    for (const Gesture& each : gestures)
        new QTreeWidgetItem(groupOf(*tree_, each.place), {each.what, each.keys});
    tree_->expandAll();
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* const layout = new QVBoxLayout(this);
    layout->addWidget(search);
    layout->addWidget(tree_);
    layout->addWidget(buttons);
    connect(search, &QLineEdit::textChanged, this, &ShortcutsDialog::filter);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

void ShortcutsDialog::filter(const QString& typed) {
    for (int i = 0; i < tree_->topLevelItemCount(); ++i) {
        QTreeWidgetItem* const group = tree_->topLevelItem(i);
        int shown = 0;
        for (int j = 0; j < group->childCount(); ++j) {
            QTreeWidgetItem* const row = group->child(j);
            const bool fits = fuzzyScore(row->text(0), typed).has_value() ||
                              row->text(1).contains(typed, Qt::CaseInsensitive);
            row->setHidden(!fits);
            shown += fits ? 1 : 0;
        }
        group->setHidden(shown == 0);
    }
}

} // namespace gradwright

#include "moc_shortcuts_dialog.cpp"
