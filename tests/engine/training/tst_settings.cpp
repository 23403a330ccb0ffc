// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/json.h"
#include "engine/training/settings.h"
#include "tests/support/data_files.h"

#include <QTest>

using namespace gradwright;
using test::contains;
using test::errorOf;

class SettingsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void defaultsAreValidAndRoundTrip() {
        const TrainingSettings settings;
        requireValid(settings);
        QVERIFY(trainingSettingsFromJson(toJson(settings)) == settings);
    }

    void everyParameterHasDocumentationAndAValidDefault() {
        for (const auto& spec : trainingParams()) {
            QVERIFY2(!spec.doc.empty(), spec.key.c_str());
            QVERIFY2(!whyInvalid(spec, spec.defaultValue), spec.key.c_str());
        }
    }

    void theWarmUpComesBeforeTheSchedule() {
        TrainingSettings settings;
        settings.params = {
            {"epochs", std::int64_t{6}}, {"warmup_epochs", 2.0}, {"warmup_start", 0.5}};
        settings.schedule = {"polynomial", {}};
        QCOMPARE(settings.scheduledFactor(0), 0.5);
        QCOMPARE(settings.scheduledFactor(1), 0.75);
        QCOMPARE(settings.scheduledFactor(2), 1.0);
        QCOMPARE(settings.scheduledFactor(3), 0.75);
        QCOMPARE(settings.scheduledFactor(6), 0.0);
        settings.params["warmup_epochs"] = 0.0;
        QCOMPARE(settings.scheduledFactor(0), 1.0);
        QCOMPARE(settings.scheduledFactor(3), 0.5);
    }

    void valuesAndUnknownKeysSurvive() {
        TrainingSettings settings;
        settings.optimizer = {"sgd", {{"momentum", 0.9}}};
        settings.schedule = {"step", {{"every", std::int64_t{3}}}};
        settings.objectives = {{"out", {"mean-squared-error", {}}, 0.5}};
        settings.params = {{"epochs", std::int64_t{7}}, {"precision", std::string("fp64")}};
        settings.extra.set("from_the_future", 1);
        const auto back = trainingSettingsFromJson(toJson(settings));
        QVERIFY(back == settings);
        QCOMPARE(back.epochs(), 7);
        QVERIFY(back.precision() == Precision::F64);
    }

    /// A GPU is a valid device whether this computer has it or not; a finished run answers on the
    /// processor.
    void devicesAreTheProcessorAndGpus() {
        TrainingSettings settings;
        QCOMPARE(settings.target().device, std::string("cpu"));
        settings.params["device"] = std::string("cuda:3");
        requireValid(settings);
        QVERIFY(trainingSettingsFromJson(toJson(settings)) == settings);
        QVERIFY(settings.target().isGpu());
        QCOMPARE(settings.target().device, std::string("cuda:3"));
        QCOMPARE(settings.answerTarget().device, std::string("cpu"));
        for (const auto& [trained, answers] :
             {std::pair("fp32", Precision::F32), std::pair("bf16", Precision::Bf16),
              std::pair("fp16", Precision::F32), std::pair("tf32", Precision::F32)}) {
            settings.params["precision"] = std::string(trained);
            QVERIFY2(settings.answerTarget().precision == answers, trained);
        }
        settings.params.erase("precision");
        settings.params["device"] = std::string("cuda");
        requireValid(settings);
        QCOMPARE(settings.target().device, std::string("cuda:0"));
        settings.params["device"] = std::string("cuda:x");
        QCOMPARE(errorOf([&] { requireValid(settings); }),
                 std::string("Device must be one of cpu, cuda, not cuda:x"));
    }

    void wrongValuesAreNamed_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("part");
        QTest::newRow("range") << R"({"params": {"epochs": 0}})"
                               << "Epochs must be";
        QTest::newRow("type") << R"({"params": {"batch": "many"}})"
                              << "a whole number";
        QTest::newRow("name") << R"({"params": {"epoch": 3}})"
                              << "no parameter \"epoch\"";
        QTest::newRow("optimizer") << R"({"optimizer": {"key": "adamm"}})"
                                   << "known are";
        QTest::newRow("schedule") << R"({"schedule": 3})"
                                  << "\"key\"";
        QTest::newRow("rate") << R"({"optimizer": {"key": "sgd", "params": {"momentum": 2}}})"
                              << "Momentum";
        QTest::newRow("objectives") << R"({"objectives": []})"
                                    << "not empty";
    }

    void wrongValuesAreNamed() {
        QFETCH(QString, json);
        QFETCH(QString, part);
        const auto message =
            errorOf([&] { trainingSettingsFromJson(parseJson(json.toStdString(), "settings")); });
        QVERIFY2(contains(message, part.toStdString()), message.c_str());
    }
};

QTEST_APPLESS_MAIN(SettingsTest)
#include "tst_settings.moc"
