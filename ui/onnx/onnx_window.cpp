// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/onnx/onnx_window.h"

#include "engine/support/error.h"
#include "ui/forms/file_dialogs.h"
#include "ui/onnx/node_details.h"
#include "ui/onnx/node_list.h"
#include "ui/onnx/port_table.h"
#include "ui/theme/text.h"

#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QScreen>
#include <QSplitter>
#include <QStyle>
#include <QTableView>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {
namespace {

constexpr QSize kOnnxSize{1240, 800};
constexpr QSize kSmallestOnnxSize{900, 560};
constexpr int kPortsHeight = 140;
constexpr int kDetailsWidth = 400;

QWidget* titled(const QString& title, QWidget& body) {
    auto* const box = new QWidget;
    auto* const label = new QLabel(title);
    label->setProperty("textRole", QStringLiteral("section"));
    auto* const layout = new QVBoxLayout(box);
    layout->setContentsMargins(12, 8, 12, 8);
    layout->setSpacing(4);
    layout->addWidget(label);
    layout->addWidget(&body, 1);
    return box;
}

} // namespace

OnnxWindow::OnnxWindow(ThemeManager& themes)
    : themes_(&themes)
    , document_(*this)
    , inputs_(new PortTable(tr("Inputs")))
    , outputs_(new PortTable(tr("Outputs")))
    , nodes_(new NodeList(document_, themes))
    , details_(new NodeDetails(document_))
    , said_(new QLabel) {
    setObjectName(QStringLiteral("editOnnx"));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumSize(kSmallestOnnxSize.boundedTo(screen()->availableSize()));
    resize(kOnnxSize.boundedTo(screen()->availableSize() - QSize(40, 60)));
    inputs_->setObjectName(QStringLiteral("inputs"));
    outputs_->setObjectName(QStringLiteral("outputs"));
    said_->setObjectName(QStringLiteral("said"));
    said_->setTextFormat(Qt::PlainText);
    said_->setWordWrap(true);
    said_->setMinimumHeight(said_->fontMetrics().height());
    makeMenus();
    auto* const lower = new QSplitter(Qt::Horizontal);
    lower->addWidget(makeNodes());
    lower->addWidget(details_);
    lower->setStretchFactor(0, 1);
    lower->setSizes({kOnnxSize.width() - kDetailsWidth, kDetailsWidth});
    lower->setChildrenCollapsible(false);
    auto* const all = new QSplitter(Qt::Vertical);
    all->addWidget(makePorts());
    all->addWidget(lower);
    all->setStretchFactor(1, 1);
    all->setSizes({kPortsHeight, kOnnxSize.height() - kPortsHeight});
    all->setChildrenCollapsible(false);
    auto* const content = new QWidget;
    auto* const layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(all, 1);
    layout->addWidget(said_);
    said_->setContentsMargins(12, 4, 12, 8);
    setCentralWidget(content);
    connectPorts(*inputs_, true);
    connectPorts(*outputs_, false);
    connect(nodes_, &NodeList::selectionChanged, this, [this] {
        details_->show(nodes_->selected());
        enable();
    });
    connect(details_, &NodeDetails::chosenChanged, this, &OnnxWindow::enable);
    connect(details_, &NodeDetails::attributeTyped, this, &OnnxWindow::typeAttribute);
    connect(&document_, &OnnxDocument::changed, this, &OnnxWindow::refresh);
    connect(&document_, &OnnxDocument::fileChanged, this, &OnnxWindow::refreshTitle);
    refresh();
}

OnnxWindow* OnnxWindow::openFile(ThemeManager& themes, const QString& file, QWidget& asker) {
    for (QWidget* const each : QApplication::topLevelWidgets())
        if (auto* const window = qobject_cast<OnnxWindow*>(each);
            window != nullptr && window->isVisible() &&
            QFileInfo(window->document_.original()) == QFileInfo(file)) {
            window->raise();
            window->activateWindow();
            return window;
        }
    auto* const window = new OnnxWindow(themes);
    try {
        if (window->document_.open(file)) {
            rememberFolder(file);
            window->show();
            window->activateWindow();
            window->nodes_->view().setFocus();
            return window;
        }
    } catch (const std::exception& error) {
        QMessageBox::warning(&asker, tr("Edit ONNX model"), QString::fromUtf8(error.what()));
    }
    delete window;
    return nullptr;
}

