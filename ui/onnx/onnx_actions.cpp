// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the actions of the window for ONNX models do.
#include "engine/io/npy.h"
#include "engine/layers/onnx_node.h"
#include "engine/onnx/node_ops.h"
#include "engine/support/error.h"
#include "ui/forms/file_dialogs.h"
#include "ui/forms/long_work.h"
#include "ui/forms/save_dialog.h"
#include "ui/onnx/ask_text.h"
#include "ui/onnx/differences_dialog.h"
#include "ui/onnx/node_details.h"
#include "ui/onnx/node_list.h"
#include "ui/onnx/onnx_window.h"
#include "ui/theme/counted_text.h"

#include <QDir>
#include <QFileInfo>
#include <QInputDialog>
#include <QMessageBox>

#include <algorithm>

namespace gradwright {
namespace {

constexpr qsizetype kMostChangesSaid = 6;

/// "relu", "relu and flat", "5 nodes".
QString namesOf(const std::vector<const OnnxOutline::Node*>& nodes) {
    if (nodes.size() > 2)
        return OnnxWindow::tr("%1 nodes").arg(fullNumber(std::ssize(nodes)));
    QStringList names;
    for (const auto* const node : nodes)
        names << qstr(node->title());
    return names.join(OnnxWindow::tr(" and "));
}

} // namespace

bool OnnxWindow::perform(const OnnxChange& change) {
    const QString problem = document_.apply(change.edits, change.text);
    if (!problem.isEmpty()) {
        say(problem, true);
        refresh();
        details_->show(nodes_->selected()); // as the model has it
        return false;
    }
    say(tr("Done: %1.").arg(change.text));
    return true;
}

std::vector<std::string> OnnxWindow::selectedKeys() const {
    std::vector<std::string> keys;
    for (const auto* const node : nodes_->selected()) {
        if (node->key.empty())
            throw Error(
                "several nodes are called \"{}\", so that none of them can be named: rename "
                "what they make first",
                node->title());
        keys.push_back(node->key);
    }
    return keys;
}

std::string OnnxWindow::subject() const {
    const auto selected = nodes_->selected();
    if (selected.size() != 1)
        return {};
    if (const auto chosen = details_->chosenValue(); !chosen.empty())
        return chosen;
    const auto& outputs = selected.front()->outputs;
    return outputs.empty() ? std::string() : outputs.front();
}

/// The chosen one, or the only one that the node reads.
std::string OnnxWindow::subjectTensor() const {
    const auto selected = nodes_->selected();
    if (selected.size() != 1)
        return {};
    const auto& outline = document_.outline();
    if (const auto chosen = details_->chosenValue(); !chosen.empty())
        return outline.constantOf(chosen) != nullptr ? chosen : std::string();
    std::string found;
    for (const auto& name : selected.front()->inputs)
        if (outline.constantOf(name) != nullptr) {
            if (!found.empty())
                return {};
            found = name;
        }
    return found;
}

void OnnxWindow::open() {
    if (const QString file = ask(*this); !file.isEmpty())
        openFile(*themes_, file, *this);
}

bool OnnxWindow::save() {
    return document_.saved().isEmpty() ? saveAs() : saveTo(document_.saved());
}

/// The file dialog asks before it takes a name that is there.
bool OnnxWindow::saveAs() {
    const QFileInfo original(document_.original());
    const QString proposal =
        document_.saved().isEmpty()
            ? original.dir().filePath(original.completeBaseName() + tr("-edited.onnx"))
            : document_.saved();
    const QString ending = QStringLiteral(".onnx");
    const QString file = askSaveFile(this, tr("Save the edited model"), proposal,
                                     {tr("ONNX models (*%1)").arg(ending)}, {ending});
    if (file.isEmpty())
        return false;
    if (QFileInfo(file) == original &&
        QMessageBox::warning(this, tr("Save the edited model"),
                             tr("%1 is the model that is being edited. Once it is replaced, what "
                                "was changed can only be taken back while this window is open.")
                                 .arg(original.fileName()),
                             QMessageBox::Save | QMessageBox::Cancel,
                             QMessageBox::Cancel) != QMessageBox::Save)
        return false;
    return saveTo(file);
}

bool OnnxWindow::saveTo(const QString& file) {
    try {
        const auto written = document_.save(file);
        if (!written) {
            say(tr("Saving was cancelled; nothing was written."), true);
            return false;
        }
        QString text = tr("Saved %1, %2.")
                           .arg(QFileInfo(file).fileName(),
                                countedText(static_cast<std::int64_t>(written->nodes), tr("1 node"),
                                            tr("%1 nodes")));
        QStringList changes = document_.changes();
        const auto all = changes.size();
        if (all > kMostChangesSaid)
            changes = changes.mid(all - kMostChangesSaid);
        if (all > 0)
            text += u' ' + tr("Changed: %1").arg(changes.join(QStringLiteral("; ")));
        if (all > kMostChangesSaid)
            text += tr("; and %1 more before").arg(all - kMostChangesSaid);
        if (all > 0)
            text += tr(". All else is as it was, to the bit.");
        for (const auto& missing : written->missing)
            text += u' ' + tr("It needs %1 beside it, which lies beside %2.")
                               .arg(qstr(missing), QFileInfo(document_.original()).fileName());
        say(text);
        return true;
    } catch (const std::exception& error) {
        say(tr("Nothing was written: %1").arg(QString::fromUtf8(error.what())), true);
        return false;
    }
}

void OnnxWindow::undo() {
    const QString text = document_.steps().undoText();
    const QString problem = document_.undo();
    say(problem.isEmpty() ? tr("Taken back: %1.").arg(text) : problem, !problem.isEmpty());
}

void OnnxWindow::redo() {
    const QString text = document_.steps().redoText();
    const QString problem = document_.redo();
    say(problem.isEmpty() ? tr("Done: %1.").arg(text) : problem, !problem.isEmpty());
}

void OnnxWindow::renameValue() {
    const auto name = subject();
    if (name.empty()) {
        say(tr("The node makes nothing that has a name."), true);
        return;
    }
    askTexts(
        *this,
        {tr("Rename the value"), tr("Rename"), {tr("Name of %1").arg(qstr(name))}, {qstr(name)}},
        [&](const QStringList& answers) -> QString {
            OnnxChange change;
            change.edits.renames = {{name, answers.first().toStdString()}};
            change.text = tr("Rename %1 to %2").arg(qstr(name), answers.first());
            return perform(change) ? QString() : said();
        });
}

void OnnxWindow::keepSelected() {
    try {
        OnnxChange change;
        change.edits.keptNodes = selectedKeys();
        change.text = tr("Keep only %1").arg(namesOf(nodes_->selected()));
        perform(change);
    } catch (const Error& error) {
        say(qstr(error.what()), true);
    }
}

void OnnxWindow::makeOutput() {
    OnnxChange change;
    if (const auto name = subject(); !name.empty()) {
        change.edits.outputs = {name};
        change.text = tr("Make %1 an output").arg(qstr(name));
    } else {
        for (const auto* const node : nodes_->selected())
            if (!node->outputs.empty() && !node->outputs.front().empty())
                change.edits.outputs.push_back(node->outputs.front());
        change.text = tr("Make %1 outputs").arg(fullNumber(std::ssize(change.edits.outputs)));
    }
    if (change.edits.outputs.empty())
        say(tr("The node makes nothing that has a name."), true);
    else
        perform(change);
}

void OnnxWindow::removeSelected() {
    try {
        OnnxChange change;
        change.edits.removedNodes = selectedKeys();
        change.text = tr("Remove %1").arg(namesOf(nodes_->selected()));
        perform(change);
    } catch (const Error& error) {
        say(qstr(error.what()), true);
    }
}

void OnnxWindow::replaceOperator() {
    try {
        const auto key = selectedKeys().front();
        const auto before = nodes_->selected().front()->op;
        const auto domain = nodes_->selected().front()->domain;
        const QString title = qstr(nodes_->selected().front()->title());
        askTexts(*this,
                 {tr("Replace the operator"),
                  tr("Replace"),
                  {tr("Operator of %1").arg(title)},
                  {qstr(before)}},
                 [&](const QStringList& answers) -> QString {
                     const auto op = answers.first().toStdString();
                     if (op.empty())
                         return tr("A node needs an operator, such as Relu.");
                     OnnxChange change;
                     change.edits.operators = {{key, op}};
                     change.text =
                         tr("Make %1 a %2 instead of a %3").arg(title, qstr(op), qstr(before));
                     if (!perform(change))
                         return said();
                     if (!isOnnxOperatorKnown(domain, op))
                         say(tr("%1. Gradwright does not know that operator; the file has it as it "
                                "is written.")
                                 .arg(change.text));
                     return {};
                 });
    } catch (const Error& error) {
        say(qstr(error.what()), true);
    }
}

void OnnxWindow::addAttribute() {
    try {
        const auto key = selectedKeys().front();
        const QString title = qstr(nodes_->selected().front()->title());
        askTexts(*this,
                 {tr("Add an attribute to %1").arg(title),
                  tr("Add"),
                  {tr("Name"), tr("Value: 1, 1.0, text, [0, 1]")},
                  {}},
                 [&](const QStringList& answers) -> QString {
                     if (answers[0].isEmpty() || answers[1].isEmpty())
                         return tr("An attribute needs a name and a value.");
                     OnnxChange change;
                     change.edits.attributes = {
                         {key, answers[0].toStdString(), answers[1].toStdString()}};
                     change.text = tr("Set %1 of %2 to %3").arg(answers[0], title, answers[1]);
                     return perform(change) ? QString() : said();
                 });
    } catch (const Error& error) {
        say(qstr(error.what()), true);
    }
}

void OnnxWindow::typeAttribute(const QString& attribute, const QString& value) {
    try {
        const auto keys = selectedKeys();
        if (keys.size() != 1)
            return;
        const QString title = qstr(nodes_->selected().front()->title());
        OnnxChange change;
        change.edits.attributes = {
            {keys.front(), attribute.toStdString(), value.trimmed().toStdString()}};
        change.text = value.trimmed().isEmpty()
                          ? tr("Remove %1 of %2").arg(attribute, title)
                          : tr("Set %1 of %2 to %3").arg(attribute, title, value.trimmed());
        perform(change);
    } catch (const Error& error) {
        say(qstr(error.what()), true);
    }
}

void OnnxWindow::removeAttribute() {
    if (const auto attribute = details_->chosenAttribute(); !attribute.empty())
        typeAttribute(qstr(attribute), {});
}

void OnnxWindow::replaceTensor() {
    const auto name = subjectTensor();
    if (name.empty()) {
        say(tr("Choose a tensor in the list at the right first."), true);
        return;
    }
    const QString file = askOpenFile(this, tr("Replace %1").arg(qstr(name)),
                                     tr("NumPy arrays (*.npy);;All files (*)"));
    if (file.isEmpty())
        return;
    try {
        OnnxChange change;
        std::optional<Tensor> values;
        workWithProgress(*this, tr("Reading the array…"),
                         [&](const std::stop_token& stop, const std::function<void(double)>&) {
                             auto read = readNpy(file.toStdString());
                             if (!stop.stop_requested())
                                 values = std::move(read);
                         });
        if (!values)
            return;
        change.edits.constants.emplace(name, *std::move(values));
        change.text = tr("Replace %1 from %2").arg(qstr(name), QFileInfo(file).fileName());
        perform(change);
    } catch (const std::exception& error) {
        say(QString::fromUtf8(error.what()), true);
    }
}

void OnnxWindow::convertOpset() {
    const auto now = document_.outline().opset;
    QStringList later;
    for (auto set = now + 1; set <= kLastReadOpset; ++set)
        later << QString::number(set);
    if (later.isEmpty()) {
        say(tr("The model has the latest operator set already, %1.").arg(now), true);
        return;
    }
    bool isChosen = false;
    const QString chosen = QInputDialog::getItem(
        this, tr("Convert the operator set"),
        tr("The model has operator set %1. Bring it to:").arg(now), later, 0, false, &isChosen);
    if (!isChosen)
        return;
    OnnxChange change;
    change.edits.opset = chosen.toLongLong();
    change.text = tr("Convert operator set %1 to %2").arg(now).arg(chosen);
    perform(change);
}

/// The model as it is now, edits included, beside the one of a file: that which it was made of,
/// too.
void OnnxWindow::compare() {
    const QString file = askOpenFile(this, tr("Compare with another model"),
                                     tr("ONNX models (*.onnx);;All files (*)"));
    if (file.isEmpty())
        return;
    try {
        const auto found = document_.differencesFrom(file);
        if (!found)
            return;
        rememberFolder(file);
        QString own = QFileInfo(document_.original()).fileName();
        if (document_.isModified())
            own = tr("%1, edited").arg(own);
        DifferencesDialog(*found, own, QFileInfo(file).fileName(), this).exec();
    } catch (const std::exception& error) {
        say(QString::fromUtf8(error.what()), true);
    }
}

} // namespace gradwright
