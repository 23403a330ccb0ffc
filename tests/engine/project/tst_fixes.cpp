// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/project/fix_places.h"
#include "engine/project/link_fixes.h"
#include "engine/training/objective.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>
#include <string>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Images of 3×8×8 in ten classes.
DataInfo images() {
    DataInfo info;
    info.input = {3, 8, 8};
    for (int i = 0; i < 10; ++i)
        info.classes.push_back(std::to_string(i));
    return info;
}

std::vector<Diagnostic> problemsOf(const Project& project) {
    auto analysis = analyze(project.network);
    addLinkFixes(project, analysis);
    auto all = analysis.diagnostics;
    std::ranges::move(diagnoseTraining(project.network, analysis, images(), project.training),
                      std::back_inserter(all));
    return all;
}

const Diagnostic* problemWith(const std::vector<Diagnostic>& all, const std::string& part) {
    const auto found = std::ranges::find_if(
        all, [&](const Diagnostic& each) { return each.message.find(part) != std::string::npos; });
    return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> titlesOf(const Diagnostic& diagnostic) {
    std::vector<std::string> titles;
    for (const auto& fix : diagnostic.fixes)
        titles.push_back(fix.title);
    return titles;
}

bool canBeTrained(const Project& project) {
    const auto all = problemsOf(project);
    return std::ranges::none_of(
        all, [](const Diagnostic& each) { return each.severity == Severity::Error; });
}

Project projectOf(const NetworkBuilder& builder) {
    auto project = newProject();
    project.network = builder.network;
    double y = 0;
    for (const auto& [id, node] : project.network.main.nodes()) {
        project.canvas.positions[""][id] = {0, y};
        y += 88;
    }
    return project;
}

Point placeOf(const Project& project, const std::string& name) {
    return project.canvas.positions.at("").at(project.network.main.findByName(name)->id);
}

} // namespace

class FixesTest : public QObject {
    Q_OBJECT