QString OnnxWindow::ask(QWidget& window) {
    return askOpenFile(&window, tr("Edit ONNX model"), tr("ONNX models (*.onnx);;All files (*)"));
}

QWidget* OnnxWindow::makePorts() {
    auto* const ports = new QSplitter(Qt::Horizontal);
    ports->addWidget(titled(tr("Inputs"), *inputs_));
    ports->addWidget(titled(tr("Outputs"), *outputs_));
    ports->setChildrenCollapsible(false);
    return ports;
}

QWidget* OnnxWindow::makeNodes() {
    auto* const box = new QWidget;
    auto* const layout = new QVBoxLayout(box);
    layout->setContentsMargins(12, 8, 12, 8);
    layout->addWidget(nodes_, 1);
    // The same as in the menu, for those who look for buttons.
    auto* const buttons = new QHBoxLayout;
    for (QAction* const action : forNodes_) {
        if (!action->property("button").isValid())
            continue;
        auto* const button = new QPushButton(action->property("button").toString());
        button->setObjectName(action->objectName() + QStringLiteral("Button"));
        button->setToolTip(action->text());
        button->setEnabled(action->isEnabled());
        connect(button, &QPushButton::clicked, action, &QAction::trigger);
        connect(action, &QAction::enabledChanged, button, &QWidget::setEnabled);
        buttons->addWidget(button);
    }
    buttons->addStretch(1);
    layout->addLayout(buttons);
    return box;
}

QAction* OnnxWindow::add(QMenu& menu, const QString& text, const QString& keys,
                         const std::function<void()>& run, const char* name) {
    QAction* const made = menu.addAction(text);
    made->setObjectName(QLatin1String(name));
    made->setShortcut(QKeySequence(keys));
    connect(made, &QAction::triggered, this, [run] { run(); });
    return made;
}

void OnnxWindow::makeMenus() {
    QMenu& file = *menuBar()->addMenu(tr("&File"));
    add(
        file, tr("Open…"), QStringLiteral("Ctrl+O"), [this] { open(); }, "open");
    add(
        file, tr("Save"), QStringLiteral("Ctrl+S"), [this] { save(); }, "save");
    add(
        file, tr("Save as…"), QStringLiteral("Ctrl+Shift+S"), [this] { saveAs(); }, "saveAs");
    file.addSeparator();
    add(
        file, tr("Close window"), QStringLiteral("Ctrl+W"), [this] { close(); }, "close");

    QMenu& edit = *menuBar()->addMenu(tr("&Edit"));
    undo_ = add(
        edit, tr("Undo"), QStringLiteral("Ctrl+Z"), [this] { undo(); }, "undo");
    redo_ = add(
        edit, tr("Redo"), QStringLiteral("Ctrl+Shift+Z"), [this] { redo(); }, "redo");
    edit.addSeparator();
    add(
        edit, tr("Search nodes"), QStringLiteral("Ctrl+F"), [this] { nodes_->beginSearch(); },
        "search");

    QMenu& model = *menuBar()->addMenu(tr("&Model"));
    rename_ = add(
        model, tr("Rename the value…"), QStringLiteral("F2"), [this] { renameValue(); }, "rename");
    auto* const output = add(
        model, tr("Make this value an output"), QStringLiteral("Ctrl+U"), [this] { makeOutput(); },
        "makeOutput");
    auto* const keep = add(
        model, tr("Keep only the selected part"), QStringLiteral("Ctrl+Shift+K"),
        [this] { keepSelected(); }, "keep");
    auto* const remove = add(
        model, tr("Remove the nodes"), QStringLiteral("Del"), [this] { removeSelected(); },
        "remove");
    keep->setProperty("button", tr("Keep only these"));
    output->setProperty("button", tr("Make an output"));
    remove->setProperty("button", tr("Remove"));
    remove->setToolTip(tr("What reads a removed node then reads what that node reads first"));
    model.addSeparator();
    auto* const op = add(
        model, tr("Replace the operator…"), QStringLiteral("Ctrl+E"), [this] { replaceOperator(); },
        "operator");
    auto* const attribute = add(
        model, tr("Add an attribute…"), QStringLiteral("Ctrl+Shift+A"), [this] { addAttribute(); },
        "addAttribute");
    dropAttribute_ = add(
        model, tr("Remove the attribute"), QStringLiteral("Del"), [this] { removeAttribute(); },
        "removeAttribute");
    tensor_ = add(
        model, tr("Replace tensor from .npy…"), QStringLiteral("Ctrl+T"),
        [this] { replaceTensor(); }, "tensor");
    model.addSeparator();
    add(
        model, tr("Convert the operator set…"), QStringLiteral("Ctrl+Shift+O"),
        [this] { convertOpset(); }, "opset");
    model.addSeparator();
    add(
        model, tr("Compare with another model…"), QStringLiteral("Ctrl+D"), [this] { compare(); },
        "compare");
    // In their lists only: elsewhere these keys edit what is typed.
    for (QAction* const action : {rename_, remove, dropAttribute_})
        action->setShortcutContext(Qt::WidgetShortcut);
    forNodes_ = {keep, output, remove};
    forOne_ = {op, attribute};
    nodes_->view().addActions({rename_, output, keep, remove, op, attribute, tensor_});
    details_->values().addActions({rename_, output, tensor_});
    details_->attributes().addActions({attribute, dropAttribute_});
}

