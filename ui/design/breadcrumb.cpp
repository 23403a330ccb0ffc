// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/design/breadcrumb.h"

#include "ui/canvas/canvas_scene.h"
#include "ui/theme/text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace gradwright {

namespace {

constexpr int kLongest = 220; // px of a name

} // namespace

Breadcrumb::Breadcrumb(ProjectDocument& document, CanvasScene& scene, QWidget* parent)
    : QWidget(parent)
    , document_(&document)
    , scene_(&scene)
    , row_(new QHBoxLayout(this)) {
    row_->setContentsMargins(0, 0, 0, 0);
    row_->setSpacing(6);
    setAccessibleName(tr("Path to the graph that is shown"));
    connect(document_, &ProjectDocument::fileChanged, this, &Breadcrumb::rebuild);
    connect(scene_, &CanvasScene::scopeChanged, this, &Breadcrumb::rebuild);
    rebuild();
}

void Breadcrumb::rebuild() {
    while (QLayoutItem* const item = row_->takeAt(0)) {
        // A button may be what brought us here.
        if (QWidget* const widget = item->widget()) {
            widget->hide();
            widget->deleteLater();
        }
        delete item;
    }
    const Network& network = document_->project().network;
    const std::vector<NodeId>& way = scene_->scope().instances;
    auto* const name =
        new QLabel(fontMetrics().elidedText(document_->displayName(), Qt::ElideMiddle, kLongest));
    name->setTextFormat(Qt::PlainText);
    name->setProperty("textRole", QStringLiteral("section"));
    row_->addWidget(name);
    add(tr("Main network"), 0, way.empty());
    std::string graph;
    for (std::size_t i = 0; i < way.size(); ++i) {
        const Node& node = *network.graph(graph).find(way[i]);
        graph = node.blockUse()->block;
        add(qstr(graph), i + 1, i + 1 == way.size());
    }
}

void Breadcrumb::add(const QString& text, std::size_t depth, bool isLast) {
    auto* const arrow = new QLabel(QStringLiteral("›"));
    arrow->setProperty("textRole", QStringLiteral("muted"));
    row_->addWidget(arrow);
    const QString shown = fontMetrics().elidedText(text, Qt::ElideMiddle, kLongest);
    if (isLast) {
        auto* const here = new QLabel(shown);
        here->setTextFormat(Qt::PlainText);
        here->setProperty("textRole", QStringLiteral("muted"));
        row_->addWidget(here);
        return;
    }
    auto* const button = new QPushButton(shown);
    button->setObjectName(QStringLiteral("crumb%1").arg(depth));
    button->setProperty("kind", QStringLiteral("link"));
    button->setCursor(Qt::PointingHandCursor);
    button->setFocusPolicy(Qt::TabFocus);
    button->setToolTip(tr("Back to %1").arg(text));
    connect(button, &QPushButton::clicked, this, [this, depth] { scene_->leaveTo(depth); });
    row_->addWidget(button);
}

} // namespace gradwright

#include "moc_breadcrumb.cpp"
