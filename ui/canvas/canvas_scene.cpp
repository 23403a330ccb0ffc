// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_scene.h"

#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "ui/canvas/callout_item.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/node_looks.h"
#include "ui/theme/text.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QVariantAnimation>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr Point kPasteOffset{24, 24};
constexpr double kCalloutGap = 22;

} // namespace

CanvasScene::CanvasScene(ProjectDocument& document, const ThemeManager& themes, QObject* parent)
    : QGraphicsScene(parent)
    , document_(&document)
    , themes_(&themes) {
    setItemIndexMethod(NoIndex); // items move often; painting finds what is visible by its bounds
    connect(document_, &ProjectDocument::changed, this, &CanvasScene::onChanged);
    connect(themes_, &ThemeManager::changed, this, [this] { update(); });
    connect(this, &QGraphicsScene::selectionChanged, this, [this] {
        syncCallout();
        Q_EMIT nodesSelected();
    });
    onChanged(ProjectDocument::NetworkChange | ProjectDocument::ReplacedChange);
}

CanvasScene::~CanvasScene() {
    disconnect(this, nullptr, nullptr, nullptr);
    // The view may still ask for items while they go; the callout is one of them.
    callout_ = nullptr;
}

// ---- showing the document

void CanvasScene::onChanged(ProjectDocument::Changes what) {
    if (what.testFlag(ProjectDocument::ReplacedChange))
        provisional_.clear();
    if (what.testFlag(ProjectDocument::NetworkChange)) {
        syncItems();
        syncLooks();
    }
    if (what & (ProjectDocument::NetworkChange | ProjectDocument::CanvasChange)) {
        delete std::exchange(animation_, nullptr);
        syncFrames();
        syncPositions();
        routeLinks();
        syncCallout();
    }
    if (what.testFlag(ProjectDocument::NetworkChange))
        Q_EMIT nodesSelected(); // what is selected may have gone or changed
}

void CanvasScene::syncItems() {
    const Graph& graph = document_->project().network.main;
    const QSignalBlocker quiet(this);
    std::erase_if(links_, [&](const auto& entry) {
        const bool gone = graph.find(entry.first) == nullptr;
        if (gone)
            delete entry.second;
        return gone;
    });
    std::erase_if(nodes_, [&](const auto& entry) {
        const bool gone = graph.find(entry.first) == nullptr;
        if (gone)
            delete entry.second;
        return gone;
    });
    for (const auto& [id, node] : graph.nodes()) {
        if (nodes_.contains(id))
            continue;
        nodes_[id] = new NodeItem(id, *themes_);
        addItem(nodes_[id]);
    }
    for (const auto& [id, link] : graph.links()) {
        if (links_.contains(id))
            continue;
        links_[id] = new LinkItem(id, *themes_);
        addItem(links_[id]);
    }
}

void CanvasScene::syncLooks() {
    NodeLooks looks(document_->project().network, document_->analysis());
    for (const auto& [id, item] : nodes_)
        item->setLook(looks.node(id));
    for (const auto& [id, item] : links_) {
        const LinkLook look = looks.link(id);
        item->setLook(look.state, look.text);
    }
}

Point CanvasScene::positionOf(NodeId id) const {
    const auto& graphs = document_->project().canvas.positions;
    if (const auto graph = graphs.find(kMainGraph); graph != graphs.end())
        if (const auto at = graph->second.find(id); at != graph->second.end())
            return at->second;
    const auto at = provisional_.find(id);
    return at == provisional_.end() ? Point{} : at->second;
}

void CanvasScene::syncPositions() {
    provisionPositions();
    for (const auto& [id, item] : nodes_) {
        const Point at = positionOf(id);
        item->setPos(at.x, at.y);
    }
    // Room to scroll on every side.
    const QRectF content = contentRect();
    setSceneRect(content.adjusted(-2000, -2000, 2000, 2000));
}

void CanvasScene::syncCallout() {
    delete std::exchange(callout_, nullptr);
    const std::vector<NodeId> selected = selectedNodes();
    const Diagnostic* shown = nullptr;
    for (const Diagnostic& diagnostic : document_->analysis().diagnostics) {
        const Place& place = diagnostic.place;
        if (!place.graph.empty() || !place.node || !nodes_.contains(*place.node) ||
            diagnostic.severity != Severity::Error)
            continue;
        const bool isSelected = selected.size() == 1 && selected.front() == *place.node;
        if (shown == nullptr || isSelected)
            shown = &diagnostic;
        if (isSelected)
            break;
    }
    if (shown == nullptr)
        return;
    callout_ = new CalloutItem(*shown, *themes_);
    placeCallout(nodes_.at(*shown->place.node)->pos());
    addItem(callout_);
}