void OnnxWindow::connectPorts(PortTable& table, bool areInputs) {
    connect(&table.ports(), &PortModel::typed, this,
            [this, areInputs](int row, int column, const QString& text) {
                const auto& outline = document_.outline();
                const auto& port =
                    (areInputs ? outline.inputs : outline.outputs)[static_cast<std::size_t>(row)];
                if (column == PortModel::kPortName) {
                    OnnxChange change;
                    change.edits.renames = {{port.name, text.trimmed().toStdString()}};
                    change.text = tr("Rename %1 to %2").arg(qstr(port.name), text.trimmed());
                    perform(change);
                    return;
                }
                try {
                    if (const auto change = axisChange(
                            port, static_cast<std::size_t>(column - PortModel::kFirstAxis), text))
                        perform(*change);
                } catch (const Error& error) {
                    say(qstr(error.what()), true);
                }
            });
}

void OnnxWindow::refresh() {
    inputs_->setPorts(document_.outline().inputs);
    outputs_->setPorts(document_.outline().outputs);
    enable();
    refreshTitle();
}

void OnnxWindow::refreshTitle() {
    const QString file = document_.saved().isEmpty() ? document_.original() : document_.saved();
    setWindowTitle(QFileInfo(file).fileName() + tr("[*] - Edit ONNX model - Gradwright"));
    setWindowModified(document_.isModified());
    enable();
}

void OnnxWindow::enable() {
    const auto selected = nodes_->selected();
    for (QAction* const action : forNodes_)
        action->setEnabled(!selected.empty());
    for (QAction* const action : forOne_)
        action->setEnabled(selected.size() == 1);
    rename_->setEnabled(selected.size() == 1);
    tensor_->setEnabled(!subjectTensor().empty());
    dropAttribute_->setEnabled(!details_->chosenAttribute().empty());
    auto& steps = document_.steps();
    undo_->setEnabled(steps.canUndo());
    redo_->setEnabled(steps.canRedo());
    undo_->setText(steps.canUndo() ? tr("Undo: %1").arg(steps.undoText()) : tr("Undo"));
    redo_->setText(steps.canRedo() ? tr("Redo: %1").arg(steps.redoText()) : tr("Redo"));
}

void OnnxWindow::say(const QString& text, bool isProblem) {
    said_->setProperty("textRole", isProblem ? QVariant(QStringLiteral("error")) : QVariant());
    said_->style()->unpolish(said_);
    said_->style()->polish(said_);
    said_->setText(text);
}

QString OnnxWindow::said() const {
    return said_->text();
}

void OnnxWindow::closeEvent(QCloseEvent* event) {
    if (document_.isWorking()) { // a thread has the model; its dialog can be cancelled
        event->ignore();
        return;
    }
    if (!document_.isModified()) {
        event->accept();
        return;
    }
    const QString file = QFileInfo(document_.original()).fileName();
    const auto answer = QMessageBox::question(
        this, tr("Edit ONNX model"),
        tr("%1 has been edited and not saved. Save it before it is closed?").arg(file),
        QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Save);
    const bool mayClose = answer == QMessageBox::Discard || (answer == QMessageBox::Save && save());
    event->setAccepted(mayClose);
}

} // namespace gradwright

#include "moc_onnx_window.cpp"
