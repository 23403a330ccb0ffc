// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_context.h"

namespace gradwright {

CanvasContext::CanvasContext(QGraphicsScene& scene, ProjectDocument& document,
                             const ThemeManager& themes)
    : scene_(&scene)
    , document_(&document)
    , themes_(&themes)
    , items_(scene, *this)
    , selection_(scene, items_)
    , callout_(*this) {}

const NodeAnalysis* CanvasContext::analysisOf(NodeId id) const {
    const Node* const node = graph().find(id);
    return node != nullptr ? gradwright::analysisOf(document_->analysis(), scope_, *node) : nullptr;
}

bool CanvasContext::perform(const QString& title, const ProjectEdit& edit) {
    return attempt([&] { document_->perform(title, edit); });
}

void CanvasContext::performMerged(const QString& title, const ProjectEdit& edit,
                                  const QString& key) {
    attempt([&] { document_->performMerged(title, edit, key); });
}

} // namespace gradwright

#include "moc_canvas_context.cpp"
