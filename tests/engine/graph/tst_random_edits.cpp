// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/edit.h"
#include "engine/graph/network_json.h"
#include "engine/layers/catalog.h"
#include "engine/support/json.h"
#include "engine/support/rng.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <map>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kSteps = 20'000;

/// Random edits, some of which don't fit, of the main graph and of blocks.
class RandomEdits {
public:
    explicit RandomEdits(std::uint64_t seed)
        : rng_(seed, RngStream::Test) {}

    std::size_t below(std::size_t bound) {
        return static_cast<std::size_t>(rng_.below(counter_++, bound));
    }

    NetworkEdit next(const Network& network) {
        const auto graph = anyGraph(network);
        switch (below(13)) {
        case 0:
        case 1:
        case 2:
            return addNode(network, graph);
        case 3:
        case 4:
        case 5:
            return {AddLink{graph,
                            {network.graph(graph).freshLinkId(),
                             {anyNode(network, graph), {small(2)}},
                             {anyNode(network, graph), {small(3)}}}}};
        case 6:
            return removeSome(network, graph);
        case 7:
            return {RemoveLink{graph, anyLink(network, graph)}};
        case 8:
            return setParam(network, graph);
        case 9:
            return {RenameNode{graph, anyNode(network, graph), fmt::format("name{}", below(30))}};
        case 10:
            return aboutBlocks(network, graph);
        case 11:
            return insert(network, graph);
        default:
            return {NetworkEdit::Group{next(network), next(network)}};
        }
    }

private:
    std::uint32_t small(std::size_t bound) { return static_cast<std::uint32_t>(below(bound)); }

    std::string anyGraph(const Network& network) {
        const auto index = below(network.blocks.size() + 1);
        return index == 0 ? "" : std::next(network.blocks.begin(), long(index) - 1)->first;
    }

    template <class Map>
    auto anyKey(const Map& map) {
        using Key = typename Map::key_type;
        return map.empty() ? Key{999'999} : std::next(map.begin(), long(below(map.size())))->first;
    }
    NodeId anyNode(const Network& network, const std::string& graph) {
        return anyKey(network.graph(graph).nodes());
    }
    LinkId anyLink(const Network& network, const std::string& graph) {
        return anyKey(network.graph(graph).links());
    }

    Node freshNode(const Network& network, const std::string& graph) {
        const auto& target = network.graph(graph);
        const auto& catalog = layerCatalog();
        std::variant<LayerUse, BlockUse> use = LayerUse{catalog[below(catalog.size())].key};
        if (below(4) == 0)
            use = BlockUse{anyGraph(network), 1 + static_cast<std::int64_t>(below(3))};
        return {target.freshNodeId(), target.freshName("n"), use, {}};
    }

    NetworkEdit addNode(const Network& network, const std::string& graph) {
        if (network.graph(graph).nodes().size() >= 12)
            return removeSome(network, graph);
        return {AddNode{graph, freshNode(network, graph)}};
    }

    NetworkEdit removeSome(const Network& network, const std::string& graph) {
        std::vector<NodeId> nodes;
        for (const auto& [id, node] : network.graph(graph).nodes())
            if (below(5) == 0)
                nodes.push_back(id);
        return removeNodes(network, graph, nodes);
    }

    NetworkEdit insert(const Network& network, const std::string& graph) {
        if (network.graph(graph).links().empty())
            return addNode(network, graph);
        return insertIntoLink(network, graph, anyLink(network, graph), freshNode(network, graph));
    }

    NetworkEdit setParam(const Network& network, const std::string& graph) {
        const auto id = anyNode(network, graph);
        const auto* node = network.graph(graph).find(id);
        const auto* def = node && node->layerUse() ? findLayer(node->layerUse()->layer) : nullptr;
        if (!def || def->params.empty())
            return {SetParam{graph, id, "filters", ParamValue(std::int64_t{4})}};
        const auto& spec = def->params[below(def->params.size())];
        std::optional<ParamValue> value = spec.defaultValue;
        if (spec.type == ParamType::Int)
            value = static_cast<std::int64_t>(below(4));
        else if (spec.type == ParamType::Real)
            value = static_cast<double>(below(20)) / 10;
        else if (spec.type == ParamType::Choice)
            value = spec.choices[below(spec.choices.size())].key;
        else if (spec.type == ParamType::Tuple)
            value = IntTuple(spec.minLength, static_cast<std::int64_t>(below(5)));
        if (below(4) == 0)
            value.reset();
        return {SetParam{graph, id, spec.key, std::move(value)}};
    }

    NetworkEdit aboutBlocks(const Network& network, const std::string& graph) {
        const auto name = fmt::format("block{}", below(3));
        switch (below(5)) {
        case 0:
            return {AddBlock{name, {}}};
        case 1:
            return {RemoveBlock{name}};
        case 2:
            return {SetRepeat{graph, anyNode(network, graph), static_cast<std::int64_t>(below(5))}};
        case 3:
            return {SetParam{graph, anyNode(network, graph), "key", ParamValue(1.5)}};
        default:
            return {SetPromoted{name, {{"key", anyNode(network, graph), "filters"}}}};
        }
    }

    Rng rng_;
    std::uint64_t counter_ = 0;
};

struct Step {
    NetworkEdit undo;
    Network before;
};

Network throughJson(const Network& network) {
    return networkFromJson(parseJson(toJson(network).dump(), "the network"));
}

} // namespace

class RandomEditsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Undo and redo against saved copies.
    void undoAndRedoRestoreEverything_data() {
        QTest::addColumn<quint64>("seed");
        QTest::newRow("from nothing") << quint64{1};
        QTest::newRow("from a residual network") << quint64{2};
    }
    void undoAndRedoRestoreEverything() {
        QFETCH(quint64, seed);
        RandomEdits random(seed);
        const auto start = seed == 1 ? Network{} : residualNetwork();
        auto network = start;
        std::vector<Step> done;
        std::vector<std::pair<NetworkEdit, Network>> undone;
        std::map<std::string, int> count;
        for (int step = 0; step < kSteps; ++step) {
            const auto choice = random.below(10);
            if (choice < 4 && !done.empty()) {
                auto last = std::move(done.back());
                done.pop_back();
                auto after = network;
                undone.emplace_back(apply(network, last.undo), std::move(after));
                QVERIFY(network == last.before);
                ++count["undone"];
            } else if (choice < 6 && !undone.empty()) {
                auto [redo, after] = std::move(undone.back());
                undone.pop_back();
                auto before = network;
                done.push_back({apply(network, redo), std::move(before)});
                QVERIFY(network == after);
                ++count["redone"];
            } else {
                const auto edit = random.next(network);
                auto before = network;
                try {
                    auto undo = apply(network, edit);
                    done.push_back({std::move(undo), std::move(before)});
                    undone.clear();
                    ++count["done"];
                } catch (const Error&) {
                    QVERIFY(network == before);
                    ++count["refused"];
                }
            }
            if (step % 50 == 0)
                QVERIFY(throughJson(network) == network);
        }
        for (const auto& [what, times] : count) {
            qInfo("%s: %d", what.c_str(), times);
            QVERIFY(times > kSteps / 20);
        }
        while (!done.empty()) {
            apply(network, done.back().undo);
            done.pop_back();
        }
        QVERIFY(network == start);
        QVERIFY(throughJson(network) == start);
    }
};

QTEST_APPLESS_MAIN(RandomEditsTest)
#include "tst_random_edits.moc"
