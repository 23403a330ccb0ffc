// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/callout_item.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/theme/text.h"

#include <QSignalBlocker>

#include <algorithm>
#include <cmath>
#include <limits>

// What keys do with the selection.
namespace gradwright {

namespace {

constexpr double kLeastAside = 8; // px that a node must lie to the side of another
constexpr double kAcross = 2;     // a step sideways should not climb

} // namespace

void CanvasScene::walk(Qt::Key arrow, bool extend) {
    const Graph& shown = graph();
    std::vector<NodeId> selected = selectedNodes();
    if (selected.empty()) {
        const auto first = std::ranges::min_element(
            nodes_, {}, [](const auto& entry) { return entry.second->y(); });
        if (first != nodes_.end())
            selectNodes({first->first});
        return;
    }
    const bool stands = walker_ && std::ranges::find(selected, *walker_) != selected.end();
    const NodeId here = stands ? *walker_ : selected.back();
    const QPointF at = nodes_.at(here)->pos();
    std::vector<NodeId> candidates;
    const bool down = flow() == Flow::Down;
    const Qt::Key with = down ? Qt::Key_Down : Qt::Key_Right;
    const Qt::Key against = down ? Qt::Key_Up : Qt::Key_Left;
    const bool back = arrow == Qt::Key_Left || arrow == Qt::Key_Up;
    if (arrow == with || arrow == against) {
        for (const LinkId id : shown.linksOf(here)) {
            const Link& link = *shown.find(id);
            if (arrow == with && link.from.node == here)
                candidates.push_back(link.to.node);
            if (arrow == against && link.to.node == here)
                candidates.push_back(link.from.node);
        }
    } else {
        for (const auto& [id, item] : nodes_) {
            const double by = down ? item->x() - at.x() : item->y() - at.y();
            if (back ? by < -kLeastAside : by > kLeastAside)
                candidates.push_back(id);
        }
    }
    const auto distance = [&](NodeId id) {
        const QPointF by = nodes_.at(id)->pos() - at;
        return down ? std::hypot(by.x(), kAcross * by.y()) : std::hypot(kAcross * by.x(), by.y());
    };
    const auto next = std::ranges::min_element(candidates, {}, distance);
    if (next == candidates.end()) {
        Q_EMIT hint(tr("There is no layer in this direction."));
        return;
    }
    walker_ = *next;
    if (!extend)
        selected.clear();
    selected.push_back(*next);
    selectNodes(selected);
}

void CanvasScene::linkSelection() {
    std::vector<NodeId> selected = selectedNodes();
    if (selected.size() < 2) {
        Q_EMIT hint(tr("Select the layers to link, two or more."));
        return;
    }
    std::ranges::sort(selected, {}, [this](NodeId id) {
        const QPointF at = nodes_.at(id)->pos();
        return flow() == Flow::Down ? std::pair(at.y(), at.x()) : std::pair(at.x(), at.y());
    });
    // Made on a copy one after the other, since each changes what the next may do.
    Network network = document_->project().network;
    const Graph& changing = network.graph(scope_.graph);
    NetworkEdit::Group group;
    std::optional<std::string> reason;
    for (std::size_t i = 0; i + 1 < selected.size(); ++i) {
        const PortRef from{selected[i], {0}};
        const auto counts = portsOf(network, *changing.find(selected[i + 1]));
        const std::size_t inputs = counts ? std::min<std::size_t>(counts->maxInputs, 16) : 1;
        bool linked = false;
        for (std::uint32_t port = 0; port < inputs && !linked; ++port) {
            const PortRef to{selected[i + 1], {port}};
            if (changing.linkInto(to) != nullptr)
                continue;
            if (auto why = whyNotLink(network, scope_.graph, from, to)) {
                reason = std::move(why);
                continue;
            }
            const NetworkEdit edit{
                AddLink{scope_.graph, Link{.id = changing.freshLinkId(), .from = from, .to = to}}};
            gradwright::apply(network, edit);
            group.push_back(edit);
            linked = true;
        }
    }
    if (!group.empty())
        perform(tr("Link"), {NetworkEdit{std::move(group)}});
    else
        Q_EMIT hint(reason ? qstr(*reason) : tr("The inputs of these layers have their links."));
}

void CanvasScene::selectNext(bool backwards) {
    const std::vector<QGraphicsItem*> all = readingOrder();
    if (all.empty())
        return;
    const auto current =
        std::ranges::find_if(all, [](const QGraphicsItem* item) { return item->isSelected(); });
    std::size_t next = backwards ? all.size() - 1 : 0;
    if (current != all.end()) {
        const auto at = static_cast<std::size_t>(current - all.begin());
        next = (at + (backwards ? all.size() - 1 : 1)) % all.size();
    }
    {
        const QSignalBlocker quiet(this);
        clearSelection();
        all[next]->setSelected(true);
    }
    Q_EMIT selectionChanged();
}

void CanvasScene::applyFix() {
    if (callout_ == nullptr || callout_->diagnostic().fixes.empty()) {
        Q_EMIT hint(tr("There is no problem with a fix here."));
        return;
    }
    const Fix fix = callout_->diagnostic().fixes.front();
    perform(qstr(fix.title), {fix.edit});
}

} // namespace gradwright