    /// Each fix of the problem makes the network fit, and is undone as a whole.
    static void checkFixes(const Project& project, const std::string& message,
                           const std::vector<std::string>& titles) {
        const auto all = problemsOf(project);
        const auto* const found = problemWith(all, message);
        QVERIFY2(found, message.c_str());
        QCOMPARE(titlesOf(*found), titles);
        for (const auto& fix : found->fixes) {
            auto fixed = project;
            const auto undo = apply(fixed, editOf(fixed, fix));
            QVERIFY2(canBeTrained(fixed), fix.title.c_str());
            apply(fixed, undo);
            QVERIFY2(fixed == project, fix.title.c_str());
        }
    }

private Q_SLOTS:
    void theOutputGetsAsManyUnitsAsClasses() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        const auto dense = b.after(b.after(image, "flatten"), "dense", {}, "fc");
        b.after(dense, "output", {}, "end");
        checkFixes(projectOf(b), "The data set has 10 classes", {"Set units to 10"});
    }

    void whereThereIsNoDenseLayerOneIsInserted() {
        NetworkBuilder plain;
        const auto input = plain.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        plain.after(plain.after(input, "conv2d", {}, "conv"), "output", {}, "end");
        checkFixes(projectOf(plain), "The data set has 10 classes",
                   {"Insert Global average pool and Dense 10", "Insert Flatten and Dense 10"});

        NetworkBuilder pooled;
        const auto from = pooled.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        const auto pool = pooled.after(pooled.after(from, "conv2d", {}, "conv"),
                                       "global-average-pool", {}, "pool");
        pooled.after(pooled.after(pool, "softmax", {}, "probabilities"), "output", {}, "end");
        auto project = projectOf(pooled);
        checkFixes(project, "The data set has 10 classes", {"Insert Dense 10"});
        const auto all = problemsOf(project);
        apply(project, editOf(project, problemWith(all, "10 classes")->fixes.front()));
        // In front of the Softmax, which stays the last.
        const auto& graph = project.network.main;
        const auto* const link = graph.linkInto({graph.findByName("probabilities")->id, {0}});
        QCOMPARE(graph.find(link->from.node)->name, std::string("scores1"));
    }

    void imagesBeforeDenseAreFlattenedOrPooled() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        const auto dense =
            b.after(b.after(image, "conv2d", {}, "conv"), "dense", {{"units", std::int64_t{10}}});
        b.after(dense, "output", {}, "end");
        checkFixes(projectOf(b), "Dense takes a vector",
                   {"Insert Flatten", "Insert Global average pool"});
    }

    void aLooseInputIsLinkedWithTheNearestThatFits() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        const auto first = b.after(image, "conv2d", {}, "first");
        const auto second = b.after(first, "conv2d", {}, "second");
        const auto flat = b.after(second, "flatten", {}, "flat"); // feeds nothing, but does not fit
        b.after(b.after(second, "global-average-pool"), "output", {}, "end");
        const auto loose = b.layer("conv2d", {}, "loose");
        auto project = projectOf(b);
        const auto titles = [&] {
            const auto all = problemsOf(project);
            return titlesOf(*problemWith(all, "Input 0 of loose"));
        };
        QCOMPARE(titles(), (std::vector<std::string>{"Link second to it"}));
        // The nearest on the canvas, not in the list.
        project.canvas.positions[""][loose] = {256, 120};
        QCOMPARE(titles(), (std::vector<std::string>{"Link first to it"}));
        // One that feeds nothing yet comes before others.
        NetworkBuilder open = b;
        open.after(image, "conv2d", {}, "open");
        project.network = open.network;
        project.canvas.positions[""][open.network.main.findByName("open")->id] = {900, 0};
        QCOMPARE(titles(), (std::vector<std::string>{"Link open to it"}));
        static_cast<void>(flat);
    }

    void anOpenEndThatDoesNotFitIsLinkedThroughALayer() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        b.after(image, "conv2d", {}, "conv");
        const auto fc = b.layer("dense", {{"units", std::int64_t{10}}}, "fc");
        b.after(fc, "output", {}, "end");
        // What is left where somebody has deleted the Flatten.
        auto project = projectOf(b);
        checkFixes(project, "Input 0 of fc", {"Link conv via Flatten"});
        const auto all = problemsOf(project);
        apply(project, editOf(project, problemWith(all, "Input 0 of fc")->fixes.front()));
        const auto& graph = project.network.main;
        const auto* const link = graph.linkInto({fc, {0}});
        QVERIFY(link);
        QCOMPARE(graph.find(link->from.node)->layerUse()->layer, std::string("flatten"));
    }

    void whatIsMissingAtTheEndsIsAdded() {
        NetworkBuilder b;
        const auto flat = b.layer("flatten", {}, "flat");
        b.after(b.after(flat, "dense", {{"units", std::int64_t{10}}}), "output", {}, "end");
        checkFixes(projectOf(b), "Training feeds an Input", {"Add an Input"});

        NetworkBuilder two;
        const auto image = two.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        two.layer("input", {}, "spare");
        const auto fc =
            two.after(two.after(image, "flatten"), "dense", {{"units", std::int64_t{10}}}, "fc");
        two.after(fc, "output", {}, "end");
        const auto all = problemsOf(projectOf(two));
        const auto titles = titlesOf(*problemWith(all, "The network has 2 Inputs"));
        QCOMPARE(titles.back(), std::string("Remove spare"));

        NetworkBuilder ends;
        const auto input = ends.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        ends.after(input, "flatten", {}, "side");
        const auto vector = ends.after(input, "global-average-pool");
        ends.after(vector, "dense", {{"units", std::int64_t{10}}}, "fc");
        checkEnds(projectOf(ends));
    }

    void whatIsInsertedStandsBetweenItsNeighbours() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        b.after(b.after(image, "conv2d", {}, "conv"), "output", {}, "end");
        auto project = projectOf(b); // 0, 88 and 176
        Frame frame{
            .graph = "", .title = "all", .position = {-20, -20}, .width = 250, .height = 260};
        apply(project, {SetFrame{{1}, frame}});
        const auto all = problemsOf(project);
        apply(project, editOf(project, problemWith(all, "10 classes")->fixes.front()));
        QVERIFY(placeOf(project, "pool1") == (Point{0, 176}));
        QVERIFY(placeOf(project, "scores1") == (Point{0, 264}));
        QVERIFY(placeOf(project, "end") == (Point{0, 352})); // made room
        QVERIFY(placeOf(project, "conv") == (Point{0, 88}));
        QCOMPARE(project.canvas.frames.at({1}).height, 260.0 + 176.0);
        QVERIFY(project.canvas.frames.at({1}).position == frame.position);
    }

    /// A network that is drawn in columns goes on beside its start.
    void nothingMovesWhereTheNextColumnBegins() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        const auto conv = b.after(image, "conv2d", {}, "conv");
        const auto fc = b.after(conv, "dense", {{"units", std::int64_t{10}}}, "fc");
        b.after(fc, "output", {}, "end");
        auto project = projectOf(b);
        project.canvas.positions[""][fc] = {256, 0};
        project.canvas.positions[""][project.network.main.findByName("end")->id] = {256, 88};
        const auto before = project.canvas.positions.at("");
        const auto all = problemsOf(project);
        apply(project, editOf(project, problemWith(all, "Dense takes a vector")->fixes.front()));
        for (const auto& [id, at] : before)
            QVERIFY(project.canvas.positions.at("").at(id) == at);
        QVERIFY(placeOf(project, "flatten1") == (Point{0, 176}));
    }

    /// What is inside a block cannot be followed by an Output, the block can.
    void anOutputIsAddedBehindABlock() {
        NetworkBuilder b;
        b.in("unit");
        const auto in = b.layer("block-input", {}, "in");
        b.after(b.after(in, "relu", {}, "relu"), "block-output", {}, "out");
        b.in("");
        const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        b.link(image, b.block("unit", "stage", 2));
        auto project = projectOf(b);
        const auto all = problemsOf(project);
        const auto* const found = problemWith(all, "The network has no Output");
        QVERIFY(found);
        QCOMPARE(titlesOf(*found), std::vector<std::string>{"Add an Output"});
        apply(project, editOf(project, found->fixes.front()));
        const auto* const output = project.network.main.findByName("output1");
        QVERIFY(output);
        const auto* const link = project.network.main.linkInto({output->id, {0}});
        QVERIFY(link && link->from.node == project.network.main.findByName("stage")->id);
        QVERIFY(!problemWith(problemsOf(project), "The network has no Output"));
    }

    void nothingIsPutOnAnotherLayer() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
        b.after(image, "flatten", {}, "flat");
        b.layer("dense", {}, "other");
        auto project = projectOf(b); // the last stands just behind "flat"
        const auto all = problemsOf(project);
        const auto* const found = problemWith(all, "The network has no Output");
        QVERIFY(found);
        const auto fix = std::ranges::find(found->fixes, "Add an Output after flat", &Fix::title);
        QVERIFY(fix != found->fixes.end());
        apply(project, editOf(project, *fix));
        QVERIFY(placeOf(project, "output1") == (Point{256, 176}));
    }

private:
    static void checkEnds(const Project& project) {
        const auto all = problemsOf(project);
        // The end of the longest way first.
        QCOMPARE(titlesOf(*problemWith(all, "The network has no Output")),
                 (std::vector<std::string>{"Add an Output after fc", "Add an Output after side"}));
    }
};

QTEST_APPLESS_MAIN(FixesTest)
#include "tst_fixes.moc"
