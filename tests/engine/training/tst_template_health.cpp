// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "tests/engine/training/health_rig.h"

#include <QTest>

#include <functional>

using namespace gradwright;
using test::set;
using test::told;
using test::Trained;

namespace {

bool isLong() {
    return qEnvironmentVariableIsSet("GRADWRIGHT_LONG_TESTS");
}

void requireFinished(const Trained& trained) {
    QVERIFY2(trained.log.has<Finished>(), trained.log.has<Failed>()
                                              ? trained.log.all<Failed>()[0].message.c_str()
                                              : "not finished");
}

/// Of ImageNet's size.
bool isLarge(const std::string& key) {
    const auto& params = openTemplate(key).data.params;
    const auto size = params.find("size");
    return size != params.end() && std::get<std::int64_t>(size->second) >= 224;
}

/// A template of ImageNet's size on so few samples that it trains for so many steps.
Project fewStepsOf(const std::string& key, int steps) {
    constexpr std::int64_t kBatch = 4;
    auto project = openTemplate(key);
    project.data.params["samples"] = kBatch * steps;
    project.data.params["test_samples"] = std::int64_t{10}; // the fewest
    project.data.validationFraction = 0;
    set(project, "batch", kBatch);
    set(project, "epochs", std::int64_t{1});
    set(project, "threads", std::int64_t{1});
    return project;
}

} // namespace

/// Templates raise no alarm as they are, and the right one when they cannot work.
class TemplateHealthTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void healthyTemplatesRaiseNone_data() {
        QTest::addColumn<int>("samples"); // 0: all
        for (const auto* key :
             {"exclusive-or", "logistic-regression", "playground", "weather", "your-pictures"})
            QTest::newRow(key) << 0;
        for (const auto* key : {"perceptron", "softmax-regression", "multilayer-perceptron",
                                "lenet-5", "fashion-mlp"})
            QTest::newRow(key) << 3000;
        if (!isLong())
            return;
        for (const auto* key : {"two-spirals", "peaks-and-pits"})
            QTest::newRow(key) << 0;
        for (const auto* key : {"small-cnn", "small-cnn-augmented", "fashion-cnn", "small-residual",
                                "tiny-vision-transformer", "denoising-autoencoder", "small-unet",
                                "cifar-resnet-20", "character-lstm"})
            QTest::newRow(key) << 6000;
    }
    void healthyTemplatesRaiseNone() {
        QFETCH(int, samples);
        auto project = openTemplate(QTest::currentDataTag());
        project.data.limit = samples;
        const Trained trained(project);
        requireFinished(trained);
        if (QTest::currentTestFailed())
            return;
        QVERIFY2(trained.alarms().empty(), told(trained.alarms()).c_str());
    }

    /// The templates of ImageNet's size, for a few steps: what goes wrong there goes wrong at once.
    void largeTemplatesBeginWithoutAnAlarm_data() {
        QTest::addColumn<int>("steps");
        if (!isLong())
            QSKIP("for minutes; ./dev test --long");
        for (const auto& each : templates())
            if (isLarge(each.key))
                QTest::newRow(each.key.c_str()) << 6;
    }
    void largeTemplatesBeginWithoutAnAlarm() {
        QFETCH(int, steps);
        auto project = fewStepsOf(QTest::currentDataTag(), steps);
        const Trained trained(project);
        requireFinished(trained);
        if (QTest::currentTestFailed())
            return;
        QCOMPARE(trained.log.all<Finished>().at(0).step, std::int64_t{steps});
        QVERIFY2(trained.alarms().empty(), told(trained.alarms()).c_str());
    }

    /// Templates with a setting that cannot work, and what is said of each.
    void brokenTemplatesRaiseTheirAlarm_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<AlarmKind>("kind");
        QTest::addColumn<std::function<void(Project&)>>("spoil");
        using Spoil = std::function<void(Project&)>;
        const auto rate = [](double value) {
            return Spoil([value](Project& project) { set(project, "learning_rate", value); });
        };
        const auto row = [](const char* key, const char* what, AlarmKind kind, Spoil spoil) {
            QTest::addRow("%s, %s", key, what) << QString::fromLatin1(key) << kind << spoil;
        };
        row("multilayer-perceptron", "a rate of 1e-9", AlarmKind::StuckLoss, rate(1e-9));
        row("softmax-regression", "a rate of 1e-9", AlarmKind::StuckLoss, rate(1e-9));
        if (!isLong())
            return;
        row("small-cnn", "a rate of 0.1", AlarmKind::RateTooHigh, rate(0.1));
    }
    void brokenTemplatesRaiseTheirAlarm() {
        QFETCH(QString, key);
        QFETCH(AlarmKind, kind);
        QFETCH(std::function<void(Project&)>, spoil);
        auto project = openTemplate(key.toStdString());
        project.data.limit = 3000;
        set(project, "epochs", std::int64_t{8});
        spoil(project);
        const Trained trained(project);
        const auto alarms = trained.alarms();
        QVERIFY2(alarms.size() == 1 && alarms.front().kind == kind, told(alarms).c_str());
    }
};

QTEST_APPLESS_MAIN(TemplateHealthTest)
#include "tst_template_health.moc"
