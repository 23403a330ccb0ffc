// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/graph/blocks.h"
#include "engine/graph/network_json.h"
#include "engine/project/block_edits.h"
#include "engine/project/block_library.h"
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// With places for all layers, one below the other.
Project projectOf(Network network) {
    auto project = newProject();
    double y = 0;
    for (const auto& [id, node] : network.main.nodes())
        project.canvas.positions[""][id] = {0, y += 88};
    project.network = std::move(network);
    return project;
}

std::map<NodeId, Point> placed(const Project& project, std::initializer_list<const char*> names) {
    std::map<NodeId, Point> at;
    for (const auto* name : names) {
        const auto id = project.network.main.findByName(name)->id;
        at[id] = project.canvas.positions.at("").at(id);
    }
    return at;
}

} // namespace

class BlockEditsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void groupingTakesPlacesAlong() {
        auto project = projectOf(lenet());
        const auto before = project;
        const auto at = placed(project, {"conv1", "pool1"});
        const auto change = groupIntoBlock(project, "", at, "Stem");
        const auto undo = apply(project, change.edit);
        const auto& inside = project.canvas.positions.at("Stem");
        QCOMPARE(inside.size(), 4U); // with the ports
        for (const auto& [id, point] : at) {
            QVERIFY(inside.at(id) == point);
            QVERIFY(!project.canvas.positions.at("").contains(id));
        }
        QVERIFY(project.canvas.positions.at("").contains(change.nodes.front()));
        QVERIFY(projectFromJson(toJson(project)) == project);
        apply(project, undo);
        QVERIFY(project == before);
    }

    void ungroupingPutsThemWhereTheInstanceStood() {
        auto project = projectOf(lenet());
        const auto at = placed(project, {"conv1", "pool1"});
        const auto change = groupIntoBlock(project, "", at, "Stem");
        apply(project, change.edit);
        const auto instance = change.nodes.front();
        const auto where = project.canvas.positions.at("").at(instance);
        const auto back = ungroupBlock(project, "", instance, where);
        const auto undo = apply(project, back.edit);
        QVERIFY(!project.canvas.positions.contains("Stem"));
        QCOMPARE(back.nodes.size(), 2U);
        for (const auto& [id, point] : at) // ids may differ, the places are the same
            QVERIFY(std::ranges::any_of(back.nodes, [&, wanted = point](NodeId node) {
                return project.canvas.positions.at("").at(node) == wanted;
            }));
        apply(project, undo);
        QVERIFY(project.canvas.positions.contains("Stem"));
    }

    void renamingTakesTheCanvasAlong() {
        auto project = projectOf(residualNetwork());
        const auto conv = project.network.blocks.at("unit").graph.findByName("conv1")->id;
        apply(project, {MoveNodes{"unit", {{conv, Point{4, 8}}}}});
        apply(project, {SetFrame{{1}, Frame{"unit", "Body", {0, 0}, 100, 100, {}}}});
        apply(project, {SetExpanded{"unit", conv, true}});
        const auto before = project;
        const auto undo = apply(project, renameBlock(project, "unit", "Residual"));
        QVERIFY((project.canvas.positions.at("Residual").at(conv) == Point{4, 8}));
        QCOMPARE(project.canvas.frames.at({1}).graph, std::string("Residual"));
        QVERIFY(project.canvas.expanded.at("Residual").contains(conv));
        QVERIFY(!project.canvas.positions.contains("unit"));
        QVERIFY(projectFromJson(toJson(project)) == project);
        apply(project, undo);
        QVERIFY(project == before);
    }

    void anInstanceGetsACopyOfItsOwn() {
        auto project = projectOf(residualNetwork());
        const auto before = project;
        const auto stage = project.network.main.findByName("stage2")->id;
        const auto change = makeUnique(project, "", stage);
        const auto undo = apply(project, change.edit);
        QCOMPARE(usesOf(project.network, "unit"), 1U);
        QCOMPARE(usesOf(project.network, "unit 2"), 1U);
        QCOMPARE(project.network.main.findByName("stage2")->blockUse()->repeat, 2);
        QVERIFY(!analyze(project.network).hasErrors());
        apply(project, undo);
        QVERIFY(project == before);
    }

    void framesAndNotesAreCopiedWithTheBlock() {
        auto project = projectOf(residualNetwork());
        const auto conv = project.network.blocks.at("unit").graph.findByName("conv1")->id;
        apply(project, {MoveNodes{"unit", {{conv, Point{4, 8}}}}});
        apply(project, {SetFrame{{1}, Frame{"unit", "Body", {0, 10}, 100, 100, {}}}});
        apply(project, {SetNote{{1}, Note{"unit", "Why", {20, 0}, 100, 100, {}}}});
        const auto stage = project.network.main.findByName("stage2")->id;
        apply(project, {SetExpanded{"", stage, true}});
        const auto before = project;
        const auto change = makeUnique(project, "", stage);
        auto undo = apply(project, change.edit);
        const auto framesOf = [&](const char* graph) {
            return std::ranges::count_if(project.canvas.frames, [&](const auto& each) {
                return each.second.graph == graph && each.second.title == "Body";
            });
        };
        QCOMPARE(framesOf("unit"), 1);
        QCOMPARE(framesOf("unit 2"), 1);
        QCOMPARE(project.canvas.notes.size(), 2U);
        QVERIFY(project.canvas.expanded.at("").contains(change.nodes.front()));
        apply(project, undo);
        QVERIFY(project == before);

        // Ungrouped, they stand where the nodes of the first repetition do.
        const auto back = ungroupBlock(project, "", stage, {104, 208});
        undo = apply(project, back.edit);
        QCOMPARE(framesOf(""), 1);
        QCOMPARE(framesOf("unit"), 1);
        const auto frame = std::ranges::find_if(
            project.canvas.frames, [](const auto& each) { return each.second.graph.empty(); });
        QVERIFY((frame->second.position == Point{100, 210}));
        apply(project, undo);
        QVERIFY(project == before);
    }

    void savedBlocksComeBackInAnotherProject() {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        auto project = projectOf(residualNetwork());
        apply(project,
              groupIntoBlock(project, "", placed(project, {"stage1", "down"}), "Stage").edit);
        saveBlock(path, project, "Stage");
        saveBlock(path, project, "Stage"); // in the place of the one before
        const auto found = savedBlocks(path);
        QCOMPARE(found.size(), 1U);
        QCOMPARE(found.front().first, std::string("Stage"));
        const auto saved = loadBlock(found.front().second);
        QVERIFY(saved.piece == takeBlocks(project, {"Stage"}));

        // Into an empty project, again (nothing new), and beside another block of that name.
        auto other = newProject();
        auto import = importBlocks(other, saved.piece);
        apply(other, import.edit);
        QVERIFY(other.network.blocks == saved.piece.blocks);
        QCOMPARE(importBlocks(other, saved.piece).names.at("Stage"), std::string("Stage"));
        auto third = newProject();
        apply(third, {NetworkEdit{AddBlock{"unit", {}}}});
        import = importBlocks(third, saved.piece);
        apply(third, import.edit);
        QCOMPARE(import.names.at("unit"), std::string("unit 2"));
        QCOMPARE(import.names.at("Stage"), std::string("Stage"));
        QCOMPARE(usesOf(third.network, "unit 2"), 1U);
        QVERIFY(third.canvas.positions.contains("Stage"));
    }

    /// "Around" comes before what it contains, so that neither taking it in nor undoing that may go
    /// by the names' order.
    void blocksWithinBlocksComeAndGo() {
        auto project = projectOf(residualNetwork());
        apply(project, groupIntoBlock(project, "", placed(project, {"stage1"}), "Around").edit);
        const auto piece = takeBlocks(project, {"Around"});
        QCOMPARE(piece.blocks.size(), 2U);
        auto other = newProject();
        const auto before = other;
        const auto undo = apply(other, importBlocks(other, piece).edit);
        QVERIFY(other.network.blocks == piece.blocks);
        apply(other, undo);
        QVERIFY(other == before);
        QVERIFY(networkFromJson(toJson(project.network)) == project.network);
    }

    /// Instances whose block is missing are not given the one that comes under its name.
    void aBlockComesBesideInstancesOfAMissingOne() {
        const auto project = projectOf(residualNetwork());
        auto other = newProject();
        const Node lost{other.network.main.freshNodeId(), "lost", BlockUse{"unit", 2}, {}};
        apply(other, {NetworkEdit{AddNode{"", lost}}});
        const auto before = other;
        const auto import = importBlocks(other, takeBlocks(project, {"unit"}));
        QCOMPARE(import.names.at("unit"), std::string("unit 2"));
        const auto undo = apply(other, import.edit);
        QVERIFY(other.network.blocks.contains("unit 2"));
        QVERIFY(!other.network.blocks.contains("unit"));
        apply(other, undo);
        QVERIFY(other == before);
    }

    void brokenFilesAreNamed() {
        QTemporaryDir folder;
        const auto write = [&](const char* name, const QByteArray& text) {
            QFile file(folder.filePath(QLatin1String(name)));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(text);
        };
        write("a.gradwright-block", "{");
        write("b.gradwright-block", R"({"format": "gradwright block", "schema": 9})");
        write("c.gradwright-block",
              R"({"format": "gradwright block", "schema": 1, "name": "x", "blocks": {}})");
        QVERIFY(savedBlocks(folder.path().toStdString()).empty());
        for (const char* name : {"a", "b", "c"}) {
            const auto file = folder.filePath(QLatin1String(name) + ".gradwright-block");
            const auto message = messageOf([&] { loadBlock(file.toStdString()); });
            QVERIFY2(message.startsWith(file), qPrintable(message));
        }
        QVERIFY(savedBlocks("/nowhere").empty());
    }

    void theFlowIsRememberedAndWhatIsUnknownKept() {
        auto project = projectOf(lenet());
        QVERIFY(!toJson(project)["canvas"].contains("flow"));
        apply(project, {SetFlow{Flow::Right}});
        const auto again = projectFromJson(toJson(project));
        QVERIFY(again.canvas.flow == Flow::Right);
        auto json = toJson(project);
        json["canvas"]["flow"] = "upwards";
        QVERIFY(toJson(projectFromJson(json))["canvas"]["flow"] == Json("upwards"));
    }
};

QTEST_GUILESS_MAIN(BlockEditsTest)
#include "tst_block_edits.moc"