/// At the right of its node, or where nothing stands in the way.
void CanvasScene::placeCallout(QPointF node) {
    const QSizeF size = callout_->size();
    const double right = node.x() + metrics::kNodeWidth + kCalloutGap;
    const double left = node.x() - kCalloutGap - size.width();
    const double top = node.y() - 4;
    for (const QPointF at :
         {QPointF(right, top), QPointF(left, top), QPointF(right + metrics::kColumnPitch, top),
          QPointF(left - metrics::kColumnPitch, top)}) {
        if (!isFree(QRectF(at, size)))
            continue;
        callout_->setTail(at.x() < node.x() ? CalloutItem::Tail::Right : CalloutItem::Tail::Left);
        callout_->setPos(at);
        return;
    }
    callout_->setPos(right, top);
}

bool CanvasScene::isFree(const QRectF& rect) const {
    return std::ranges::none_of(nodes_, [&](const auto& entry) {
        return rect.intersects(metrics::nodeRect().translated(entry.second->pos()));
    });
}

// ---- selection

std::vector<NodeId> CanvasScene::selectedNodes() const {
    std::vector<NodeId> selected;
    for (const auto& [id, item] : nodes_)
        if (item->isSelected())
            selected.push_back(id);
    return selected;
}

void CanvasScene::selectNodes(const std::vector<NodeId>& nodes) {
    {
        const QSignalBlocker quiet(this);
        clearSelection();
        for (const NodeId id : nodes)
            if (const auto at = nodes_.find(id); at != nodes_.end())
                at->second->setSelected(true);
    }
    Q_EMIT selectionChanged();
}

void CanvasScene::selectAll() {
    std::vector<NodeId> all;
    for (const auto& [id, item] : nodes_)
        all.push_back(id);
    selectNodes(all);
}

const NodeItem* CanvasScene::nodeItem(NodeId id) const {
    const auto at = nodes_.find(id);
    return at == nodes_.end() ? nullptr : at->second;
}

const LinkItem* CanvasScene::linkItem(LinkId id) const {
    const auto at = links_.find(id);
    return at == links_.end() ? nullptr : at->second;
}

QRectF CanvasScene::contentRect(bool selectedOnly) const {
    QRectF all;
    for (const auto& [id, item] : nodes_)
        if (!selectedOnly || item->isSelected())
            all |= metrics::nodeRect().translated(item->pos());
    for (const auto& [id, item] : frames_)
        if (!selectedOnly || item->isSelected())
            all |= item->sceneRect();
    return all;
}

// ---- edits

bool CanvasScene::perform(const QString& title, const ProjectEdit& edit) {
    try {
        document_->perform(title, edit);
        return true;
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
        return false;
    }
}

void CanvasScene::addLayer(const std::string& layer, std::optional<QPointF> center) {
    const Project& project = document_->project();
    const std::vector<NodeId> selected = selectedNodes();
    std::optional<LinkId> into;
    std::optional<NodeId> after;
    QPointF corner;
    if (center) {
        corner = *center - metrics::nodeRect().center();
        if (const LinkItem* const link = linkAt(*center))
            into = link->id();
    } else if (selected.size() == 1) {
        corner = nodes_.at(selected.front())->pos() + QPointF(0, metrics::kRowPitch);
        const auto& ids = project.network.main.linksOf(selected.front());
        const bool feeds = std::ranges::any_of(ids, [&](LinkId id) {
            return project.network.main.find(id)->from.node == selected.front();
        });
        if (!feeds && nodes_.at(selected.front())->look().outputs > 0)
            after = selected.front();
    } else if (!nodes_.empty()) {
        const QRectF content = contentRect();
        corner = {content.left(), content.bottom() + metrics::kRowPitch - metrics::kNodeHeight};
    }
    const auto occupied = [&] {
        return std::ranges::any_of(nodes_, [&](const auto& entry) {
            return QRectF(corner, metrics::nodeRect().size())
                .intersects(metrics::nodeRect().translated(entry.second->pos()));
        });
    };
    while (!center && occupied())
        corner.rx() += metrics::kColumnPitch;
    const Addition added = gradwright::addLayer(
        project, layer, {metrics::onGrid(corner.x()), metrics::onGrid(corner.y())}, into, after);
    if (perform(tr("Add %1").arg(qstr(findLayer(layer)->title)), added.edit))
        selectNodes(added.nodes);
}

