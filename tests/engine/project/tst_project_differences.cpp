// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_differences.h"
#include "engine/training/recipes/optimizers.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using Area = ProjectDifference::Area;
using Differences = std::vector<ProjectDifference>;

namespace {

NodeId idOf(const Project& project, const char* name) {
    return project.network.main.findByName(name)->id;
}

} // namespace

class ProjectDifferencesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalProjectsHaveNone() {
        const Project project = test::smallProject();
        Project other = project;
        other.name = "other";
        other.uuid = "other";
        // A default that is written out is no difference.
        other.training.params["early_stopping"] = false;
        QVERIFY(differencesOf(project, other).empty());
    }

    void layersAreToldWithBothValues() {
        const Project first = test::smallProject();
        Project second = first;
        const auto hidden = idOf(first, "hidden");
        apply(second, {NetworkEdit{SetParam{"", hidden, "units", std::int64_t{64}}}});
        QCOMPARE(differencesOf(first, second),
                 (Differences{{Area::Network, "hidden: Units", "16", "64"}}));
        QCOMPARE(differencesOf(second, first),
                 (Differences{{Area::Network, "hidden: Units", "64", "16"}}));
    }

    void nodesAndLinksAreTold() {
        const Project first = test::smallProject();
        Project second = first;
        const Graph& graph = second.network.main;
        const auto dropout = idOf(first, "dropout");
        const auto from = graph.linkInto({dropout, {0}})->from;
        Link skipping;
        for (const LinkId id : std::vector<LinkId>(graph.linksOf(dropout)))
            if (graph.find(id)->from.node == dropout)
                skipping = *graph.find(id);
        const std::string reader = graph.find(skipping.to.node)->name;
        const std::string source = graph.find(from.node)->name;
        for (const LinkId id : std::vector<LinkId>(graph.linksOf(dropout)))
            apply(second, {NetworkEdit{RemoveLink{"", id}}});
        apply(second, {NetworkEdit{RemoveNode{"", dropout}}});
        skipping.from = from;
        skipping.id = graph.freshLinkId();
        apply(second, {NetworkEdit{AddLink{"", skipping}}});
        QCOMPARE(differencesOf(first, second),
                 (Differences{{Area::Network, "dropout", "Dropout", ""},
                              {Area::Network, source + " → " + reader, "", "linked"}}));
    }

    void settingsAndDataAreTold() {
        const Project first = test::smallProject();
        Project second = first;
        second.training.params["learning_rate"] = 0.25;
        second.training.optimizer = {"sgd", {{"momentum", 0.5}}};
        second.data.limit = 7;
        second.data.validationFraction = 0.25;
        const auto found = differencesOf(first, second);
        const auto has = [&](const ProjectDifference& wanted) {
            return std::ranges::find(found, wanted) != found.end();
        };
        QCOMPARE(found.size(), 4U);
        QVERIFY(
            has({Area::Training, "Optimizer", optimizer("adam").title, optimizer("sgd").title}));
        QVERIFY(has(
            {Area::Training, "Learning rate", toString(first.training.learningRate()), "0.25"}));
        QVERIFY(has({Area::Data, "Validation", "0 %", "25 %"}));
        QVERIFY(has({Area::Data, "Training samples", std::to_string(first.data.limit), "7"}));
    }
};

QTEST_GUILESS_MAIN(ProjectDifferencesTest)
#include "tst_project_differences.moc"
