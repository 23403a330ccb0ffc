// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"

#include <QWidget>

class QHBoxLayout;

namespace gradwright {

class CanvasScene;

/// The way to the graph that is shown: the project, then the blocks that have been entered.
class Breadcrumb final : public QWidget {
    Q_OBJECT
public:
    Breadcrumb(ProjectDocument& document, CanvasScene& scene, QWidget* parent = nullptr);

private:
    void rebuild();
    void add(const QString& text, std::size_t depth, bool isLast);

    ProjectDocument* document_;
    CanvasScene* scene_;
    QHBoxLayout* row_;
};

} // namespace gradwright
