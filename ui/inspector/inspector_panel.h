// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/graph_scope.h"
#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

class QLabel;
class QLineEdit;
class QScrollArea;
class QVBoxLayout;

namespace gradwright {

class ActivationPlot;
class ParamEditor;
class ParamRow;
class Section;
class Subject;
class WindowPicture;

/// What is selected: the parameters of a layer, or those that several have in common, as a form
/// made from their declarations, with shapes, pictures, cost and documentation; without a
/// selection, the network's totals.
class InspectorPanel final : public QWidget {
    Q_OBJECT
public:
    InspectorPanel(ProjectDocument& document, const ThemeManager& themes,
                   QWidget* parent = nullptr);

    /// Shows nodes of the main graph, or of a block as it was entered.
    void setNodes(std::vector<NodeId> nodes, GraphScope scope = {});
    /// The editor of a parameter of what is shown, or nullptr.
    [[nodiscard]] ParamEditor* editor(const std::string& param) const;
    void focusFirstField();

private:
    [[nodiscard]] Subject subject() const;
    /// What the form was built for: it is built again when this changes.
    [[nodiscard]] std::vector<std::string> outline(const Subject& subject) const;

    void rebuild();
    void refresh();
    void build(const Subject& subject);
    void buildTotals();
    void addHead(const Subject& subject);
    void addName(const Node& node);
    void addParams(const Subject& subject);
    void addRow(Section& section, const ParamSpec& spec);
    void addPictures(const Subject& subject);
    void addCost(const Subject& subject);
    /// The value of a figure, also for screen readers.
    void showFigure(std::size_t index, const QString& text);
    /// `place` of the glossary; empty: none.
    void addFigure(Section& section, const QString& name, std::string_view place);
    Section* addSection(const QString& title, bool open = true);

    void showPictures(const Subject& subject);
    void showCost(const Subject& subject);

    void setParam(const ParamSpec& spec, const std::optional<ParamValue>& value);
    void rename();

    ProjectDocument* document_;
    const ThemeManager* themes_;
    GraphScope scope_;
    std::vector<NodeId> nodes_;
    QScrollArea* scroll_;
    std::map<QString, bool> open_; ///< sections that the user has folded or unfolded

    // What is built now.
    QVBoxLayout* content_ = nullptr;
    std::vector<std::string> outline_;
    std::vector<std::string> order_; ///< keys of rows_ as they stand
    std::map<std::string, ParamRow*> rows_;
    QLineEdit* name_ = nullptr;
    QLabel* nameProblem_ = nullptr;
    QLabel* shapes_ = nullptr;
    ActivationPlot* plot_ = nullptr;
    Section* plotSection_ = nullptr;
    WindowPicture* window_ = nullptr;
    Section* windowSection_ = nullptr;
    std::vector<std::pair<QString, QLabel*>> figures_;
};

} // namespace gradwright
