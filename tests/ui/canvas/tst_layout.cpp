// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "ui/canvas/auto_layout.h"
#include "ui/canvas/layered_graph.h"
#include "ui/canvas/metrics.h"

#include <QRectF>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <stop_token>

using namespace gradwright;

namespace {

/// A graph of nodes that are named by numbers, since a layout does not ask what layers do.
class Drawing {
public:
    /// Links of each node with the next, each at the next free input.
    Drawing& path(std::initializer_list<std::uint32_t> nodes) {
        std::optional<std::uint32_t> last;
        for (const std::uint32_t each : nodes) {
            add(each);
            if (last)
                link(*last, each);
            last = each;
        }
        return *this;
    }
    void add(std::uint32_t id) {
        if (request.graph.find(NodeId{id}) != nullptr)
            return;
        Node node;
        node.id = {id};
        node.name = std::to_string(id);
        node.use = LayerUse{"relu"};
        request.graph.insert(std::move(node));
    }
    void link(std::uint32_t from, std::uint32_t to) {
        Link link;
        link.id = request.graph.freshLinkId();
        link.from = {{from}, {0}};
        link.to = {{to}, {0}};
        while (request.graph.linkInto(link.to) != nullptr)
            ++link.to.port.value;
        request.graph.insert(std::move(link));
    }

