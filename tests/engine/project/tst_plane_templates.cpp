// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <QTest>

using namespace gradwright;

/// What the templates on points in the plane are there to show.
class PlaneTemplatesTest : public QObject {
    Q_OBJECT

private:
    static double testAccuracy(const Project& project) {
        const test::TemporaryFolder folder;
        test::EventLog log;
        Trainer(trainingJob(project, folder.path()), log.sink()).run({});
        const auto finished = log.all<Finished>();
        return finished.size() == 1 ? finished.front().test.quality.value : 0;
    }

private Q_SLOTS:
    void aHiddenLayerSolvesExclusiveOr() {
        const Project project = openTemplate("exclusive-or");
        QVERIFY(testAccuracy(project) >= 0.98);
    }

    /// Minsky and Papert 1969: a line separates three of four quadrants at best.
    void withoutItNothingDoes() {
        Project project = openTemplate("exclusive-or");
        const Graph& graph = project.network.main;
        const NodeId hidden = graph.findByName("hidden1")->id;
        const NodeId point = graph.findByName("point")->id;
        const NodeId scores = graph.findByName("scores")->id;
        apply(project, {NetworkEdit{removeNodes(project.network, "", {hidden})}});
        if (graph.linkInto({scores, {0}}) == nullptr)
            apply(project, {NetworkEdit{AddLink{"", Link{.id = graph.freshLinkId(),
                                                         .from = {point, {0}},
                                                         .to = {scores, {0}}}}}});
        const double accuracy = testAccuracy(project);
        QVERIFY(accuracy > 0.4 && accuracy < 0.8);
    }

    void twoHiddenLayersUnwindTheSpirals() {
        const Project project = openTemplate("two-spirals");
        QVERIFY(testAccuracy(project) >= 0.975); // the mean of three seeds is 98.6 %
    }
};

QTEST_GUILESS_MAIN(PlaneTemplatesTest)
#include "tst_plane_templates.moc"
