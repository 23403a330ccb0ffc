// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/layered_graph.h"

#include "engine/graph/graph_index.h"
#include "ui/canvas/metrics.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace gradwright {

namespace {

constexpr double kBendRoom = 48; ///< across the flow, for a link that passes a rank
/// Links get room in the ranks that they pass, the short ones first, up to this many in all. The
/// others are led around: room for all links of a deep network could be quadratic in its size.
constexpr std::size_t kLeastBends = 4000;

/// A node of the request, and the links as the layout sees them: without cycles.
struct Plan {
    struct Link {
        std::size_t from = 0;
        std::size_t to = 0;
        double output = 0.5; ///< the share of the side at which it leaves
        double input = 0.5;
    };

    explicit Plan(const LayoutRequest& request);

    std::vector<NodeId> nodes; ///< in topological order
    std::vector<Link> links;
    std::vector<std::size_t> rank;
    std::vector<std::size_t> part; ///< the first node that hangs together with this one

private:
    void orderNodes(const Graph& graph);
    void addLinks(const Graph& graph);
    void findRanks();
    void findParts();
};

Plan::Plan(const LayoutRequest& request) {
    orderNodes(request.graph);
    addLinks(request.graph);
    findRanks();
    findParts();
}

void Plan::orderNodes(const Graph& graph) {
    nodes = topologicalOrder(graph);
    std::vector<NodeId> sorted = nodes;
    std::ranges::sort(sorted);
    for (const auto& [id, node] : graph.nodes())
        if (!std::ranges::binary_search(sorted, id))
            nodes.push_back(id); // on a cycle, or behind one
}

void Plan::addLinks(const Graph& graph) {
    std::map<NodeId, std::size_t> placeOf;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        placeOf[nodes[i]] = i;
    std::vector<double> inputs(nodes.size());
    std::vector<double> outputs(nodes.size());
    for (const auto& [id, link] : graph.links()) {
        double& out = outputs[placeOf.at(link.from.node)];
        double& in = inputs[placeOf.at(link.to.node)];
        out = std::max(out, link.from.port.value + 1.0);
        in = std::max(in, link.to.port.value + 1.0);
    }
    for (const auto& [id, link] : graph.links()) {
        Link made{placeOf.at(link.from.node), placeOf.at(link.to.node)};
        if (made.from == made.to)
            continue;
        made.output = (link.from.port.value + 1) / (outputs[made.from] + 1);
        made.input = (link.to.port.value + 1) / (inputs[made.to] + 1);
        if (made.from > made.to) {
            std::swap(made.from, made.to);
            std::swap(made.output, made.input);
        }
        links.push_back(made);
    }
}

/// The longest path to a node is its rank. A node with more links out of it than into it then moves
/// up to what it feeds, so that a second input stands where it is used.
void Plan::findRanks() {
    std::vector<std::vector<std::size_t>> after(nodes.size());
    std::vector<std::size_t> into(nodes.size());
    rank.assign(nodes.size(), 0);
    for (const Link& link : links) {
        after[link.from].push_back(link.to);
        ++into[link.to];
    }
    for (std::size_t i = 0; i < nodes.size(); ++i)
        for (const std::size_t next : after[i])
            rank[next] = std::max(rank[next], rank[i] + 1);
    for (std::size_t i = nodes.size(); i-- > 0;)
        if (after[i].size() > into[i]) {
            const auto nearest =
                std::ranges::min(after[i], {}, [this](std::size_t next) { return rank[next]; });
            rank[i] = rank[nearest] - 1;
        }
}

void Plan::findParts() {
    part.resize(nodes.size());
    std::iota(part.begin(), part.end(), std::size_t{0});
    const auto root = [this](std::size_t at) {
        while (part[at] != at)
            at = part[at] = part[part[at]];
        return at;
    };
    for (const Link& link : links) {
        const std::size_t from = root(link.from);
        const std::size_t to = root(link.to);
        part[std::max(from, to)] = std::min(from, to);
    }
    for (std::size_t i = 0; i < nodes.size(); ++i)
        part[i] = root(i);
}

/// Makes the layered graphs of a plan.
class Builder {
public:
    explicit Builder(const LayoutRequest& request)
        : request_(request)
        , plan_(request) {}

