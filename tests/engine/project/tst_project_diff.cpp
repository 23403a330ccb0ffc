// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_diff.h"
#include "tests/support/small_jobs.h"

#include <QTest>

using namespace gradwright;

namespace {

using Lines = std::vector<std::string>;

NodeId idOf(const Project& project, const char* name) {
    return project.network.main.findByName(name)->id;
}

Lines changesBy(const std::vector<ProjectEdit>& edits) {
    const Project before = test::smallProject();
    Project after = before;
    after.uuid = before.uuid;
    for (const auto& edit : edits)
        apply(after, edit);
    return describeChanges(before, after);
}

} // namespace

class ProjectDiffTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalProjectsHaveNone() { QVERIFY(changesBy({}).empty()); }

    void parametersAreNamedWithBothValues() {
        const auto hidden = idOf(test::smallProject(), "hidden");
        QCOMPARE(changesBy({{NetworkEdit{SetParam{"", hidden, "units", std::int64_t{64}}}}}),
                 Lines{"hidden: Units 64, was 16"});
        // Back to the default, which files leave out.
        const auto dropout = idOf(test::smallProject(), "dropout");
        QCOMPARE(changesBy({{NetworkEdit{SetParam{"", dropout, "rate", 0.5}}}}),
                 Lines{"dropout: Rate 0.5, was 0.2"});
    }

    void nodesAndLinksComeAndGo() {
        const Project project = test::smallProject();
        const Graph& graph = project.network.main;
        const auto dropout = idOf(project, "dropout");
        const Node extra{graph.freshNodeId(), "extra", LayerUse{"dense"}, {}, {}};
        std::vector<ProjectEdit> edits;
        for (const LinkId link : graph.linksOf(dropout))
            edits.push_back({NetworkEdit{RemoveLink{"", link}}});
        edits.push_back({NetworkEdit{RemoveNode{"", dropout}}});
        edits.push_back({NetworkEdit{AddNode{"", extra}}});
        edits.push_back({NetworkEdit{RenameNode{"", idOf(project, "hidden"), "middle"}}});
        QCOMPARE(changesBy(edits), (Lines{"dropout removed", "hidden renamed to middle",
                                          "extra added", "Links changed"}));
    }

    void settingsDataAndTexts() {
        Project project = test::smallProject();
        DataChoice data = project.data;
        data.limit = 7;
        TrainingSettings training = project.training;
        training.params["epochs"] = std::int64_t{9};
        QCOMPARE(changesBy({{SetData{data}},
                            {SetTraining{training}},
                            {SetTexts{"other", ""}},
                            {MoveNodes{"", {{idOf(project, "hidden"), Point{1, 2}}}}}}),
                 (Lines{"Arrangement on the canvas changed", "Data changed",
                        "Training settings changed", "Name or description changed"}));
    }
};

QTEST_GUILESS_MAIN(ProjectDiffTest)
#include "tst_project_diff.moc"
