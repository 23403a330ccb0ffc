// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "engine/training/objective.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"
#include "ui/session/compute_probe.h"

#include <QApplication>
#include <QTest>

using namespace gradwright;

namespace {

constexpr int kPatience = 60'000; // ms: the machine may be busy

/// A project whose data are known, and what is found out about it.
struct Bench {
    explicit Bench(const Project& project)
        : document(folder / "autosave") {
        qputenv("XDG_CACHE_HOME", (folder / "cache").c_str());
        saveProject(folder / "small.gradwright", project);
        document.open(folder / "small.gradwright");
        document.setDataInfo(project.data, openDataset(project.data).info);
    }
    [[nodiscard]] std::optional<ComputePlan> remembered() const {
        const auto& project = document.project();
        const auto training =
            trainingGraph(project.network, *document.dataInfo(), project.training);
        return CalibrationCache().find(calibrationKey(training.graph, project.training));
    }

    test::TemporaryFolder folder;
    ProjectDocument document;
    TrainingSession session;
};

} // namespace

class ComputeProbeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void memoryIsPlannedAndThreadsAreChosenOnce() {
        auto project = test::smallProject();
        test::set(project, "threads", std::int64_t{0});
        Bench bench(project);
        QVERIFY(!bench.remembered());
        ComputeProbe probe(bench.document, bench.session);
        probe.setDelay(0);
        std::optional<MemoryEstimate> memory;
        connect(&probe, &ComputeProbe::memoryChanged, this,
                [&](const std::optional<MemoryEstimate>& found) { memory = found; });
        std::optional<ComputePlan> known;
        connect(&probe, &ComputeProbe::planChanged, this,
                [&](const std::optional<ComputePlan>& found) { known = found; });
        std::optional<ComputePlan> plan;
        connect(&probe, &ComputeProbe::calibrated, this,
                [&](const ComputePlan& found, double) { plan = found; });
        QTRY_VERIFY_WITH_TIMEOUT(plan, kPatience);
        const auto expected =
            planTrainingMemory(bench.document.project().network, bench.document.analysis(),
                               bench.document.project().training);
        QVERIFY(memory && expected);
        QVERIFY(memory->weights == expected->weights);
        QVERIFY(bench.remembered() == plan);
        QVERIFY(known == plan);

        // An edit makes it stale at once; what is known is not measured again.
        const auto before = std::exchange(plan, {});
        bench.document.perform(
            QStringLiteral("Nothing"),
            {ProjectEdit::Group{{SetTraining{bench.document.project().training}}}});
        QVERIFY(!memory && !known);
        QTRY_VERIFY_WITH_TIMEOUT(memory && known, kPatience);
        QVERIFY(known == before);
        QTest::qWait(300);
        QVERIFY(!plan);
    }

    void chosenThreadsAreLeftAlone() {
        auto project = test::smallProject();
        test::set(project, "threads", std::int64_t{1});
        Bench bench(project);
        ComputeProbe probe(bench.document, bench.session);
        probe.setDelay(0);
        std::optional<MemoryEstimate> memory;
        connect(&probe, &ComputeProbe::memoryChanged, this,
                [&](const std::optional<MemoryEstimate>& found) { memory = found; });
        QTRY_VERIFY_WITH_TIMEOUT(memory, kPatience);
        QTest::qWait(300);
        QVERIFY(!bench.remembered());
    }
};

QTEST_MAIN(ComputeProbeTest)
#include "tst_compute_probe.moc"
