// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/lower.h"
#include "engine/training/objective.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <QTest>

using namespace gradwright;
using test::contains;
using test::errorOf;
using test::smallProject;

namespace {

DataInfo digits() {
    DataInfo info;
    info.input = {1, 28, 28};
    info.classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    return info;
}

std::vector<Diagnostic> diagnose(const Project& project, const DataInfo& data) {
    return diagnoseTraining(project.network, analyze(project.network), data, project.training);
}

NodeId idOf(const Project& project, std::string_view name) {
    return project.network.main.findByName(name)->id;
}

template <class Wanted>
bool makes(const OpGraph& graph, ValueId value) {
    const auto* op = graph.producerOf(value);
    return op && std::holds_alternative<Wanted>(op->attributes);
}

} // namespace

class ObjectiveTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aLossOnLogitsTakesWhatEntersTheFinalSoftmax() {
        const auto project = smallProject();
        const auto training = trainingGraph(project.network, digits(), project.training);
        QCOMPARE(training.outputs.size(), 1U);
        QVERIFY(makes<DenseOp>(training.graph, training.outputs[0]));
        QCOMPARE(training.graph.losses().size(), 1U);
        QVERIFY(diagnose(project, digits()).empty());
    }

    void aLossOnProbabilitiesTakesTheSoftmax() {
        auto project = smallProject();
        project.training.objectives[0].loss = {"mean-squared-error", {}};
        const auto training = trainingGraph(project.network, digits(), project.training);
        QVERIFY(makes<SoftmaxOp>(training.graph, training.outputs[0]));
    }

    void inferenceAppendsASoftmaxToLogitsOnly() {
        auto project = smallProject();
        auto graph = inferenceGraph(project.network, digits(), project.training);
        const auto opsWithSoftmax = graph.ops().size();
        QVERIFY(makes<SoftmaxOp>(graph, graph.output("probabilities")));

        const auto softmax = idOf(project, "probabilities");
        apply(project.network, removeNodes(project.network, "", {softmax}));
        apply(project.network,
              {AddLink{"", {{90}, {idOf(project, "scores"), {0}}, {idOf(project, "digit"), {0}}}}});
        graph = inferenceGraph(project.network, digits(), project.training);
        QCOMPARE(graph.ops().size(), opsWithSoftmax);
        QVERIFY(makes<SoftmaxOp>(graph, graph.output("probabilities")));
    }

    void anInputOfAnotherSizeIsDiagnosedAndFixed() {
        auto project = smallProject();
        auto data = digits();
        data.input = {1, 20, 20};
        const auto found = diagnose(project, data);
        QCOMPARE(found.size(), 1U);
        QVERIFY(contains(found[0].message, "1×20×20"));
        QVERIFY(contains(found[0].message, "1×28×28"));
        QVERIFY(contains(errorOf([&] { trainingGraph(project.network, data, project.training); }),
                         "1×20×20"));
        apply(project.network, found[0].fixes.at(0).edit);
        QVERIFY(diagnose(project, data).empty());
    }

    void anOutputOfAnotherWidthIsDiagnosedAndFixed() {
        auto project = smallProject();
        auto data = digits();
        data.classes.resize(7);
        const auto found = diagnose(project, data);
        QCOMPARE(found.size(), 1U);
        QVERIFY(contains(found[0].message, "7 classes"));
        apply(project.network, found[0].fixes.at(0).edit);
        QVERIFY(diagnose(project, data).empty());
        const auto training = trainingGraph(project.network, data, project.training);
        QVERIFY(training.graph.weights().back().shape == Shape{7});
    }

    void aSecondSoftmaxIsWarnedOf() {
        auto project = smallProject();
        const auto& graph = project.network.main;
        const auto* link = graph.linkInto({idOf(project, "digit"), {0}});
        apply(project.network,
              insertIntoLink(project.network, "", link->id,
                             {graph.freshNodeId(), "again", LayerUse{"softmax"}, {}}));
        const auto found = diagnose(project, digits());
        QCOMPARE(found.size(), 1U);
        QVERIFY(found[0].severity == Severity::Warning);
        QVERIFY(contains(found[0].message, "2 Softmax"));
    }

    void anObjectiveForAMissingOutputIsNamed() {
        auto project = smallProject();
        project.training.objectives[0].output = "nowhere";
        QVERIFY(contains(diagnose(project, digits()).at(0).message, "nowhere"));
    }
};

QTEST_APPLESS_MAIN(ObjectiveTest)
#include "tst_objective.moc"
