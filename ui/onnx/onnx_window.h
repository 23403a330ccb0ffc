// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/onnx/onnx_document.h"
#include "ui/onnx/port_edits.h"
#include "ui/theme/theme_manager.h"

#include <QMainWindow>

#include <functional>
#include <vector>

class QAction;
class QLabel;
class QMenu;

namespace gradwright {

class NodeDetails;
class NodeList;
class PortTable;

/// Edits an ONNX model as the file it is, by the same functions as `gradwright-cli edit`: what is
/// not touched stays to the bit.
class OnnxWindow final : public QMainWindow {
    Q_OBJECT
public:
    explicit OnnxWindow(ThemeManager& themes);

    /// A window for the file, or the one that has it open already. What cannot be read is told over
    /// `asker`; then there is none.
    static OnnxWindow* openFile(ThemeManager& themes, const QString& file, QWidget& asker);
    /// The dialog for a file to edit; empty when it was cancelled.
    [[nodiscard]] static QString ask(QWidget& window);

    [[nodiscard]] OnnxDocument& document() { return document_; }
    [[nodiscard]] NodeList& nodes() { return *nodes_; }
    [[nodiscard]] NodeDetails& details() { return *details_; }
    [[nodiscard]] PortTable& inputs() { return *inputs_; }
    [[nodiscard]] PortTable& outputs() { return *outputs_; }
    /// What was said last.
    [[nodiscard]] QString said() const;

protected:
    void closeEvent(QCloseEvent* event) override;

private:
    void makeMenus();
    QAction* add(QMenu& menu, const QString& text, const QString& keys,
                 const std::function<void()>& run, const char* name);
    QWidget* makePorts();
    QWidget* makeNodes();
    void connectPorts(PortTable& table, bool areInputs);
    void refresh();
    void refreshTitle();
    void enable();
    void say(const QString& text, bool isProblem = false);

    // The actions; each makes one step.
    void open();
    bool save();
    bool saveAs();
    bool saveTo(const QString& file);
    void undo();
    void redo();
    void renameValue();
    void keepSelected();
    void makeOutput();
    void removeSelected();
    void replaceOperator();
    void addAttribute();
    void removeAttribute();
    void typeAttribute(const QString& attribute, const QString& value);
    void replaceTensor();
    void convertOpset();
    void compare();
    /// Says what is against the step, or `done`.
    bool perform(const OnnxChange& change);
    [[nodiscard]] std::vector<std::string> selectedKeys() const;
    /// The value that an action is about: the chosen one, or what the node makes first.
    [[nodiscard]] std::string subject() const;
    [[nodiscard]] std::string subjectTensor() const;

    ThemeManager* themes_;
    OnnxDocument document_;
    PortTable* inputs_;
    PortTable* outputs_;
    NodeList* nodes_;
    NodeDetails* details_;
    QLabel* said_;
    QAction* undo_ = nullptr;
    QAction* redo_ = nullptr;
    std::vector<QAction*> forNodes_; ///< those that need a selected node
    std::vector<QAction*> forOne_;   ///< those that need exactly one
    QAction* tensor_ = nullptr;
    QAction* dropAttribute_ = nullptr;
    QAction* rename_ = nullptr;
};

} // namespace gradwright