void CanvasScene::addLinkedLayer(const std::string& layer, QPointF center, const Port& port) {
    const QPointF corner = center - metrics::nodeRect().center();
    const Addition added = gradwright::addLinkedLayer(
        document_->project(), layer, {metrics::onGrid(corner.x()), metrics::onGrid(corner.y())},
        port.ref, port.isInput);
    if (perform(tr("Add %1").arg(qstr(findLayer(layer)->title)), added.edit))
        selectNodes(added.nodes);
}

bool CanvasScene::fits(const LayerDef& layer, const std::optional<Port>& port) const {
    if (layer.insideBlocksOnly)
        return false;
    if (!port)
        return true;
    if (port->isInput)
        return layer.hasOutput;
    if (layer.maxInputs == 0)
        return false;
    const Node* const node = document_->project().network.main.find(port->ref.node);
    const Analysis& analysis = document_->analysis();
    if (node == nullptr || node->blockUse() != nullptr || layer.minInputs > 1)
        return true; // what arrives is not one shape
    const NodeAnalysis& source = analysis.nodes[analysis.indexOf(node->name)];
    if (source.state != ShapeState::Known || layer.infer == nullptr)
        return true;
    const ParamValues standard;
    const Inferred inferred =
        layer.infer({Params(layer.params, standard), std::span(&source.output, 1)});
    return std::holds_alternative<Shape>(inferred);
}

void CanvasScene::renameNode(NodeId id, const QString& name) {
    perform(tr("Rename"), {NetworkEdit{RenameNode{kMainGraph, id, name.toStdString()}}});
}

void CanvasScene::removeSelection() {
    std::vector<LinkId> links;
    for (const auto& [id, item] : links_)
        if (item->isSelected())
            links.push_back(id);
    const std::vector<NodeId> nodes = selectedNodes();
    const std::vector<FrameId> frames = selectedFrames();
    if (nodes.empty() && links.empty() && frames.empty())
        return;
    const QString title = nodes.size() == 1  ? tr("Delete layer")
                          : nodes.size() > 1 ? tr("Delete %1 layers").arg(nodes.size())
                          : links.empty()    ? tr("Delete frame")
                                             : tr("Delete link");
    ProjectEdit::Group group;
    if (!nodes.empty() || !links.empty())
        group.push_back(removeItems(document_->project(), nodes, links));
    for (const FrameId frame : frames)
        group.push_back({SetFrame{frame, std::nullopt}});
    perform(title, {std::move(group)});
}

void CanvasScene::copySelection() const {
    const std::vector<NodeId> nodes = selectedNodes();
    if (!nodes.empty())
        QGuiApplication::clipboard()->setText(qstr(copyNodes(document_->project(), nodes)));
}

void CanvasScene::cutSelection() {
    copySelection();
    removeSelection();
}

void CanvasScene::pasteText(const std::string& text, Point offset, const QString& title) {
    try {
        const Addition added = pasteNodes(document_->project(), text, offset);
        document_->perform(title, added.edit);
        selectNodes(added.nodes);
    } catch (const Error& error) {
        Q_EMIT hint(QString::fromUtf8(error.what()));
    }
}

void CanvasScene::paste() {
    pasteText(QGuiApplication::clipboard()->text().toStdString(), kPasteOffset, tr("Paste"));
}

void CanvasScene::duplicateSelection() {
    const std::vector<NodeId> nodes = selectedNodes();
    if (!nodes.empty())
        pasteText(copyNodes(document_->project(), nodes), kPasteOffset, tr("Duplicate"));
}

void CanvasScene::moveSelection(QPointF by) {
    MoveNodes move{kMainGraph, {}};
    for (const NodeId id : selectedNodes()) {
        const Point at = positionOf(id);
        move.to[id] = Point{metrics::onGrid(at.x + by.x()), metrics::onGrid(at.y + by.y())};
    }
    if (!move.to.empty())
        perform(tr("Move"), {std::move(move)});
}

} // namespace gradwright