    LayoutRequest request;
};

using Positions = std::map<NodeId, Point>;

QRectF boxOf(const LayoutRequest& request, const Positions& positions, NodeId id) {
    const auto size = request.sizes.find(id);
    const Point& at = positions.at(id);
    return {QPointF(at.x, at.y),
            size == request.sizes.end() ? metrics::nodeRect().size() : size->second};
}

/// The least crossings that the layout finds, over all parts.
std::size_t crossingsOf(const LayoutRequest& request) {
    std::size_t count = 0;
    for (LayeredGraph& part : layeredParts(request)) {
        orderRanks(part, {});
        count += crossings(part);
    }
    return count;
}

/// The crossings of the best of all orders of all ranks, tried one by one.
std::size_t leastCrossings(LayeredGraph part, std::size_t rank = 0) {
    if (rank == part.ranks.size())
        return crossings(part);
    std::vector<std::size_t> order = part.ranks[rank];
    std::ranges::sort(order);
    std::size_t least = std::numeric_limits<std::size_t>::max();
    do {
        part.setOrder(rank, order);
        least = std::min(least, leastCrossings(part, rank + 1));
    } while (std::ranges::next_permutation(order).found);
    return least;
}

/// What every layout keeps: all nodes have a place on the grid, none lies over another one, and
/// links lead along the flow.
void checkRules(const LayoutRequest& request, const Positions& positions) {
    QCOMPARE(positions.size(), request.graph.nodes().size());
    std::vector<QRectF> boxes;
    for (const auto& [id, node] : request.graph.nodes()) {
        const QRectF box = boxOf(request, positions, id);
        QCOMPARE(box.x(), metrics::onGrid(box.x()));
        QCOMPARE(box.y(), metrics::onGrid(box.y()));
        boxes.push_back(box);
    }
    const bool down = request.flow == Flow::Down;
    std::ranges::sort(boxes, {}, [&](const QRectF& box) { return down ? box.top() : box.left(); });
    for (std::size_t i = 0; i < boxes.size(); ++i)
        for (std::size_t j = i + 1; j < boxes.size(); ++j) {
            if (down ? boxes[j].top() >= boxes[i].bottom() : boxes[j].left() >= boxes[i].right())
                break;
            QVERIFY2(!boxes[i].intersects(boxes[j]), qPrintable(QString::number(i)));
        }
    for (const auto& [id, link] : request.graph.links()) {
        const QRectF from = boxOf(request, positions, link.from.node);
        const QRectF to = boxOf(request, positions, link.to.node);
        QVERIFY(down ? from.bottom() < to.top() : from.right() < to.left());
    }
}

/// Whether the nodes lie behind one another: exactly, or as far as the grid allows.
bool isStraight(const LayoutRequest& request, const Positions& positions,
                std::initializer_list<std::uint32_t> nodes, double within = 0) {
    const auto middle = [&](std::uint32_t id) {
        const QPointF center = boxOf(request, positions, NodeId{id}).center();
        return request.flow == Flow::Down ? center.x() : center.y();
    };
    return std::ranges::all_of(nodes, [&](std::uint32_t id) {
        return std::abs(middle(id) - middle(*nodes.begin())) <= within;
    });
}

Drawing chain() {
    return Drawing().path({1, 2, 3, 4, 5, 6});
}
/// Two residual blocks, the second with a layer on its shortcut.
Drawing residual() {
    return Drawing().path({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).path({2, 5}).path({5, 11, 9});
}
/// Four branches between two nodes, as in GoogLeNet.
Drawing inception() {
    return Drawing().path({1, 2, 9}).path({1, 3, 4, 9}).path({1, 5, 6, 9}).path({1, 7, 8, 9, 10});
}
/// Three halvings, and links across.
Drawing unet() {
    return Drawing()
        .path({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
        .path({6, 9})
        .path({4, 11})
        .path({2, 13});
}

} // namespace

class LayoutTest : public QObject {
    Q_OBJECT

private:
    static Positions laidOut(const LayoutRequest& request) { return layeredLayout(request, {}); }

private Q_SLOTS:
    void templatesKeepTheRules() {
        for (const std::string& key : templateKeys()) {
            const Network network = openTemplate(key).network;
            std::vector<const Graph*> graphs{&network.main};
            for (const auto& [name, block] : network.blocks)
                graphs.push_back(&block.graph);
            for (const Graph* const graph : graphs)
                for (const Flow flow : {Flow::Down, Flow::Right}) {
                    const LayoutRequest request{*graph, {}, flow, {}};
                    checkRules(request, laidOut(request));
                    // All of them can be drawn so.
                    QCOMPARE(crossingsOf(request), std::size_t{0});
                }
        }
    }

    void theMainChainIsStraight() {
        for (const Flow flow : {Flow::Down, Flow::Right}) {
            for (Drawing drawing : {chain(), residual(), inception(), unet()}) {
                drawing.request.flow = flow;
                checkRules(drawing.request, laidOut(drawing.request));
            }
            Drawing drawing = chain();
            drawing.request.flow = flow;
            QVERIFY(isStraight(drawing.request, laidOut(drawing.request), {1, 2, 3, 4, 5, 6}));
            drawing = residual();
            drawing.request.flow = flow;
            QVERIFY(isStraight(drawing.request, laidOut(drawing.request),
                               {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
            drawing = inception();
            drawing.request.flow = flow;
            const Positions positions = laidOut(drawing.request);
            QVERIFY(isStraight(drawing.request, positions, {1, 9, 10}));
            QVERIFY(isStraight(drawing.request, positions, {3, 4}));
            QVERIFY(isStraight(drawing.request, positions, {5, 6}));
            QVERIFY(isStraight(drawing.request, positions, {7, 8}));
            drawing = unet();
            drawing.request.flow = flow;
            QVERIFY(isStraight(drawing.request, laidOut(drawing.request),
                               {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}));
        }
    }

    void ranksAreAligned() {
        const Drawing drawing = inception();
        const Positions positions = laidOut(drawing.request);
        QCOMPARE(positions.at({2}).y, positions.at({3}).y);
        QCOMPARE(positions.at({3}).y, positions.at({7}).y);
        QCOMPARE(positions.at({4}).y, positions.at({8}).y);
        QCOMPARE(positions.at({3}).y - positions.at({1}).y, metrics::kRowPitch);
    }

    void branchesStandInTheOrderOfTheInputs() {
        const Drawing drawing = inception();
        const Positions positions = laidOut(drawing.request);
        QCOMPARE(positions.at({3}).x - positions.at({2}).x, metrics::kColumnPitch);
        QCOMPARE(positions.at({5}).x - positions.at({3}).x, metrics::kColumnPitch);
        QCOMPARE(positions.at({7}).x - positions.at({5}).x, metrics::kColumnPitch);
    }

    void longLinksHaveRoom() {
        const Drawing drawing = unet();
        std::vector<LayeredGraph> parts = layeredParts(drawing.request);
        QCOMPARE(parts.size(), std::size_t{1});
        LayeredGraph& part = parts.front();
        // Three links that pass two, six and ten nodes.
        QCOMPARE(part.slots.size(), drawing.request.graph.nodes().size() + 18);
        orderRanks(part, {});
        placeSlots(part, {});
        QCOMPARE(crossings(part), std::size_t{0});
        for (const auto& rank : part.ranks)
            for (std::size_t i = 0; i + 1 < rank.size(); ++i) {
                const auto& left = part.slots[rank[i]];
                const auto& right = part.slots[rank[i + 1]];
                QVERIFY(right.middle - left.middle >= (left.breadth + right.breadth) / 2 - 1e-6);
            }
        // A link that passes ranks runs straight from the first to the last of them.
        for (const auto& slot : part.slots)
            if (!slot.isNode() && !part.slots[slot.after.front().slot].isNode())
                QCOMPARE(part.slots[slot.after.front().slot].middle, slot.middle);
    }

    void crossingsAreAsFewAsPossible() {
        // Each of two nodes feeds both of two others: one crossing is left (K2,2); K3,3 has nine.
        QCOMPARE(crossingsOf(Drawing().path({1, 3}).path({1, 4}).path({2, 3}).path({2, 4}).request),
                 std::size_t{1});
        Drawing complete;
        for (const std::uint32_t from : {1U, 2U, 3U})
            for (const std::uint32_t to : {4U, 5U, 6U})
                complete.path({from, to});
        QCOMPARE(crossingsOf(complete.request), std::size_t{9});
        // Laced in the order of ids, and yet plane.
        QCOMPARE(crossingsOf(Drawing()
                                 .path({1, 8, 12})
                                 .path({1, 7, 11})
                                 .path({1, 6, 10})
                                 .path({1, 5, 9})
                                 .request),
                 std::size_t{0});
        for (const Drawing& drawing : {chain(), residual(), inception(), unet()})
            QCOMPARE(crossingsOf(drawing.request), std::size_t{0});
    }

    void crossingsAreThoseOfAllOrdersTried() {
        // Small graphs made by a fixed rule, in three ranks of up to four nodes.
        std::uint32_t state = 12345;
        const auto next = [&state](std::uint32_t below) {
            state = state * 1664525U + 1013904223U;
            return (state >> 16U) % below;
        };
        for (int round = 0; round < 30; ++round) {
            Drawing drawing;
            for (std::uint32_t i = 0; i < 4; ++i) {
                drawing.path({1 + next(3), 11 + i});
                drawing.path({11 + i, 21 + next(4)});
                if (next(2) == 0)
                    drawing.path({11 + i, 21 + next(4)});
            }
            std::size_t least = 0;
            for (const LayeredGraph& part : layeredParts(drawing.request))
                least += leastCrossings(part);
            QCOMPARE(crossingsOf(drawing.request), least);
        }
    }

    void partsLieBesideEachOther() {
        Drawing drawing;
        drawing.path({1, 2, 3}).path({4, 5}).add(6);
        const Positions positions = laidOut(drawing.request);
        checkRules(drawing.request, positions);
        QCOMPARE(positions.at({4}), (Point{positions.at({1}).x + metrics::kColumnPitch, 0}));
        QCOMPARE(positions.at({6}), (Point{positions.at({4}).x + metrics::kColumnPitch, 0}));
    }

    void aSecondInputStandsWhereItIsUsed() {
        const Drawing drawing = Drawing().path({1, 2, 3, 4, 5}).path({6, 5});
        const Positions positions = laidOut(drawing.request);
        QCOMPARE(positions.at({6}).y, positions.at({4}).y);
    }

    void largeNodesGetTheirRoom() {
        Drawing drawing = inception();
        drawing.request.sizes[{4}] = {600, 400};
        drawing.request.sizes[{1}] = {400, 100};
        for (const Flow flow : {Flow::Down, Flow::Right}) {
            drawing.request.flow = flow;
            const Positions positions = laidOut(drawing.request);
            checkRules(drawing.request, positions);
            QVERIFY(isStraight(drawing.request, positions, {1, 9, 10}, metrics::kGrid));
        }
    }

    void aCycleDoesNotStopIt() {
        Drawing drawing;
        drawing.path({1, 2, 3, 4}).path({4, 2}).path({4, 5});
        const Positions positions = laidOut(drawing.request);
        QCOMPARE(positions.size(), std::size_t{5});
    }

    void itIsTheSameEachTime() {
        for (const char* const key : {"googlenet", "small-unet", "inception-v3"}) {
            const LayoutRequest request{openTemplate(key).network.main, {}, Flow::Down, {}};
            QVERIFY(laidOut(request) == laidOut(request));
        }
    }

    void aLongChainGoesOnBesideItsStart() {
        for (const Flow flow : {Flow::Down, Flow::Right}) {
            const bool down = flow == Flow::Down;
            Drawing drawing;
            drawing.path({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
            drawing.request.flow = flow;
            const Positions unfolded = laidOut(drawing.request);
            drawing.request.page = down ? QSizeF(860, 590) : QSizeF(1600, 590);
            const Positions positions = laidOut(drawing.request);
            // In two columns of six and five, or in two rows; as far as the sixth nothing moves.
            for (const std::uint32_t id : {1U, 2U, 3U, 4U, 5U, 6U})
                QCOMPARE(positions.at({id}), unfolded.at({id}));
            for (const std::uint32_t id : {7U, 8U, 9U, 10U, 11U}) {
                const Point at = positions.at({id});
                const Point beside = positions.at({id - 6});
                QCOMPARE(down ? at.y : at.x, down ? beside.y : beside.x);
                QVERIFY(down ? at.x >= beside.x + metrics::kColumnPitch
                             : at.y >= beside.y + metrics::kRowPitch);
            }
        }
    }

    void whatFitsIsNotFolded() {
        Drawing drawing = chain();
        const Positions unfolded = laidOut(drawing.request);
        drawing.request.page = {860, 590};
        QVERIFY(laidOut(drawing.request) == unfolded);
    }

    void aFoldIsMadeBetweenBlocksAlone() {
        // Three residual blocks of three layers, each with what joins it and what begins the next.
        Drawing drawing;
        drawing.path({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
        drawing.link(1, 5);
        drawing.link(6, 10);
        drawing.link(11, 15);
        drawing.request.page = {860, 590};
        const Positions positions = laidOut(drawing.request);
        const auto column = [&](std::uint32_t id) { return positions.at({id}).x; };
        QVERIFY(column(15) > column(1));
        for (const std::uint32_t first : {1U, 6U, 11U})
            for (std::uint32_t id = first + 1; id < first + 5; ++id)
                QCOMPARE(column(id), column(first));
        // A U-Net's links across leave no place to fold.
        drawing = unet();
        drawing.request.page = {860, 590};
        checkRules(drawing.request, laidOut(drawing.request));
    }

    void foldedTemplatesOverlapNowhere() {
        for (const std::string& key : templateKeys()) {
            const LayoutRequest request{openTemplate(key).network.main, {}, Flow::Down, {860, 590}};
            const Positions positions = laidOut(request);
            QRectF all;
            for (const auto& [id, at] : positions) {
                const QRectF box = boxOf(request, positions, id);
                all |= box;
                for (const auto& [other, place] : positions)
                    QVERIFY2(other == id || !box.intersects(boxOf(request, positions, other)),
                             key.c_str());
            }
            const LayoutRequest flat{request.graph, {}, Flow::Down, {}};
            QRectF before;
            const Positions unfolded = laidOut(flat);
            for (const auto& [id, at] : unfolded)
                before |= boxOf(flat, unfolded, id);
            const auto scale = [](const QRectF& box) {
                return std::min({1.0, 860 / box.width(), 590 / box.height()});
            };
            QVERIFY2(scale(all) >= scale(before) * 0.99, key.c_str());
        }
    }

    void deepNetworksAreLaidOutToo() {
        Drawing drawing;
        drawing.add(1);
        std::uint32_t last = 1;
        while (last < 4000) {
            drawing.path({last, last + 1, last + 2, last + 3, last + 4});
            drawing.link(last, last + 4);
            last += 4;
        }
        drawing.link(1, last); // a link past all ranks
        const Positions positions = laidOut(drawing.request);
        checkRules(drawing.request, positions);
        for (const auto& [id, at] : positions)
            QCOMPARE(at.x, positions.at({1}).x);
    }

    void aStopIsHeard() {
        std::stop_source stop;
        stop.request_stop();
        const LayoutRequest request{openTemplate("inception-v3").network.main, {}, Flow::Down, {}};
        QCOMPARE(layeredLayout(request, stop.get_token()).size(), request.graph.nodes().size());
    }
};

QTEST_MAIN(LayoutTest)
#include "tst_layout.moc"
