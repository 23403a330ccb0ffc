// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"
#include "ui/canvas/canvas_callout.h"
#include "ui/canvas/canvas_items.h"
#include "ui/canvas/canvas_selection.h"
#include "ui/document/graph_scope.h"
#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsScene>

namespace gradwright {

/// What commands and gestures on the canvas work with: the graph that is shown (the main one, or
/// that of a block which has been entered), its items, and what is selected.
class CanvasContext final : public QObject {
    Q_OBJECT

public:
    CanvasContext(QGraphicsScene& scene, ProjectDocument& document, const ThemeManager& themes);

    [[nodiscard]] QGraphicsScene& scene() const { return *scene_; }
    [[nodiscard]] ProjectDocument& document() const { return *document_; }
    [[nodiscard]] const Project& project() const { return document_->project(); }
    [[nodiscard]] const ThemeManager& themes() const { return *themes_; }
    [[nodiscard]] const GraphScope& scope() const { return scope_; }
    void setScope(GraphScope scope) { scope_ = std::move(scope); }
    /// The name of the graph that is shown.
    [[nodiscard]] const std::string& graphName() const { return scope_.graph; }
    [[nodiscard]] const Graph& graph() const { return project().network.graph(scope_.graph); }
    [[nodiscard]] Flow flow() const { return project().canvas.flow; }
    [[nodiscard]] const NodeAnalysis* analysisOf(NodeId id) const;

    [[nodiscard]] CanvasItems& items() { return items_; }
    [[nodiscard]] const CanvasItems& items() const { return items_; }
    [[nodiscard]] CanvasSelection& selection() { return selection_; }
    [[nodiscard]] const CanvasSelection& selection() const { return selection_; }
    [[nodiscard]] CanvasCallout& callout() { return callout_; }
    [[nodiscard]] const CanvasCallout& callout() const { return callout_; }

    /// Runs what may throw Error, and says in a hint why it did; whether it went through.
    template <class F>
    bool attempt(F run) {
        try {
            run();
            return true;
        } catch (const Error& error) {
            Q_EMIT hint(QString::fromUtf8(error.what()));
            return false;
        }
    }
    bool perform(const QString& title, const ProjectEdit& edit);
    void performMerged(const QString& title, const ProjectEdit& edit, const QString& key);

Q_SIGNALS:
    /// Why a gesture was refused or what it is about to do; empty when there is nothing to say.
    void hint(const QString& text);

private:
    QGraphicsScene* scene_;
    ProjectDocument* document_;
    const ThemeManager* themes_;
    GraphScope scope_;
    CanvasItems items_;
    CanvasSelection selection_;
    CanvasCallout callout_;
};

} // namespace gradwright
