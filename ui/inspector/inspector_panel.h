// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QPointer>
#include <QWidget>

#include <map>
#include <string>
#include <vector>

class QLabel;
class QLineEdit;
class QScrollArea;
class QToolButton;
class QVBoxLayout;

namespace gradwright {

class ActivationPlot;
class ParamEditor;

/// What is selected: a layer's parameters as a form made from their declarations, its shapes and
/// its cost; without a selection, the network's totals.
class InspectorPanel final : public QWidget {
    Q_OBJECT
public:
    InspectorPanel(ProjectDocument& document, const ThemeManager& themes,
                   QWidget* parent = nullptr);

    void setNodes(std::vector<NodeId> nodes);
    /// The editor of a parameter of the node shown, or nullptr.
    [[nodiscard]] ParamEditor* editor(const std::string& param) const;
    void focusFirstField();

private:
    struct Row {
        ParamEditor* editor = nullptr;
        QToolButton* reset = nullptr;
        QLabel* problem = nullptr;
    };

    void rebuild();
    void refresh();
    void buildNode(const Node& node);
    void buildSummary();
    void addHeader(const Node& node, const LayerDef& layer);
    void addName(const Node& node);
    void addParam(const ParamSpec& spec);
    void addActivation(const LayerDef& layer, const Node& node);
    void addFigure(const QString& name, const QString& value);
    void addSection(const QString& title);
    QString shapesOf(NodeId node) const;

    void setParam(const ParamSpec& spec, const std::optional<ParamValue>& value);
    void rename();
    [[nodiscard]] const Node* shownNode() const;
    [[nodiscard]] const LayerDef* shownLayer() const;
    [[nodiscard]] std::vector<std::string> visibleParams() const;

    ProjectDocument* document_;
    const ThemeManager* themes_;
    std::vector<NodeId> nodes_;
    QScrollArea* scroll_;
    QVBoxLayout* content_ = nullptr;

    // Of what is built now.
    std::vector<std::string> built_;
    std::string builtLayer_;
    std::map<std::string, Row> rows_;
    QLineEdit* name_ = nullptr;
    QLabel* nameProblem_ = nullptr;
    QLabel* shapes_ = nullptr;
    ActivationPlot* plot_ = nullptr;
    std::vector<QLabel*> figures_;
};

} // namespace gradwright
