// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/backend/weights.h"
#include "engine/data/feed/batcher.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/training/activity_probe.h"
#include "engine/training/evaluation.h"
#include "engine/training/health.h"
#include "engine/training/objective.h"
#include "tests/engine/training/health_rig.h"
#include "tests/support/data_files.h"
#include "tests/support/network_builder.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <cmath>
#include <fstream>

using namespace gradwright;
using test::NetworkBuilder;
using test::set;
using test::TemporaryFolder;
using test::told;
using test::Trained;

namespace {

std::string text(const char* value) {
    return value;
}

/// 28 × 28 digits through `layers` Dense layers of 64 units with these parameters, 10 classes.
Project deepProject(int layers, const ParamValues& params, std::int64_t samples) {
    auto project = test::smallProject(samples);
    NetworkBuilder builder;
    auto last = builder.layer("input", {}, "image");
    last = builder.after(last, "flatten");
    for (int i = 1; i <= layers; ++i)
        last = builder.after(last, "dense", params, fmt::format("hidden{}", i));
    last = builder.after(last, "dense", {{"units", std::int64_t{10}}}, "scores");
    builder.after(last, "output", {}, "digit");
    project.network = builder.network;
    return project;
}

/// One alarm was raised in all, of this kind, and it is in the run.
void requireOnly(const Trained& trained, AlarmKind kind, const std::string& path) {
    const auto alarms = trained.alarms();
    QVERIFY2(alarms.size() == 1, told(alarms).c_str());
    const auto& alarm = alarms.front();
    QVERIFY2(alarm.kind == kind && alarm.path == path && !alarm.goneAfter, told(alarms).c_str());
    QVERIFY(alarm.time > 0 && alarm.epoch > 0 && alarm.step > 0);
    const auto kept = alarmsOfRecord(RunDirectory::open(trained.run()).readRunJson());
    QCOMPARE(kept.size(), std::size_t{1});
    QCOMPARE(lineOf(kept.front()), lineOf(alarm));
    QVERIFY(kept.front().remedy == alarm.remedy);
    QCOMPARE(kept.front().time, alarm.time);
}

HealthMonitor monitorFor(const Project& project) {
    const auto data = openDataset(project.data);
    return {trainingGraph(project.network, data.info, project.training).graph, project.training};
}

/// An epoch of 100 samples of 10 classes with that accuracy.
EpochFacts epochOf(std::int64_t epoch, double loss, double accuracy) {
    const auto& metric = qualityMetric(MetricKind::Classes);
    return {epoch, 100 * epoch, {loss, {&metric, accuracy}, 1000},
            {},    0.001,       std::vector<std::int64_t>(10, 100),
            {},    {}};
}

} // namespace

class HealthTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The reference computes all samples at once, and every value of the layer is looked at.
    void unitsThatAreSilentAreCounted() {
        const auto project = deepProject(
            1, {{"units", std::int64_t{40}}, {"activation", std::string("relu")}}, 4000);
        const auto data = openDataset(project.data);
        const auto graph = inferenceGraph(project.network, data.info, project.training);
        auto indices = allIndices(*data.training);
        indices.resize(4000);
        ActivityProbe probe(makeOneDnnBackend(), activityGraph(graph), {}, data.training, indices);
        const auto store = makeOneDnnBackend()->compile(graph, {})->weights();
        initializeWeights(*store, 7);
        auto weights = readWeights(*store);
        for (auto& [key, values] : weights.values)
            if (key == "hidden1/bias") // units that fire less and less often
                for (std::size_t i = 0; i < 40; ++i)
                    values.span<float>()[i] = -0.1F * static_cast<float>(i);
        writeWeights(*store, weights);
        const auto measured = probe.measure(store, {}).value();
        QCOMPARE(measured.size(), std::size_t{1});
        QCOMPARE(measured[0].path, std::string("hidden1"));
        QCOMPARE(measured[0].units, std::int64_t{40});

        std::vector<std::uint32_t> taken;
        for (std::size_t i = 0; i < ActivityProbe::kMost; ++i)
            taken.push_back(indices[i * indices.size() / ActivityProbe::kMost]);
        auto whole = graph;
        for (const auto& op : graph.ops())
            if (std::holds_alternative<ActivationOp>(op.attributes))
                whole.setOutputs({{"hidden1", op.output()}});
        const auto program = makeReferenceBackend()->compile(
            whole, {.batch = static_cast<std::int64_t>(taken.size())});
        writeWeights(*program->weights(), weights);
        Batcher batcher(data.training, taken, static_cast<std::int64_t>(taken.size()), {});
        batcher.startEpoch(0);
        const auto* batch = batcher.next();
        const BatchInput input{whole.inputs().front().value, batch->input(), batch->scaling};
        QVERIFY(program->forward({&input, 1}, {}, {}));
        std::vector<float> values(taken.size() * 40);
        program->copyOutput(whole.outputs().front().value, values);
        std::int64_t silent = 0;
        for (std::size_t unit = 0; unit < 40; ++unit) {
            bool fired = false;
            for (std::size_t sample = 0; sample < taken.size(); ++sample)
                fired = fired || values[sample * 40 + unit] > 0;
            silent += fired ? 0 : 1;
        }
        QVERIFY2(silent > 3 && silent < 37, qPrintable(QString::number(silent)));
        QCOMPARE(measured[0].silent, silent);
    }

    void aRateThatDestroysLeNetIsTooHigh() {
        auto project = openTemplate("lenet-5");
        project.data.limit = 3000;
        set(project, "learning_rate", 0.02);
        set(project, "epochs", std::int64_t{4});
        const Trained trained(project);
        requireOnly(trained, AlarmKind::RateTooHigh, "");
        if (QTest::currentTestFailed())
            return;
        const auto alarm = trained.alarms().front();
        QVERIFY(alarm.value > alarm.limit);
        QVERIFY(alarm.remedy == (Remedy{RemedyKind::SetRate, 0.001}));
        QVERIFY2(alarm.cause.find("no gradient reaches") != std::string::npos, alarm.cause.c_str());
    }

    void tenSigmoidLayersLetGradientsVanish() {
        auto project = deepProject(10, {{"activation", text("sigmoid")}}, 2000);
        project.training.optimizer = {"sgd", {}};
        set(project, "learning_rate", 0.01);
        set(project, "epochs", std::int64_t{6});
        const Trained trained(project);
        requireOnly(trained, AlarmKind::VanishingGradients, "hidden1");
        if (QTest::currentTestFailed())
            return;
        QVERIFY(trained.alarms().front().remedy.kind == RemedyKind::Rectify);
        QVERIFY(trained.alarms().front().value < HealthMonitor::kVanishing);
    }

    void initialWeightsThatAreTooWideMakeGradientsExplode() {
        auto project = deepProject(4,
                                   {{"activation", text("relu")},
                                    {"initializer", text("normal")},
                                    {"initializer_range", 1.0}},
                                   500);
        project.training.optimizer = {"sgd", {}};
        set(project, "learning_rate", 1e-12);
        const Trained trained(project);
        requireOnly(trained, AlarmKind::ExplodingGradients, "");
        if (QTest::currentTestFailed())
            return;
        QVERIFY(trained.alarms().front().remedy.kind == RemedyKind::Initialize);
        QCOMPARE(trained.alarms().front().epoch, 1);
    }

    void numbersThatEndAreToldWithTheirLayer() {
        auto project = deepProject(4, {}, 500);
        project.training.optimizer = {"sgd", {}};
        set(project, "learning_rate", 100.0);
        const Trained trained(project);
        QVERIFY(trained.log.has<Failed>());
        const auto alarms = trained.alarms();
        QVERIFY2(alarms.size() == 1 && alarms.front().kind == AlarmKind::NotFinite,
                 told(alarms).c_str());
        QVERIFY(!alarms.front().path.empty());
        QVERIFY(alarms.front().remedy == (Remedy{RemedyKind::SetRate, 0.01}));
        const auto kept = alarmsOfRecord(RunDirectory::open(trained.run()).readRunJson());
        QCOMPARE(kept.size(), std::size_t{1});
        QVERIFY(std::isnan(kept.front().value)); // JSON has none
    }

    void unitsThatAreBornDeadAreToldByTheirLayer() {
        auto project = test::smallProject(500);
        NetworkBuilder builder;
        auto last = builder.layer("input", {}, "image");
        last = builder.after(last, "flatten");
        last =
            builder.after(last, "formula", {{"formula", text("-1 - x")}, {"parameters", text("")}});
        last = builder.after(last, "dense",
                             {{"activation", text("relu")},
                              {"initializer", text("constant")},
                              {"initializer_range", 0.01}},
                             "dead");
        last = builder.after(last, "dense", {{"activation", text("relu")}}, "behind");
        last = builder.after(last, "dense", {{"units", std::int64_t{10}}}, "scores");
        builder.after(last, "output", {}, "digit");
        project.network = builder.network;
        set(project, "epochs", std::int64_t{1});
        const Trained trained(project);
        requireOnly(trained, AlarmKind::DeadUnits, "dead");
        if (QTest::currentTestFailed())
            return;
        QCOMPARE(trained.alarms().front().value, 1.0);
        QVERIFY(trained.alarms().front().remedy.kind == RemedyKind::Leak);
    }

    /// They are the same for all samples, so that no unit is looked at.
    void functionsOfParametersAloneAreTrained() {
        auto project = test::smallProject(200);
        NetworkBuilder builder;
        auto last = builder.layer("input", {}, "image");
        last = builder.after(
            last, "formula",
            {{"formula", text("relu(a) * x + clip(a, 0, 1)")}, {"parameters", text("a = 0.7")}});
        last = builder.after(last, "flatten");
        last = builder.after(last, "dense", {{"units", std::int64_t{10}}}, "scores");
        builder.after(last, "output", {}, "digit");
        project.network = builder.network;
        set(project, "epochs", std::int64_t{1});
        const Trained trained(project);
        for (const auto& alarm : trained.alarms())
            QVERIFY(alarm.kind != AlarmKind::DeadUnits);
    }

    void oneClassForAllIsToldWithWeightsOfTheClasses() {
        const TemporaryFolder folder;
        const auto file = folder / "rare.csv";
        std::ofstream out(file);
        out << "x,y,kind\n";
        for (int i = 0; i < 1000; ++i) // nothing tells the classes apart
            out << std::sin(i * 12.9898) << ',' << std::sin(i * 78.233) << ','
                << (i % 10 == 0 ? "rare" : "usual") << '\n';
        out.close();
        auto project = test::smallProject();
        NetworkBuilder builder;
        auto last = builder.layer("input", {{"shape", IntTuple{2}}}, "point");
        last = builder.after(last, "dense",
                             {{"units", std::int64_t{4}}, {"activation", text("tanh")}});
        last = builder.after(last, "dense", {{"units", std::int64_t{2}}}, "scores");
        builder.after(last, "output", {}, "kind");
        project.network = builder.network;
        project.data = {};
        project.data.dataset = "csv";
        project.data.params = {{"file", file.string()}, {"target", text("kind")}};
        project.data.validationFraction = 0.2;
        set(project, "learning_rate", 0.01);
        set(project, "epochs", std::int64_t{20});
        const Trained trained(project);
        QVERIFY2(!trained.log.has<Failed>(),
                 trained.log.has<Failed>() ? trained.log.all<Failed>()[0].message.c_str() : "");
        requireOnly(trained, AlarmKind::ClassCollapse, "");
        if (QTest::currentTestFailed())
            return;
        const auto& remedy = trained.alarms().front().remedy;
        QVERIFY(remedy.kind == RemedyKind::WeighClasses);
        // Of 1,000 samples in 2 classes a tenth is rare: 1 / (2 · 0.1) and 1 / (2 · 0.9).
        const bool rareFirst = openDataset(project.data).info.classes.front() == "rare";
        QCOMPARE(remedy.text, std::string(rareFirst ? "5, 0.556" : "0.556, 5"));
    }

    void stepsThatAreTooSmallLeaveTheLossStuck() {
        auto project = test::smallProject(1000);
        set(project, "learning_rate", 1e-8);
        set(project, "epochs", std::int64_t{8});
        const Trained trained(project);
        requireOnly(trained, AlarmKind::StuckLoss, "");
        if (QTest::currentTestFailed())
            return;
        QVERIFY(trained.alarms().front().remedy == (Remedy{RemedyKind::SetRate, 0.001}));
    }

    void samplesLearnedByHeartAreOverfitting() {
        auto project =
            deepProject(2, {{"units", std::int64_t{128}}, {"activation", text("relu")}}, 200);
        project.data.validationFraction = 0.02;
        set(project, "learning_rate", 0.003);
        set(project, "epochs", std::int64_t{40});
        const Trained trained(project);
        requireOnly(trained, AlarmKind::Overfitting, "");
        if (QTest::currentTestFailed())
            return;
        QVERIFY(trained.alarms().front().remedy.kind == RemedyKind::StopEarly);

        set(project, "early_stopping", true);
        set(project, "patience", std::int64_t{4});
        const Trained stopped(project);
        const auto finished = stopped.log.all<Finished>().at(0);
        QVERIFY(finished.epochs < 40);
        QCOMPARE(finished.stoppedAfter, 4);
        const auto record = RunDirectory::open(stopped.run()).readRunJson();
        QCOMPARE(record["result"]["stopped_after"].get<int>(), 4);
    }

    void anAlarmIsRaisedOnceAndTakenBack() {
        const auto project = test::smallProject(100);
        auto monitor = monitorFor(project);
        const std::vector<double> norms(4, 1.0);
        for (int i = 0; i < 10; ++i)
            monitor.addStep(2.3, &norms);
        QVERIFY(!monitor.endEpoch(epochOf(1, 2.3, 0.1)));
        QVERIFY(!monitor.endEpoch(epochOf(2, 2.3, 0.1)));
        QVERIFY(monitor.endEpoch(epochOf(3, 2.3, 0.1)));
        QCOMPARE(monitor.alarms().size(), std::size_t{1});
        QCOMPARE(monitor.alarms()[0].epoch, 3);
        QVERIFY(!monitor.endEpoch(epochOf(4, 2.3, 0.1)));

        auto resumed = monitorFor(project);
        resumed.restore(monitor.record());
        QCOMPARE(told(resumed.alarms()), told(monitor.alarms()));
        QVERIFY(!resumed.endEpoch(epochOf(5, 2.3, 0.1))); // as before
        QVERIFY(resumed.endEpoch(epochOf(6, 1.0, 0.7)));
        QCOMPARE(resumed.alarms().front().goneAfter, std::optional<std::int64_t>(6));

        QVERIFY(monitor.endEpoch(epochOf(5, 1.0, 0.7)));
        QCOMPARE(monitor.alarms().size(), std::size_t{1});
        QCOMPARE(monitor.alarms()[0].goneAfter, std::optional<std::int64_t>(5));
        QVERIFY(!monitor.endEpoch(epochOf(6, 0.9, 0.8)));
    }

    void rareClassesMayTakeTheirTime() {
        auto monitor = monitorFor(test::smallProject(100));
        const std::vector<double> norms(4, 1.0);
        monitor.addStep(2.3, &norms);
        for (int epoch = 1; epoch <= 12; ++epoch) {
            auto facts = epochOf(epoch, 0.5 * std::pow(0.95, epoch), 0.95);
            facts.labels = {950, 50};
            facts.predicted = {100, 0};
            QVERIFY2(!monitor.endEpoch(facts), told(monitor.alarms()).c_str());
        }
        for (int epoch = 13; epoch <= 16; ++epoch) { // it no longer falls
            auto facts = epochOf(epoch, 0.27, 0.95);
            facts.labels = {950, 50};
            facts.predicted = {100, 0};
            monitor.endEpoch(facts);
        }
        QCOMPARE(monitor.alarms().size(), std::size_t{1});
        QVERIFY(monitor.alarms()[0].kind == AlarmKind::ClassCollapse);
    }

    void aLossThatClimbsBackIsARateTooHigh() {
        auto monitor = monitorFor(test::smallProject(100));
        const std::vector<double> norms(4, 1.0);
        monitor.addStep(2.3, &norms);
        QVERIFY(!monitor.endEpoch(epochOf(1, 1.0, 0.6)));
        QVERIFY(!monitor.endEpoch(epochOf(2, 1.4, 0.5)));
        QVERIFY(monitor.endEpoch(epochOf(3, 1.5, 0.5)));
        QCOMPARE(monitor.alarms().size(), std::size_t{1});
        QVERIFY(monitor.alarms()[0].kind == AlarmKind::RateTooHigh);
        QCOMPARE(monitor.alarms()[0].limit, 1.3);
        QVERIFY(std::abs(monitor.alarms()[0].remedy.value - 0.001 / 3) < 1e-12);
    }
};

QTEST_APPLESS_MAIN(HealthTest)
#include "tst_health.moc"
