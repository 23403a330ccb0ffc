// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/graph/blocks.h"
#include "engine/graph/graph_index.h"
#include "engine/graph/network_json.h"
#include "engine/layers/catalog.h"
#include "engine/project/block_edits.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/rng.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <cmath>
#include <map>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kSteps = 100'000;
constexpr int kLooks = 2'000; ///< steps between two looks at everything
constexpr std::size_t kMostNodes = 14;
constexpr std::size_t kMostBlocks = 6;
constexpr std::size_t kMostBoxes = 200;

/// Edits such as a user makes, some of which do not fit.
class RandomUser {
public:
    explicit RandomUser(std::uint64_t seed)
        : rng_(seed, RngStream::Test) {}

    std::size_t below(std::size_t bound) {
        return static_cast<std::size_t>(rng_.below(counter_++, bound));
    }

    ProjectEdit next(const Project& project) {
        // Ungrouping copies what is written on the block's canvas, which doubles in a long walk.
        if (project.canvas.frames.size() + project.canvas.notes.size() > kMostBoxes)
            return withoutBoxes(project);
        const auto graph = anyGraph(project.network);
        switch (below(16)) {
        case 0:
        case 1:
        case 2:
            return add(project, graph);
        case 3:
        case 4:
        case 5:
        case 6:
            return {NetworkEdit{AddLink{graph,
                                        {project.network.graph(graph).freshLinkId(),
                                         {anyNode(project, graph), {small(2)}},
                                         {anyNode(project, graph), {small(3)}},
                                         {}}}}};
        case 7:
            return {removeNodes(project.network, graph, some(project, graph, 5))};
        case 8:
            return {NetworkEdit{SetParam{graph, anyNode(project, graph), "units",
                                         ParamValue(static_cast<std::int64_t>(below(40)))}}};
        case 9:
            return {NetworkEdit{
                RenameNode{graph, anyNode(project, graph), fmt::format("name{}", below(40))}}};
        case 10:
            return {MoveNodes{graph, {{anyNode(project, graph), Point{number(), number()}}}}};
        case 11:
            return box(graph);
        case 12:
            return group(project, graph);
        case 13:
            return ungroupBlock(project, graph, anyInstance(project, graph), {number(), number()})
                .edit;
        case 14:
            return aboutBlocks(project, graph);
        default:
            return {ProjectEdit::Group{next(project), next(project)}};
        }
    }

private:
    std::uint32_t small(std::size_t bound) { return static_cast<std::uint32_t>(below(bound)); }
    double number() { return static_cast<double>(below(1000)) - 500; }

