// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/report/layer_table.h"
#include "ui/theme/theme_manager.h"

#include <QList>
#include <QWidget>

class QAction;
class QSortFilterProxyModel;
class QTableView;

namespace gradwright {

class LayerModel;

/// Every layer with its shapes and its cost, sortable, and linked with the selection on the canvas.
class LayerReport final : public QWidget {
    Q_OBJECT
public:
    LayerReport(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

    /// For menus: copying and saving the table.
    [[nodiscard]] const QList<QAction*>& tableActions() const { return actions_; }
    /// Shows which nodes of the main graph are selected, without a signal.
    void setSelected(const std::vector<NodeId>& nodes);
    /// Written as the file's ending says: ".md" as Markdown, else CSV. Throws Error.
    void save(const QString& file) const;

    [[nodiscard]] QTableView& table() { return *table_; }

Q_SIGNALS:
    /// The user selected rows: the nodes of the main graph that they belong to.
    void nodesChosen(const std::vector<gradwright::NodeId>& nodes);
    void hint(const QString& text);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void refresh();
    void showSelected();
    void announce();
    void saveAs();
    void copy();
    [[nodiscard]] std::vector<LayerRow> currentRows() const;

    ProjectDocument* document_;
    LayerModel* model_;
    QSortFilterProxyModel* sorted_;
    QTableView* table_;
    QList<QAction*> actions_;
    std::vector<NodeId> selected_;
    bool stale_ = true;  ///< the network has changed since the table was filled
    bool quiet_ = false; ///< the selection follows the canvas just now
};

} // namespace gradwright