    std::vector<LayeredGraph> build() {
        addNodes();
        addLinks();
        for (LayeredGraph& part : parts_)
            giveFirstOrder(part);
        return std::move(parts_);
    }

private:
    void addNodes() {
        const std::size_t count = plan_.nodes.size();
        std::vector<std::size_t> number(count); // of the part that begins with a node
        std::vector<std::size_t> first;         // rank in use, of each part
        partOf_.resize(count);
        slotOf_.resize(count);
        std::vector<std::size_t> byId(count);
        std::iota(byId.begin(), byId.end(), std::size_t{0});
        std::ranges::sort(byId, {}, [this](std::size_t i) { return plan_.nodes[i]; });
        std::vector<bool> known(count);
        for (const std::size_t i : byId) {
            const std::size_t root = plan_.part[i];
            if (!known[root]) {
                known[root] = true;
                number[root] = first.size();
                first.push_back(plan_.rank[i]);
            }
            partOf_[i] = number[root];
            first[partOf_[i]] = std::min(first[partOf_[i]], plan_.rank[i]);
        }
        parts_.resize(first.size());
        for (std::size_t i = 0; i < count; ++i)
            slotOf_[i] =
                addNode(parts_[partOf_[i]], plan_.nodes[i], plan_.rank[i] - first[partOf_[i]]);
    }

    std::size_t addNode(LayeredGraph& part, NodeId id, std::size_t rank) const {
        const bool down = request_.flow == Flow::Down;
        const auto found = request_.sizes.find(id);
        const QSizeF size =
            found == request_.sizes.end() ? metrics::nodeRect().size() : found->second;
        const double gap = down ? metrics::kColumnPitch - metrics::kNodeWidth
                                : metrics::kRowPitch - metrics::kNodeHeight;
        const std::size_t slot = addSlot(part, rank, (down ? size.width() : size.height()) + gap);
        part.slots[slot].node = id;
        part.slots[slot].depth = down ? size.height() : size.width();
        return slot;
    }

    static std::size_t addSlot(LayeredGraph& part, std::size_t rank, double breadth) {
        LayeredGraph::Slot slot;
        slot.rank = rank;
        slot.breadth = breadth;
        part.slots.push_back(std::move(slot));
        if (part.ranks.size() <= rank)
            part.ranks.resize(rank + 1);
        return part.slots.size() - 1;
    }

    static void join(LayeredGraph& part, LayeredGraph::End from, LayeredGraph::End to) {
        part.slots[from.slot].after.push_back({to.slot, to.own, from.own});
        part.slots[to.slot].before.push_back({from.slot, from.own, to.own});
    }

    void addLinks() {
        std::vector<Plan::Link> links = plan_.links;
        const auto length = [this](const Plan::Link& link) {
            return plan_.rank[link.to] - plan_.rank[link.from];
        };
        std::ranges::stable_sort(links, {}, length);
        std::size_t bends = kLeastBends + 4 * plan_.nodes.size();
        for (const Plan::Link& link : links) {
            const std::size_t passed = length(link) - 1;
            if (passed > bends)
                break;
            bends -= passed;
            LayeredGraph& part = parts_[partOf_[link.from]];
            LayeredGraph::End from{slotOf_[link.from], 0.5, link.output};
            const LayeredGraph::End to{slotOf_[link.to], 0.5, link.input};
            const std::size_t last = part.slots[to.slot].rank;
            for (std::size_t rank = part.slots[from.slot].rank + 1; rank < last; ++rank) {
                const LayeredGraph::End bend{addSlot(part, rank, kBendRoom)};
                join(part, from, bend);
                from = bend;
            }
            join(part, from, to);
        }
    }

    /// Depth first: what follows one node stays together.
    static void giveFirstOrder(LayeredGraph& part) {
        for (auto& slot : part.slots) {
            std::ranges::sort(slot.after, {}, [](const auto& end) {
                return std::tuple(end.own, end.share, end.slot);
            });
            std::ranges::sort(slot.before, {}, [](const auto& end) {
                return std::tuple(end.own, end.share, end.slot);
            });
        }
        std::vector<std::vector<std::size_t>> ranks(part.ranks.size());
        std::vector<bool> seen(part.slots.size());
        std::vector<std::size_t> open;
        for (std::size_t i = part.slots.size(); i-- > 0;)
            if (part.slots[i].before.empty())
                open.push_back(i);
        while (!open.empty()) {
            const std::size_t at = open.back();
            open.pop_back();
            if (seen[at])
                continue;
            seen[at] = true;
            const auto& slot = part.slots[at];
            ranks[slot.rank].push_back(at);
            for (auto end = slot.after.rbegin(); end != slot.after.rend(); ++end)
                open.push_back(end->slot);
        }
        for (std::size_t rank = 0; rank < ranks.size(); ++rank)
            part.setOrder(rank, std::move(ranks[rank]));
    }

    const LayoutRequest& request_;
    Plan plan_;
    std::vector<LayeredGraph> parts_;
    std::vector<std::size_t> partOf_; ///< of each node of the plan
    std::vector<std::size_t> slotOf_;
};

} // namespace

void LayeredGraph::setOrder(std::size_t rank, std::vector<std::size_t> order) {
    for (std::size_t place = 0; place < order.size(); ++place)
        slots[order[place]].place = place;
    ranks[rank] = std::move(order);
}

std::vector<LayeredGraph> layeredParts(const LayoutRequest& request) {
    return Builder(request).build();
}

} // namespace gradwright
