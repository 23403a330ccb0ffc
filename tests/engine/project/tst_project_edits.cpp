// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project.h"
#include "engine/project/rename_node.h"
#include "engine/project/templates.h"
#include "tests/support/data_files.h"

#include <QRegularExpression>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Does, undoes and redoes; says what went wrong, or nothing.
std::string whyNotReversible(const ProjectEdit& edit, bool changes = true) {
    auto project = openTemplate("lenet-5");
    project.canvas.frames[FrameId{1}] = {"", "Stem", {0, 0}, 10, 10};
    project.canvas.notes[NoteId{1}] = {"", "Note", {0, 0}, 10, 10};
    const auto before = project;
    const auto inverse = apply(project, edit);
    const auto after = project;
    if ((after != before) != changes)
        return "the edit has no effect";
    const auto again = apply(project, inverse);
    if (project != before)
        return "the inverse does not restore";
    apply(project, again);
    return project == after ? "" : "the inverse's inverse does not repeat";
}

/// The error of an edit; "changed" when it left something behind.
std::string whyRefused(const ProjectEdit& edit) {
    auto project = openTemplate("lenet-5");
    const auto before = project;
    const auto error = errorOf([&] { apply(project, edit); });
    return project == before ? error : "changed";
}

} // namespace

class ProjectEditsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyEditHasAnInverse() {
        auto data = DataChoice{};
        data.limit = 5;
        auto training = TrainingSettings{};
        training.optimizer = {"sgd", {}};
        const NodeId node{1};
        const std::vector<std::pair<const char*, ProjectEdit>> edits = {
            {"network", {NetworkEdit{RenameNode{"", node, "retina"}}}},
            {"move", {MoveNodes{"", {{node, Point{3, 4}}, {NodeId{2}, Point{5, 6}}}}}},
            {"move elsewhere", {MoveNodes{"block", {{node, Point{3, 4}}}}}},
            {"forget position", {MoveNodes{"", {{node, std::nullopt}}}}},
            {"add frame", {SetFrame{FrameId{2}, Frame{"", "New", {1, 2}, 3, 4}}}},
            {"change frame", {SetFrame{FrameId{1}, Frame{"", "Other", {1, 2}, 3, 4}}}},
            {"remove frame", {SetFrame{FrameId{1}, std::nullopt}}},
            {"add note", {SetNote{NoteId{2}, Note{"", "New", {1, 2}, 3, 4}}}},
            {"change note", {SetNote{NoteId{1}, Note{"", "Other", {1, 2}, 3, 4}}}},
            {"remove note", {SetNote{NoteId{1}, std::nullopt}}},
            {"data", {SetData{data}}},
            {"training", {SetTraining{training}}},
            {"texts", {SetTexts{"name", "description"}}},
            {"start", {SetStart{"/weights.safetensors", ChannelScaling{{0.5}, {0.25}}}}},
        };
        for (const auto& [name, edit] : edits) {
            const auto why = whyNotReversible(edit);
            QVERIFY2(why.empty(), qPrintable(QStringLiteral("%1: %2").arg(name, why.c_str())));
        }
        ProjectEdit::Group group;
        for (const auto& [name, edit] : edits)
            if (std::string_view(name) != "forget position")
                group.push_back(edit);
        QCOMPARE(whyNotReversible({group}), "");
        QCOMPARE(whyNotReversible({ProjectEdit::Group{}}, false), "");
    }

    void forgettingTheLastPositionLeavesNoTrace() {
        Project project;
        const auto before = project;
        const auto inverse = apply(project, {MoveNodes{"", {{NodeId{1}, Point{1, 2}}}}});
        apply(project, inverse);
        QVERIFY(project == before);
        QVERIFY(project.canvas.positions.empty());
    }

    void refusedEditsChangeNothing() {
        auto data = DataChoice{};
        data.dataset = "imagenet";
        QVERIFY(contains(whyRefused({SetData{data}}), "imagenet"));
        data = DataChoice{};
        data.params["size"] = std::int64_t{3};
        QVERIFY(contains(whyRefused({SetData{data}}), "Size"));
        data = DataChoice{};
        data.limit = -1;
        QVERIFY(contains(whyRefused({SetData{data}}), "-1"));
        data = DataChoice{};
        data.validationFraction = kNan;
        QVERIFY(contains(whyRefused({SetData{data}}), "nan"));
        auto training = TrainingSettings{};
        training.params["epochs"] = std::int64_t{0};
        QVERIFY(contains(whyRefused({SetTraining{training}}), "Epochs"));
        training = TrainingSettings{};
        training.objectives.front().weight = kNan;
        QVERIFY(contains(whyRefused({SetTraining{training}}), "weight"));
        training = TrainingSettings{};
        training.objectives.clear();
        QVERIFY(contains(whyRefused({SetTraining{training}}), "objective"));
        // What JSON cannot hold must not come in: the file could not be opened again.
        QVERIFY(contains(whyRefused({MoveNodes{"", {{NodeId{1}, Point{kNan, 0}}}}}), "finite"));
        QVERIFY(
            contains(whyRefused({SetFrame{FrameId{1}, Frame{"", "", {0, kNan}, 1, 1}}}), "finite"));
        QVERIFY(
            contains(whyRefused({SetFrame{FrameId{1}, Frame{"", "", {0, 0}, kNan, 1}}}), "finite"));
        QVERIFY(contains(whyRefused({SetNote{NoteId{1}, Note{"", "", {0, 0}, 1, INFINITY}}}),
                         "finite"));
        QVERIFY(contains(whyRefused({NetworkEdit{RemoveNode{"", NodeId{999}}}}), "999"));
    }

    void aGroupIsDoneAsAWholeOrNotAtAll() {
        const ProjectEdit::Group group = {
            {SetTexts{"changed", ""}},
            {MoveNodes{"", {{NodeId{1}, Point{9, 9}}}}},
            {ProjectEdit::Group{{NetworkEdit{RenameNode{"", NodeId{1}, "renamed"}}}}},
            {NetworkEdit{RenameNode{"", NodeId{2}, "renamed"}}}, // the name is taken by now
        };
        const auto why = whyRefused({group});
        QVERIFY2(contains(why, "renamed"), why.c_str());
    }

    void whatAnOutputIsTrainedForFollowsItsName() {
        auto project = openTemplate("lenet-5");
        const auto output =
            std::ranges::find_if(project.network.main.nodes(), [](const auto& entry) {
                return entry.second.use == decltype(entry.second.use){LayerUse{"output"}};
            })->second;
        project.training.objectives.front().output = output.name;
        const auto before = project;
        const auto undo = apply(project, renameNode(project, "", output.id, "digit"));
        QCOMPARE(project.network.main.find(output.id)->name, std::string("digit"));
        QCOMPARE(project.training.objectives.front().output, std::string("digit"));
        apply(project, undo);
        QVERIFY(project == before);
        // Another layer's name is no business of theirs, nor is a name that is taken.
        apply(project, renameNode(project, "", NodeId{1}, "retina"));
        QVERIFY(project.training == before.training);
        const auto why =
            errorOf([&] { apply(project, renameNode(project, "", output.id, "retina")); });
        QVERIFY2(contains(why, "retina"), why.c_str());
        QVERIFY(project.training == before.training);
    }

    void whatAnInputGetsFollowsItsName() {
        auto project = openTemplate("lenet-5");
        const auto input =
            project.network.main.find(nodesOfLayer(project.network.main, "input").at(0));
        const auto id = input->id;
        project.data.assignment = {{{input->name, {"0"}}, {"other", {"1"}}}, {"2"}};
        const auto before = project;
        const auto undo = apply(project, renameNode(project, "", id, "retina"));
        QVERIFY((project.data.assignment ==
                 InputAssignment{{{"retina", {"0"}}, {"other", {"1"}}}, {"2"}}));
        apply(project, undo);
        QVERIFY(project == before);
    }

    void newProjectsHaveTheirOwnUuid() {
        const auto a = newProject().uuid;
        const auto b = newProject().uuid;
        QVERIFY(a != b);
        const QRegularExpression form(QStringLiteral(
            "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"));
        QVERIFY2(form.match(QString::fromStdString(a)).hasMatch(), a.c_str());
    }
};

QTEST_APPLESS_MAIN(ProjectEditsTest)
#include "tst_project_edits.moc"
