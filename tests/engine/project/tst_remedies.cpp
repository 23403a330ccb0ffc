// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/remedies.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <string>

using namespace gradwright;
using test::NetworkBuilder;

namespace {

std::string text(const char* value) {
    return value;
}

/// Two Dense layers, the first with an activation and initial weights of its own, an activation
/// layer between them, and a sigmoid that makes the answer.
Project sampleProject() {
    NetworkBuilder builder;
    auto last = builder.layer("input", {{"shape", IntTuple{4}}}, "numbers");
    last = builder.after(
        last, "dense",
        {{"activation", text("tanh")}, {"initializer", text("normal")}, {"initializer_range", 2.0}},
        "first");
    last = builder.after(last, "dense", {{"activation", text("relu")}}, "second");
    last = builder.after(last, "relu", {}, "rectifier");
    last = builder.after(last, "tanh", {}, "squash");
    last = builder.after(last, "dense", {{"units", std::int64_t{1}}}, "score");
    last = builder.after(last, "sigmoid", {}, "chance");
    builder.after(last, "output", {}, "answer");
    auto project = newProject();
    project.network = builder.network;
    return project;
}

Alarm alarmWith(Remedy remedy, const std::string& path = {},
                AlarmKind kind = AlarmKind::RateTooHigh) {
    return {kind, path, 3, 300, 0, 2, 1, "Because.", std::move(remedy)};
}

std::optional<Diagnostic> told(const Alarm& alarm, const Project& project) {
    return diagnosticOf(alarm, project, analyze(project.network));
}

/// Applies the remedy, which has to be one, and returns what undoes it.
ProjectEdit cure(Project& project, const Alarm& alarm) {
    const auto diagnostic = told(alarm, project);
    if (!diagnostic || diagnostic->fixes.size() != 1)
        qFatal("no remedy");
    return apply(project, editOf(project, diagnostic->fixes.front()));
}

std::string activationOf(const Project& project, const char* name) {
    const auto& params = project.network.main.findByName(name)->params;
    const auto found = params.find("activation");
    return found == params.end() ? std::string() : std::get<std::string>(found->second);
}

std::string layerOf(const Project& project, const char* name) {
    return project.network.main.findByName(name)->layerUse()->layer;
}

} // namespace

class RemediesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void settingsAreSetOnceAndUndone_data() {
        QTest::addColumn<int>("remedy");
        QTest::addColumn<double>("value");
        QTest::addColumn<QString>("key");
        const auto row = [](const char* key, RemedyKind kind, double value) {
            QTest::newRow(key) << static_cast<int>(kind) << value << QString::fromLatin1(key);
        };
        row("learning_rate", RemedyKind::SetRate, 0.0001);
        row("clip_norm", RemedyKind::ClipGradients, 1);
        row("l2", RemedyKind::Penalize, 1e-4);
        row("early_stopping", RemedyKind::StopEarly, 0);
    }
    void settingsAreSetOnceAndUndone() {
        QFETCH(int, remedy);
        QFETCH(double, value);
        QFETCH(QString, key);
        auto project = sampleProject();
        const auto before = project;
        const auto alarm = alarmWith({static_cast<RemedyKind>(remedy), value});
        const auto diagnostic = told(alarm, project);
        QVERIFY(diagnostic && diagnostic->severity == Severity::Warning);
        QVERIFY(!diagnostic->place.node);
        QCOMPARE(diagnostic->fixes.front().title, titleOf(alarm.remedy));
        const auto undo = cure(project, alarm);
        const auto& set = project.training.params.at(key.toStdString());
        if (key == QStringLiteral("early_stopping"))
            QVERIFY(project.training.earlyStopping());
        else
            QCOMPARE(std::get<double>(set), value);
        QVERIFY(!told(alarm, project)); // it has the remedy
        apply(project, undo);
        QVERIFY(project == before);
        QVERIFY(told(alarm, project));
    }

    void aRateIsRaisedWhereItIsTooSmall() {
        auto project = sampleProject();
        project.training.params["learning_rate"] = 1e-8;
        const auto alarm = alarmWith({RemedyKind::SetRate, 0.001}, {}, AlarmKind::StuckLoss);
        QVERIFY(!told(alarmWith({RemedyKind::SetRate, 0.001}), project)); // it is lower already
        cure(project, alarm);
        QCOMPARE(project.training.learningRate(), 0.001);
    }

    void whatSaturatesIsRectifiedButTheAnswer() {
        auto project = sampleProject();
        const auto before = project;
        const auto undo = cure(project, alarmWith({RemedyKind::Rectify}, "first"));
        QCOMPARE(activationOf(project, "first"), text("relu"));
        QCOMPARE(layerOf(project, "squash"), text("relu"));
        QCOMPARE(layerOf(project, "chance"), text("sigmoid"));
        QVERIFY(!analyze(project.network).hasErrors());
        apply(project, undo);
        QVERIFY(project == before);
    }

    void aDeadLayerLeaks() {
        auto project = sampleProject();
        const auto alarm = alarmWith({RemedyKind::Leak}, "second", AlarmKind::DeadUnits);
        const auto diagnostic = told(alarm, project);
        QCOMPARE(diagnostic->place.path, text("second"));
        QCOMPARE(diagnostic->place.node->value,
                 project.network.main.findByName("second")->id.value);
        cure(project, alarm);
        QCOMPARE(activationOf(project, "second"), text("leaky-relu"));
        cure(project, alarmWith({RemedyKind::Leak}, "rectifier"));
        QCOMPARE(layerOf(project, "rectifier"), text("leaky-relu"));
        QVERIFY(!analyze(project.network).hasErrors());
    }

    void initialWeightsFollowTheActivationAgain() {
        auto project = sampleProject();
        cure(project, alarmWith({RemedyKind::Initialize}));
        QVERIFY(!project.network.main.findByName("first")->params.contains("initializer"));
    }

    void rareClassesAreWeighed() {
        auto project = sampleProject();
        const auto alarm = alarmWith({RemedyKind::WeighClasses, 0, "5, 0.556"});
        cure(project, alarm);
        QCOMPARE(std::get<std::string>(
                     project.training.objectives.front().loss.params.at("class_weights")),
                 text("5, 0.556"));
        QVERIFY(!told(alarm, project));
    }

    void anAlarmThatIsGoneIsNotTold() {
        auto alarm = alarmWith({RemedyKind::SetRate, 0.0001});
        alarm.goneAfter = 4;
        QVERIFY(!told(alarm, sampleProject()));
        QVERIFY(!told(alarmWith({RemedyKind::Leak}, "nowhere"), sampleProject()));
        QVERIFY(told(alarmWith({}), sampleProject())->fixes.empty());
    }
};

QTEST_APPLESS_MAIN(RemediesTest)
#include "tst_remedies.moc"
