// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/graph_index.h"
#include "ui/canvas/auto_layout.h"
#include "ui/canvas/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace gradwright {

namespace {

constexpr int kOrderSweeps = 8;
constexpr int kPlaceSweeps = 12;
constexpr double kBendRoom = 48; ///< across the flow, for a link that passes a layer

/// A node, or the place where a link passes a layer.
struct Slot {
    std::size_t layer = 0;
    double breadth = kBendRoom; ///< across the flow, with room beside it
    double position = 0;        ///< of its middle, across the flow
    double wish = 0;
    std::vector<std::size_t> before;
    std::vector<std::size_t> after;
};

double median(const std::vector<std::size_t>& near, const std::vector<Slot>& slots) {
    std::vector<double> positions;
    for (const std::size_t each : near)
        positions.push_back(slots[each].position);
    std::ranges::sort(positions);
    const std::size_t middle = positions.size() / 2;
    return positions.size() % 2 == 1 ? positions[middle]
                                     : (positions[middle - 1] + positions[middle]) / 2;
}

class Sweeper {
public:
    Sweeper(const LayoutRequest& request, const std::stop_token& stop)
        : request_(request)
        , stop_(stop)
        , down_(request.flow == Flow::Down) {}

    std::map<NodeId, Point> run() {
        assignLayers();
        addLinks();
        for (int sweep = 0; sweep < kOrderSweeps && !stop_.stop_requested(); ++sweep)
            order(sweep % 2 == 0);
        for (auto& layer : layers_)
            spread(layer, false);
        for (int sweep = 0; sweep < kPlaceSweeps && !stop_.stop_requested(); ++sweep)
            place(sweep % 2 == 0);
        return positions();
    }

private:
    [[nodiscard]] QSizeF sizeOf(NodeId id) const {
        const auto found = request_.sizes.find(id);
        return found == request_.sizes.end() ? metrics::nodeRect().size() : found->second;
    }

    void assignLayers() {
        std::vector<NodeId> order = topologicalOrder(request_.graph);
        for (const NodeId id : order) {
            std::size_t layer = 0;
            for (const LinkId each : request_.graph.linksOf(id)) {
                const Link& link = *request_.graph.find(each);
                if (link.to.node == id)
                    layer = std::max(layer, slots_[slotOf_.at(link.from.node)].layer + 1);
            }
            const QSizeF size = sizeOf(id);
            const double room = down_ ? metrics::kColumnPitch - metrics::kNodeWidth
                                      : metrics::kRowPitch - metrics::kNodeHeight;
            slotOf_[id] = addSlot(layer, (down_ ? size.width() : size.height()) + room);
        }
    }

    std::size_t addSlot(std::size_t layer, double breadth) {
        const std::size_t index = slots_.size();
        Slot slot;
        slot.layer = layer;
        slot.breadth = breadth;
        slots_.push_back(std::move(slot));
        if (layers_.size() <= layer)
            layers_.resize(layer + 1);
        layers_[layer].push_back(index);
        return index;
    }

    void join(std::size_t from, std::size_t to) {
        slots_[from].after.push_back(to);
        slots_[to].before.push_back(from);
    }

    /// A link over several layers gets room in each, as long as it is not too long: very long ones
    /// would make the work quadratic and are led around.
    void addLinks() {
        constexpr std::size_t longest = 24;
        for (const auto& [id, link] : request_.graph.links()) {
            std::size_t from = slotOf_.at(link.from.node);
            const std::size_t to = slotOf_.at(link.to.node);
            const std::size_t last = slots_[to].layer;
            if (last - slots_[from].layer <= longest)
                for (std::size_t layer = slots_[from].layer + 1; layer < last; ++layer) {
                    const std::size_t bend = addSlot(layer, kBendRoom);
                    join(from, bend);
                    from = bend;
                }
            join(from, to);
        }
    }

