// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/project/unsaved_networks.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QRegularExpression>
#include <QStandardPaths>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

QString sample(const char* name) {
    return QStringLiteral(GRADWRIGHT_SOURCE_DIR "/resources/samples/") + QLatin1String(name);
}

} // namespace

class CliTrainTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        trained_ =
            cli_.run({"train", "template:multilayer-perceptron", "--epochs", "3", "--batch", "16",
                      "--learning-rate", "0.004", "--optimizer", "adam", "--seed", "7", "--threads",
                      "1", "--precision", "fp32", "--run-dir", cli_.path("runs"), "--json"});
        QVERIFY2(trained_.code == 0, trained_.text().c_str());
        run_ = QString::fromStdString(onlyRun(cli_ / "runs").string());
        QVERIFY(!run_.isEmpty());
    }

    void trainReportsItsResult() {
        const auto json = trained_.json();
        QVERIFY2(json.is_object(), trained_.text().c_str());
        QCOMPARE(json["run"].get<std::string>(), run_.toStdString());
        QCOMPARE(json["finished"].get<bool>(), true);
        QCOMPARE(json["epochs"].get<int>(), 3);
        QCOMPARE(json["steps"].get<int>(), 3 * 57); // 900 samples in batches of 16
        QVERIFY(json["test_accuracy"].get<double>() > 0.7);
        QVERIFY(json["validation_accuracy"].get<double>() > 0.7);
        QVERIFY(json["samples_per_second"].get<double>() > 0);
        QVERIFY2(trained_.err.contains("Epoch 3/3"), trained_.text().c_str());
        QVERIFY(json["alarms"].is_array() && json["alarms"].empty());
        QVERIFY(!json.contains("stopped_after"));
    }

    void aBrokenTrainingSaysWhyAndWhatHelps() {
        const auto result = cli_.run({"train", "template:softmax-regression", "--epochs", "6",
                                      "--batch", "16", "--learning-rate", "1e-8", "--threads", "1",
                                      "--run-dir", cli_.path("stuck"), "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto alarms = result.json()["alarms"];
        QVERIFY2(alarms.size() == 1, result.text().c_str());
        QCOMPARE(alarms[0]["kind"].get<std::string>(), "stuck-loss");
        QCOMPARE(alarms[0]["remedy"]["kind"].get<std::string>(), "set-rate");
        QVERIFY(alarms[0]["epoch"].get<int>() > 1);
        QCOMPARE(result.err.count("Nothing learned."), 1);
        QVERIFY2(result.err.contains("Remedy: set the learning rate to 0.001."),
                 result.text().c_str());
    }

    void earlyStoppingIsSaid() {
        const auto result = cli_.run({"train", "template:softmax-regression", "--epochs", "40",
                                      "--learning-rate", "0.3", "--set", "early_stopping=true",
                                      "--set", "patience=1", "--run-dir", cli_.path("early")});
        QVERIFY2(result.code == 0, result.text().c_str());
        QVERIFY2(result.out.contains("Stopped early at epoch ") &&
                     result.out.contains(": no better result for 1 epoch."),
                 result.text().c_str());
    }

    void optionsReplaceTheProjectsSettings() {
        const auto run = RunDirectory::open(run_.toStdString());
        const auto settings = projectOfRun(run).training;
        QCOMPARE(settings.epochs(), 3);
        QCOMPARE(settings.batch(), 16);
        QCOMPARE(settings.learningRate(), 0.004);
        QCOMPARE(settings.seed(), 7U);
        QCOMPARE(settings.threads(), 1);
        QCOMPARE(settings.optimizer.key, "adam");
        QCOMPARE(run.readRunJson()["machine"]["threads"].get<int>(), 1);
        for (const auto& file : {run.metrics(), run.lastWeights(), run.bestWeights()})
            QVERIFY(fs::file_size(file) > 0);
    }

    void anotherOptimizerBringsItsRate() {
        const auto result = cli_.run({"train", "template:perceptron", "--epochs", "1",
                                      "--optimizer", "sgd", "--run-dir", cli_.path("sgd")});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto settings = projectOfRun(RunDirectory::open(onlyRun(cli_ / "sgd"))).training;
        QCOMPARE(settings.optimizer.key, "sgd");
        QCOMPARE(settings.learningRate(), 0.01);
        QVERIFY2(result.out.contains("Epoch 1/1") && result.out.contains("Test accuracy"),
                 result.text().c_str());
        QCOMPARE(result.err, QByteArray());
    }

    void everySettingCanBeGiven() {
        const auto result =
            cli_.run({"train", "template:perceptron", "--epochs", "2", "--optimizer", "rmsprop",
                      "--schedule", "multi-step", "--set", "optimizer.centered=true", "--set",
                      "optimizer.alpha=0.9", "--set", "schedule.milestones=1,3", "--set",
                      "warmup_epochs=0.5", "--run-dir", cli_.path("set")});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto settings = projectOfRun(RunDirectory::open(onlyRun(cli_ / "set"))).training;
        QCOMPARE(settings.optimizer.key, "rmsprop");
        QVERIFY(settings.optimizer.params.at("centered") == ParamValue{true});
        QVERIFY(settings.optimizer.params.at("alpha") == ParamValue{0.9});
        QCOMPARE(settings.schedule.key, "multi-step");
        QVERIFY((settings.schedule.params.at("milestones") == ParamValue{IntTuple{1, 3}}));
        QVERIFY(settings.params.at("warmup_epochs") == ParamValue{0.5});
    }

    void quietSaysNothing() {
        const auto result = cli_.run({"train", "template:perceptron", "--epochs", "1", "--quiet"});
        QCOMPARE(result.code, 0);
        QCOMPARE(result.out, QByteArray());
        QCOMPARE(result.err, QByteArray());
        const auto json =
            cli_.run({"train", "template:perceptron", "--epochs", "1", "--quiet", "--json"});
        QCOMPARE(json.err, QByteArray());
        QCOMPARE(json.json()["epochs"].get<int>(), 1);
        // Without a project file the runs lie under the user's data.
        QVERIFY(json.json()["run"].get<std::string>().starts_with(
            (cli_ / "data/gradwright/runs/perceptron-").string()));
    }

    void runsOfAFileLieBesideIt() {
        auto project = openTemplate("softmax-regression");
        project.data.limit = 64;
        const auto file = cli_.save(project, "mine.gradwright");
        const auto result = cli_.run({"train", file, "--epochs", "1", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        QCOMPARE(result.json()["run"].get<std::string>(), onlyRun(cli_ / "mine.runs").string());
        QCOMPARE(result.json()["steps"].get<int>(), 2);
    }

    void doublePrecisionTrainsToo() {
        auto project = openTemplate("softmax-regression");
        project.data.limit = 64;
        const auto file = cli_.save(project, "double.gradwright");
        const auto result =
            cli_.run({"train", file, "--epochs", "1", "--precision", "fp64", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto run = QString::fromStdString(result.json()["run"].get<std::string>());
        const auto score = cli_.run({"evaluate", run, "--json"}).json();
        QCOMPARE(score["accuracy"].get<double>(), result.json()["test_accuracy"].get<double>());
        QCOMPARE(cli_.run({"predict", run, sample("0-marker.png")}).code, 0);
    }

    /// Loss, score and metrics are of one pass, in the run's own precision.
    void allFiguresAreOfOnePrecision() {
        const auto result = cli_.run({"train", "template:lenet-5", "--epochs", "1", "--set",
                                      "data.limit=500", "--precision", "bf16", "--threads", "1",
                                      "--seed", "3", "--run-dir", cli_.path("bf16"), "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto run = QString::fromStdString(result.json()["run"].get<std::string>());
        const auto json = cli_.run({"evaluate", run, "--json"}).json();
        QCOMPARE(json["metrics"]["accuracy"].get<double>(), json["accuracy"].get<double>());
    }

    void evaluateAgreesWithTraining() {
        const auto test = cli_.run({"evaluate", run_, "--json"});
        QCOMPARE(test.code, 0);
        QCOMPARE(test.err, QByteArray());
        const auto json = test.json();
        QCOMPARE(json["samples"].get<int>(), 300);
        QCOMPARE(json["accuracy"].get<double>(), trained_.json()["test_accuracy"].get<double>());
        // Batches of another size sum in another order.
        const double loss = trained_.json()["test_loss"].get<double>();
        QVERIFY(std::abs(json["loss"].get<double>() - loss) <= 1e-6 * loss);
        const auto validation = cli_.run({"evaluate", run_, "--split", "validation", "--json"});
        QCOMPARE(validation.json()["samples"].get<int>(), 100);
        QCOMPARE(validation.json()["accuracy"].get<double>(),
                 trained_.json()["validation_accuracy"].get<double>());
        const auto training = cli_.run({"evaluate", run_, "--split", "training", "--json"});
        QCOMPARE(training.json()["samples"].get<int>(), 900);
        QVERIFY(cli_.run({"evaluate", run_}).out.contains("over 300 samples"));
    }

    void evaluateWithoutValidationSamplesSaysSo() {
        auto project = openTemplate("perceptron");
        project.data.validationFraction = 0;
        const auto file = cli_.save(project, "all.gradwright");
        const auto trained = cli_.run({"train", file, "--epochs", "1", "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto run = QString::fromStdString(trained.json()["run"].get<std::string>());
        const auto result = cli_.run({"evaluate", run, "--split", "validation", "--json"});
        QCOMPARE(result.code, 1);
        QVERIFY2(result.failsInOneLine() && result.err.contains("validation_fraction"),
                 result.text().c_str());
    }

    void predictGivesProbabilities() {
        const QStringList images = {sample("1-ballpoint.png"), sample("8-white-on-black.png"),
                                    sample("9-photo.jpg"), sample("7-tiny.png")};
        const auto result = cli_.run(QStringList{"predict", run_} + images + QStringList{"--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        QCOMPARE(result.err, QByteArray());
        const auto json = result.json();
        QCOMPARE(static_cast<qsizetype>(json.size()), images.size());
        for (std::size_t i = 0; i < json.size(); ++i) {
            const auto& entry = json[i];
            QCOMPARE(entry.size(), 4U);
            QCOMPARE(entry["file"].get<std::string>(),
                     images[static_cast<qsizetype>(i)].toStdString());
            const auto probabilities = entry["probabilities"].get<std::vector<double>>();
            QCOMPARE(probabilities.size(), 10U);
            const auto sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
            QVERIFY(std::abs(sum - 1) < 1e-5);
            const auto best = std::ranges::max_element(probabilities);
            QCOMPARE(entry["probability"].get<double>(), *best);
            QCOMPARE(entry["class"].get<std::string>(),
                     std::to_string(best - probabilities.begin()));
        }
        const auto text = cli_.run({"predict", run_, images[0]});
        QVERIFY2(text.out.startsWith(images[0].toUtf8() + ": "), text.text().c_str());
    }

    void predictAnswersTheOthersWhenOneIsUnreadable() {
        const auto missing = cli_.path("missing.png");
        const auto result = cli_.run({"predict", run_, sample("0-marker.png"), missing, "--json"});
        QCOMPARE(result.code, 1);
        QCOMPARE(result.json().size(), 1U);
        QVERIFY2(result.failsInOneLine() && result.err.contains(missing.toUtf8()),
                 result.text().c_str());
    }

    /// A moving line must never be wider than the terminal: what wraps cannot be overwritten.
    void progressFitsTheTerminal() {
        const auto script = QStandardPaths::findExecutable(QStringLiteral("script"));
        if (script.isEmpty())
            QSKIP("script(1) is not installed");
        constexpr int columns = 50;
        auto process = cli_.prepared({});
        process->setProgram(script);
        process->setArguments(
            {"-qec",
             QStringLiteral("stty cols %1; '%2' train template:small-cnn --epochs 1 --batch 8")
                 .arg(columns)
                 .arg(Cli::program()),
             QStringLiteral("/dev/null")});
        process->start();
        const auto result = Cli::finish(*process);
        QVERIFY2(result.code == 0, result.text().c_str());
        int moving = 0;
        const auto pieces = result.out.split('\r');
        for (qsizetype i = 0; i + 1 < pieces.size(); ++i) {
            const auto& line = pieces[i];
            const bool stays = pieces[i + 1].startsWith('\n'); // and so may wrap
            if (stays || !line.startsWith("\x1b[KEpoch"))
                continue;
            ++moving;
            QVERIFY2(QString::fromUtf8(line).size() - 3 < columns, line.constData());
        }
        QVERIFY2(moving > 0, result.text().c_str());
    }

    /// What the terminal trains from a template lies where the window looks for it.
    void aTemplatesRunIsAnUnsavedNetwork() {
        qputenv("XDG_DATA_HOME", cli_.path("data").toUtf8());
        const auto result =
            cli_.run({"train", "template:exclusive-or", "--epochs", "2", "--quiet"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto all = unsavedNetworks();
        const auto found =
            std::ranges::find(all, std::string("exclusive-or"),
                              [](const auto& each) { return each.project.madeFrom; });
        QVERIFY(found != all.end());
        QVERIFY(found->isTrained());
        QCOMPARE(found->runs.front().epochs, std::int64_t{2});
        QVERIFY(found->best() != nullptr);
    }

private:
    Cli cli_;
    CliResult trained_;
    QString run_;
};

QTEST_GUILESS_MAIN(CliTrainTest)
#include "tst_cli_train.moc"
