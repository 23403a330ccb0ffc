// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "engine/training/memory.h"

#include <QTest>

using namespace gradwright;

class MemoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void weightsHaveGradientsAndSlots() {
        Project project = openTemplate("lenet-5");
        const auto analysis = analyze(project.network);
        project.training.optimizer = {"sgd", {{"momentum", 0.0}}};
        const auto plain = estimateTrainingMemory(analysis, project.training).value();
        QCOMPARE(plain.weights, std::int64_t{61'706} * 2 * 4);
        project.training.optimizer = {"adam", {}};
        const auto adam = estimateTrainingMemory(analysis, project.training).value();
        QCOMPARE(adam.weights, std::int64_t{61'706} * 4 * 4);
        QCOMPARE(adam.activations, plain.activations);
        QVERIFY(adam.activations > 0);
    }

    void activationsGrowWithTheBatch() {
        Project project = openTemplate("lenet-5");
        const auto analysis = analyze(project.network);
        const auto once = estimateTrainingMemory(analysis, project.training).value();
        project.training.params["batch"] = project.training.batch() * 2;
        const auto twice = estimateTrainingMemory(analysis, project.training).value();
        QCOMPARE(twice.activations, 2 * once.activations);
        QCOMPARE(twice.weights, once.weights);
    }

    void aNetworkThatCannotRunHasNone() {
        const Project project = newProject();
        QVERIFY(!estimateTrainingMemory(analyze(project.network), project.training));
    }

    void theLargestBatchFitsAndTheNextDoesNot() {
        const MemoryEstimate estimate{.weights = 1000, .activations = 320}; // 10 a sample
        QCOMPARE(largestBatch(estimate, 32, 1320), std::int64_t{32});
        QCOMPARE(largestBatch(estimate, 32, 1319), std::int64_t{31});
        QCOMPARE(largestBatch(estimate, 32, 1009), std::int64_t{0});
        QCOMPARE(largestBatch(estimate, 32, 500), std::int64_t{0});
    }
};

QTEST_GUILESS_MAIN(MemoryTest)
#include "tst_memory.moc"