    /// Sorts each layer by where its neighbours in the one before (or after) stand.
    void order(bool forwards) {
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            auto& layer = layers_[forwards ? i : layers_.size() - 1 - i];
            for (const std::size_t each : layer) {
                Slot& slot = slots_[each];
                const auto& near = forwards ? slot.before : slot.after;
                slot.wish = near.empty() ? slot.position : meanOf(near);
            }
            std::ranges::stable_sort(layer, {},
                                     [&](std::size_t each) { return slots_[each].wish; });
            double at = 0;
            for (const std::size_t each : layer)
                slots_[each].position = at++;
            for (const std::size_t each : layer) // layers of different lengths compare by share
                slots_[each].position = (slots_[each].position + 0.5) / at;
        }
    }

    [[nodiscard]] double meanOf(const std::vector<std::size_t>& near) const {
        double sum = 0;
        for (const std::size_t each : near)
            sum += slots_[each].position;
        return sum / static_cast<double>(near.size());
    }

    void place(bool forwards) {
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            auto& layer = layers_[forwards ? i : layers_.size() - 1 - i];
            for (const std::size_t each : layer) {
                Slot& slot = slots_[each];
                const auto& near = forwards ? slot.before : slot.after;
                slot.wish = near.empty() ? slot.position : median(near, slots_);
            }
            spread(layer, true);
        }
    }

    /// Positions in the given order, each as near to its wish as the others allow: those that would
    /// overlap stand together around the mean of their wishes (pool adjacent violators).
    void spread(const std::vector<std::size_t>& layer, bool byWish) {
        struct Pool {
            double sum = 0; ///< of wishes, less the offset within the pool
            double count = 0;
            double breadth = 0;
            std::size_t first = 0;
            [[nodiscard]] double start() const { return sum / count; }
        };
        std::vector<Pool> pools;
        for (std::size_t i = 0; i < layer.size(); ++i) {
            const Slot& slot = slots_[layer[i]];
            const double wish = byWish ? slot.wish : 0;
            Pool pool{wish - slot.breadth / 2, 1, slot.breadth, i};
            while (!pools.empty() && pools.back().start() + pools.back().breadth > pool.start()) {
                const Pool& last = pools.back();
                pool.sum = last.sum + pool.sum - pool.count * last.breadth;
                pool.count += last.count;
                pool.breadth += last.breadth;
                pool.first = last.first;
                pools.pop_back();
            }
            pools.push_back(pool);
        }
        std::size_t i = 0;
        for (std::size_t p = 0; p < pools.size(); ++p) {
            double at = pools[p].start();
            const std::size_t end = p + 1 < pools.size() ? pools[p + 1].first : layer.size();
            for (; i < end; ++i) {
                Slot& slot = slots_[layer[i]];
                slot.position = at + slot.breadth / 2;
                at += slot.breadth;
            }
        }
    }

    [[nodiscard]] std::map<NodeId, Point> positions() const {
        std::vector<double> depth(layers_.size(),
                                  down_ ? metrics::kNodeHeight : metrics::kNodeWidth);
        for (const auto& [id, size] : request_.sizes)
            if (const auto slot = slotOf_.find(id); slot != slotOf_.end()) {
                double& most = depth[slots_[slot->second].layer];
                most = std::max(most, down_ ? size.height() : size.width());
            }
        const double room = down_ ? metrics::kRowPitch - metrics::kNodeHeight
                                  : metrics::kColumnPitch - metrics::kNodeWidth;
        std::vector<double> start(layers_.size());
        for (std::size_t i = 1; i < layers_.size(); ++i)
            start[i] = start[i - 1] + depth[i - 1] + room;
        std::map<NodeId, Point> result;
        for (const auto& [id, index] : slotOf_) {
            const Slot& slot = slots_[index];
            const QSizeF size = sizeOf(id);
            const double across =
                metrics::onGrid(slot.position - (down_ ? size.width() : size.height()) / 2);
            const double along = metrics::onGrid(start[slot.layer]);
            result[id] = down_ ? Point{across, along} : Point{along, across};
        }
        return result;
    }

    const LayoutRequest& request_;
    const std::stop_token& stop_;
    bool down_;
    std::vector<Slot> slots_;
    std::vector<std::vector<std::size_t>> layers_;
    std::map<NodeId, std::size_t> slotOf_;
};

} // namespace

std::map<NodeId, Point> sweepLayout(const LayoutRequest& request, const std::stop_token& stop) {
    return Sweeper(request, stop).run();
}

} // namespace gradwright