    std::string anyGraph(const Network& network) {
        const auto index = below(network.blocks.size() + 1);
        return index == 0 ? "" : std::next(network.blocks.begin(), long(index) - 1)->first;
    }
    NodeId anyNode(const Project& project, const std::string& graph) {
        const auto& nodes = project.network.graph(graph).nodes();
        return nodes.empty() ? NodeId{999'999}
                             : std::next(nodes.begin(), long(below(nodes.size())))->first;
    }
    NodeId anyInstance(const Project& project, const std::string& graph) {
        for (const auto& [id, node] : project.network.graph(graph).nodes())
            if (node.blockUse() && below(2) == 0)
                return id;
        return anyNode(project, graph);
    }
    std::vector<NodeId> some(const Project& project, const std::string& graph, std::size_t oneOf) {
        std::vector<NodeId> nodes;
        for (const auto& [id, node] : project.network.graph(graph).nodes())
            if (below(oneOf) == 0)
                nodes.push_back(id);
        return nodes;
    }

    ProjectEdit add(const Project& project, const std::string& graph) {
        const auto& target = project.network.graph(graph);
        if (target.nodes().size() >= kMostNodes)
            return {removeNodes(project.network, graph, some(project, graph, 3))};
        Node node;
        node.id = target.freshNodeId();
        node.name = target.freshName("n");
        node.use = LayerUse{layerCatalog()[below(layerCatalog().size())].key};
        if (const auto block = anyGraph(project.network);
            below(4) == 0 && !block.empty() && !contains(project.network, block, graph))
            node.use = BlockUse{block, 1 + static_cast<std::int64_t>(below(2))};
        const auto id = node.id;
        return {ProjectEdit::Group{{NetworkEdit{AddNode{graph, std::move(node)}}},
                                   {MoveNodes{graph, {{id, Point{number(), number()}}}}}}};
    }

    static ProjectEdit withoutBoxes(const Project& project) {
        ProjectEdit::Group group;
        for (const auto& [id, frame] : project.canvas.frames)
            group.push_back({SetFrame{id, std::nullopt}});
        for (const auto& [id, note] : project.canvas.notes)
            group.push_back({SetNote{id, std::nullopt}});
        return {std::move(group)};
    }

    ProjectEdit box(const std::string& graph) {
        if (below(2) == 0)
            return {SetFrame{{small(4)}, Frame{graph, "f", {number(), number()}, 100, 80, {}}}};
        std::optional<Note> note;
        if (below(3) != 0)
            note = Note{graph, "# note", {number(), number()}, 100, 80, {}};
        return {SetNote{{small(4)}, note}};
    }

    ProjectEdit group(const Project& project, const std::string& graph) {
        if (project.network.blocks.size() >= kMostBlocks)
            return aboutBlocks(project, graph);
        std::map<NodeId, Point> at;
        for (const auto id : some(project, graph, 3))
            at[id] = {number(), number()};
        return groupIntoBlock(project, graph, at, freshBlockName(project.network, "Block")).edit;
    }

    ProjectEdit aboutBlocks(const Project& project, const std::string& graph) {
        const auto block = anyGraph(project.network);
        switch (below(6)) {
        case 0:
            return renameBlock(project, block, fmt::format("Block {}", below(12)));
        case 1:
            return removeBlock(project, block);
        case 2:
            return {NetworkEdit{SetRepeat{graph, anyInstance(project, graph),
                                          static_cast<std::int64_t>(below(5))}}};
        case 3:
            return makeUnique(project, graph, anyInstance(project, graph)).edit;
        case 4:
            return {SetExpanded{graph, anyInstance(project, graph), below(2) == 0}};
        default:
            return {promote(project.network, block, anyNode(project, block), "units")};
        }
    }

    Rng rng_;
    std::uint64_t counter_ = 0;
};

/// Whatever was done, a project can be saved, read again and looked at.
void requireSound(const Project& project) {
    const auto json = toJson(project);
    QVERIFY(projectFromJson(parseJson(json.dump(), "the project")) == project);
    const auto analysis = analyze(project.network);
    QCOMPARE(analysis.nodes.size(), analysis.flat.nodes.size());
    const auto check = [](const Graph& graph) {
        QCOMPARE(topologicalOrder(graph).size(), graph.nodes().size());
        for (const auto& [id, link] : graph.links()) {
            QVERIFY(graph.find(link.from.node) && graph.find(link.to.node));
            QVERIFY(graph.linkInto(link.to)->id == id);
        }
    };
    check(project.network.main);
    for (const auto& [name, block] : project.network.blocks) {
        check(block.graph);
        for (const auto& promoted : block.promoted)
            QVERIFY(block.graph.find(promoted.node));
    }
    for (const auto& [graph, points] : project.canvas.positions)
        for (const auto& [node, point] : points)
            QVERIFY(std::isfinite(point.x) && std::isfinite(point.y));
}

} // namespace

class RandomProjectTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aHundredThousandEditsUndosAndRedos() {
        RandomUser user(7);
        auto project = newProject();
        project.network = residualNetwork();
        const auto start = project;
        std::vector<ProjectEdit> undo;
        std::vector<ProjectEdit> redo;
        std::map<std::string, int> count;
        for (int step = 0; step < kSteps && !QTest::currentTestFailed(); ++step) {
            const auto choice = user.below(10);
            if (choice < 3 && !undo.empty()) {
                const auto edit = std::move(undo.back());
                undo.pop_back();
                redo.push_back(apply(project, edit));
                ++count["undone"];
            } else if (choice < 5 && !redo.empty()) {
                const auto edit = std::move(redo.back());
                redo.pop_back();
                undo.push_back(apply(project, edit));
                ++count["redone"];
            } else {
                try {
                    undo.push_back(apply(project, user.next(project)));
                    redo.clear();
                    ++count["done"];
                } catch (const Error&) {
                    ++count["refused"];
                }
            }
            if (step % kLooks == 0)
                requireSound(project);
        }
        requireSound(project);
        const auto end = project;
        std::vector<ProjectEdit> forward;
        while (!undo.empty()) {
            forward.push_back(apply(project, undo.back()));
            undo.pop_back();
        }
        QVERIFY(project == start);
        while (!forward.empty()) {
            apply(project, forward.back());
            forward.pop_back();
        }
        QVERIFY(project == end);
        for (const auto& [what, times] : count)
            qInfo("%s: %d", what.c_str(), times);
        for (const auto* what : {"done", "undone", "redone", "refused"})
            QVERIFY2(count[what] > kSteps / 50, what);
    }
};

QTEST_GUILESS_MAIN(RandomProjectTest)
#include "tst_random_project.moc"
