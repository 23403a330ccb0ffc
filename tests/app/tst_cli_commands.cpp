// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/layers/catalog.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QRegularExpression>
#include <QTest>

#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

std::set<std::string> keysOf(const Json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items())
        keys.insert(key);
    return keys;
}

} // namespace

/// All commands but those that train or use what was trained.
class CliCommandsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void helpNamesEveryCommand() {
        const auto result = cli_.run({"--help"});
        QCOMPARE(result.code, 0);
        for (const char* command :
             {"layers", "templates", "new", "summary", "train", "evaluate", "predict", "devices",
              "demo", "calibrate", "runs", "inspect", "infer"})
            QVERIFY2(result.out.contains(command), command);
        QCOMPARE(cli_.run({"--version"}).out.count('\n'), 1);
    }

    /// libgomp prints what it has read before main().
    void waitingThreadsSleepSoonWhateverTheEnvironmentSays() {
        auto process = cli_.prepared({"devices"});
        auto environment = process->processEnvironment();
        environment.insert(QStringLiteral("OMP_DISPLAY_ENV"), QStringLiteral("VERBOSE"));
        environment.insert(QStringLiteral("OMP_WAIT_POLICY"), QStringLiteral("ACTIVE"));
        environment.insert(QStringLiteral("GOMP_SPINCOUNT"), QStringLiteral("INFINITE"));
        process->setProcessEnvironment(environment);
        process->start();
        const auto result = Cli::finish(*process);
        QCOMPARE(result.code, 0);
        if (!result.err.contains("GOMP_SPINCOUNT"))
            QSKIP("this OpenMP library does not print its settings");
        const auto last = result.err.mid(result.err.lastIndexOf("GOMP_SPINCOUNT"));
        QVERIFY2(last.startsWith("GOMP_SPINCOUNT = '20000'"), last.left(60).constData());
    }

    void helpOfTrainNamesEveryOption() {
        const auto result = cli_.run({"train", "--help"});
        QCOMPARE(result.code, 0);
        for (const char* option : {"--epochs", "--batch", "--learning-rate", "--optimizer",
                                   "--schedule", "--loss", "--set", "--seed", "--threads",
                                   "--precision", "--run-dir", "--resume", "--quiet", "--json"})
            QVERIFY2(result.out.contains(option), option);
    }

    /// What calibration finds best is what trainings and the report take from then on.
    /// Its made-up samples are entries that there are.
    void networksThatLookEntriesUpAreCalibrated() {
        const auto calibrated =
            cli_.run({"calibrate", "template:character-lstm", "--batch", "2", "--json"});
        QVERIFY2(calibrated.code == 0, calibrated.text().c_str());
        fs::remove(cli_ / "cache/gradwright/calibration.json");
    }

    void calibrationIsKept() {
        const auto calibrated = cli_.run({"calibrate", "template:perceptron", "--json"});
        QVERIFY2(calibrated.code == 0, calibrated.text().c_str());
        const auto found = calibrated.json();
        const auto& best = found["best"];
        QVERIFY(!found["trials"].empty());
        QVERIFY(std::ranges::any_of(found["trials"], [&](const Json& trial) {
            return trial["threads"] == best["threads"] && trial["parts"] == best["parts"] &&
                   trial["samples_per_second"].get<double>() > 0;
        }));
        // Another answer than today's machine may give.
        const auto file = cli_ / "cache/gradwright/calibration.json";
        auto cache = parseJson(contentsOf(file), "the cache");
        QCOMPARE(cache.size(), std::size_t{1});
        cache.begin().value()["threads"] = 2;
        cache.begin().value()["parts"] = 2;
        writeText(file, cache.dump());
        const QStringList summary = {"summary", "template:perceptron", "--report"};
        QCOMPARE(cli_.run(summary + QStringList{"--json"}).json()["report"]["parts"].get<int>(), 2);
        QVERIFY(cli_.run(summary).out.contains("Batch parts"));
        const auto trained = cli_.run({"train", "template:perceptron", "--epochs", "1", "--run-dir",
                                       cli_.path("calibrated")});
        QVERIFY2(trained.err.contains("batches in 2 parts") ||
                     trained.out.contains("batches in 2 parts"),
                 trained.text().c_str());
        fs::remove(file);
        QCOMPARE(cli_.run({"calibrate", "template:no-such"}).code, 1);
    }

    void listsTheLayers() {
        const auto text = cli_.run({"layers"});
        QCOMPARE(text.code, 0);
        QCOMPARE(text.err, QByteArray());
        for (const auto& def : layerCatalog())
            QVERIFY2(text.out.contains(QByteArray::fromStdString(def.key)), def.key.c_str());

        const auto json = cli_.run({"layers", "--json"}).json();
        QVERIFY(json.is_array());
        QCOMPARE(json.size(), layerCatalog().size());
        for (std::size_t i = 0; i < json.size(); ++i) {
            const auto& def = layerCatalog()[i];
            QCOMPARE(json[i]["key"].get<std::string>(), def.key);
            QCOMPARE(json[i]["params"].size(), def.params.size());
            for (std::size_t p = 0; p < def.params.size(); ++p)
                QVERIFY(json[i]["params"][p]["default"] == toJson(def.params[p].defaultValue));
        }
    }

    void listsTheTemplates() {
        const auto text = cli_.run({"templates"});
        QCOMPARE(text.code, 0);
        QVERIFY(text.out.contains("61,706"));
        const auto json = cli_.run({"templates", "--json"}).json();
        QCOMPARE(json.size(), templateKeys().size());
        for (std::size_t i = 0; i < json.size(); ++i) {
            QCOMPARE(json[i]["key"].get<std::string>(), templateKeys()[i]);
            QVERIFY(json[i]["parameters"].get<std::int64_t>() > 0);
            QVERIFY(!json[i]["description"].get<std::string>().empty());
        }
    }

    void reportsWhatTrainingCompilesTo() {
        const QStringList command = {"summary", "template:lenet-5", "--report", "--batch", "8"};
        const auto json = cli_.run(command + QStringList{"--json"}).json();
        const auto& report = json["report"];
        std::int64_t macs = 0;
        for (const auto& op : report["forward"]) {
            macs += op["macs"].get<std::int64_t>();
            QVERIFY(op["bytes"].get<std::int64_t>() > 0 &&
                    op["operations"].get<std::int64_t>() > 0);
            QVERIFY(!op["implementation"].get<std::string>().empty());
        }
        QCOMPARE(macs, 8 * json["total_macs"].get<std::int64_t>());
        QCOMPARE(report["forward"][0]["path"].get<std::string>(), "conv1");
        QCOMPARE(report["forward"][0]["fused"][0].get<std::string>(), "relu");
        QCOMPARE(report["backward"].back()["path"].get<std::string>(), "conv1");
        const auto text = cli_.run(command);
        QVERIFY2(text.code == 0 && text.out.contains("Backward pass, batch 8, fp32"),
                 text.text().c_str());
        // Memory is counted as in the window.
        const auto bytes = report["arena_bytes"].get<std::int64_t>();
        QVERIFY2(bytes > 1024 && text.out.contains(bytesText(bytes).c_str()), text.text().c_str());
        static const QRegularExpression decimal(QStringLiteral("\\b[kKMG]B\\b"));
        QVERIFY2(!QString::fromUtf8(text.out).contains(decimal), text.text().c_str());
    }

    void listsTheDevices() {
        const auto text = cli_.run({"devices"});
        QCOMPARE(text.code, 0);
        QVERIFY(text.out.contains("onednn"));
        QVERIFY(text.out.contains("No GPU: ") || text.out.contains("cuda:0"));
        const auto json = cli_.run({"devices", "--json"}).json();
        std::set<std::string> engines;
        for (const auto& device : json) {
            engines.insert(device["engine"].get<std::string>());
            if (device["engine"] == "none") // a GPU, which no engine of this version uses
                continue;
            QVERIFY(device["threads"].get<int>() >= 1);
            QVERIFY(!device["precisions"].empty());
            for (const auto& precision : device["emulated"])
                QVERIFY(std::ranges::find(device["precisions"], precision) !=
                        device["precisions"].end());
            if (device["engine"] == "onednn")
                QVERIFY(device["detail"].get<std::string>().find(
                            device["emulated"].empty() ? "bf16 native" : "bf16 emulated") !=
                        std::string::npos);
        }
        QVERIFY(engines.contains("onednn") && engines.contains("reference"));
    }

    void newWritesAProject() {
        const auto file = cli_.path("new.gradwright");
        const auto result = cli_.run({"new", "lenet-5", "-o", file});
        QVERIFY2(result.code == 0, result.text().c_str());
        auto project = loadProject(file.toStdString());
        QVERIFY(!project.uuid.empty());
        const auto bundled = openTemplate("lenet-5");
        project.uuid = bundled.uuid;
        QVERIFY(project == bundled);
        const auto json =
            cli_.run({"new", "perceptron", "-o", "other.gradwright", "--json"}).json();
        QCOMPARE(json["template"].get<std::string>(), "perceptron");
        QVERIFY(fs::exists(cli_ / "other.gradwright"));
    }

    void newKeepsWhatIsThere() {
        const auto file = cli_.path("precious.gradwright");
        QCOMPARE(cli_.run({"new", "perceptron", "-o", file}).code, 0);
        const auto before = contentsOf(file.toStdString());
        const auto refused = cli_.run({"new", "lenet-5", "-o", file});
        QCOMPARE(refused.code, 1);
        QVERIFY2(refused.failsInOneLine() && refused.err.contains("--force"),
                 refused.text().c_str());
        QVERIFY(contentsOf(file.toStdString()) == before);
        QCOMPARE(cli_.run({"new", "lenet-5", "-o", file, "--force"}).code, 0);
        QVERIFY(contentsOf(file.toStdString()) != before);
    }

    void newRefusesWhatCannotBe() {
        const auto unknown = cli_.run({"new", "lenet-6", "-o", cli_.path("x.gradwright")});
        QCOMPARE(unknown.code, 1);
        QVERIFY2(unknown.failsInOneLine() && unknown.err.contains("lenet-5"),
                 unknown.text().c_str());
        const auto nowhere = cli_.run({"new", "lenet-5", "-o", cli_.path("no/such/x.gradwright")});
        QCOMPARE(nowhere.code, 1);
        QVERIFY2(nowhere.failsInOneLine() && nowhere.err.contains("no/such"),
                 nowhere.text().c_str());
        QVERIFY(!fs::exists(cli_ / "no"));
    }

    void summaryOfLeNet() {
        const auto json = cli_.run({"summary", "template:lenet-5", "--json"}).json();
        QVERIFY(json["layers"].is_array());
        std::int64_t parameters = 0;
        std::int64_t macs = 0;
        for (const auto& layer : json["layers"]) {
            QCOMPARE(keysOf(layer),
                     (std::set<std::string>{"id", "type", "output_shape", "parameters", "macs"}));
            QVERIFY(layer["id"].is_string() && layer["type"].is_string());
            QVERIFY(layer["output_shape"].is_array());
            parameters += layer["parameters"].get<std::int64_t>();
            macs += layer["macs"].get<std::int64_t>();
        }
        QCOMPARE(parameters, 61'706);
        QCOMPARE(json["total_parameters"].get<std::int64_t>(), 61'706);
        QCOMPARE(json["total_macs"].get<std::int64_t>(), macs);
        // 5×5 kernels: 6×28×28 of 1, 16×10×10 of 6; dense 400-120-84-10.
        QCOMPARE(macs, 6 * 784 * 25 + 16 * 100 * 150 + 400 * 120 + 120 * 84 + 84 * 10);
        QVERIFY(json["training_memory_bytes"].get<std::int64_t>() > 4 * 61'706);
        QVERIFY(cli_.run({"summary", "template:lenet-5"}).out.contains("61,706"));
    }

    void summaryOfAFile() {
        const auto file = cli_.save(openTemplate("small-residual"), "summary.gradwright");
        const auto result = cli_.run({"summary", file, "--json"});
        QCOMPARE(result.code, 0);
        QCOMPARE(result.out, cli_.run({"summary", "template:small-residual", "--json"}).out);
    }

    void exportWritesAProgram_data() {
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("contains");
        QTest::newRow("PyTorch") << "pytorch"
                                 << "class Net(";
        QTest::newRow("Keras") << "keras"
                               << "def build_model(";
    }
    void exportWritesAProgram() {
        QFETCH(const QString, format);
        QFETCH(const QString, contains);
        const auto file = cli_.path("net.py");
        const QStringList command = {"export", "template:lenet-5", "--format", format, "-o", file,
                                     "--json"};
        fs::remove(file.toStdString());
        const auto json = cli_.run(command).json();
        QCOMPARE(json["file"].get<std::string>(), file.toStdString());
        const auto text = readTextFile(file.toStdString());
        QVERIFY(QString::fromStdString(text).contains(contains));
        const auto again = cli_.run(command);
        QCOMPARE(again.code, 1);
        QVERIFY2(again.err.contains("--force"), again.text().c_str());
        QCOMPARE(cli_.run(command + QStringList{"--force"}).code, 0);
        const auto unknown =
            cli_.run({"export", "template:lenet-5", "--format", "fortran", "-o", "other.f"});
        QCOMPARE(unknown.code, 1);
        QVERIFY2(unknown.err.contains("pytorch, keras, cpp, onnx"), unknown.text().c_str());
        QVERIFY(!fs::exists(cli_ / "other.f"));
    }

    void exportWritesAModelWithItsWeights() {
        const auto file = cli_.path("net.onnx");
        const auto opset = [&](const QStringList& more) {
            const QStringList command = {"export", "template:lenet-5", "--format", "onnx", "-o",
                                         file,     "--force",          "--json"};
            return cli_.run(command + more).json();
        };
        auto json = opset({});
        QCOMPARE(json["opset"].get<int>(), 21);
        QVERIFY(json["run"].is_null());
        // 61,706 parameters of four bytes, and what names them.
        QVERIFY(fs::file_size(file.toStdString()) > 61'706U * 4);
        json = opset({"--opset", "17"});
        QCOMPARE(json["opset"].get<int>(), 17);
        const auto wrong = cli_.run({"export", "template:lenet-5", "--format", "onnx", "-o", file,
                                     "--force", "--opset", "13"});
        QCOMPARE(wrong.code, 2);
        const auto told =
            cli_.run({"export", "template:lenet-5", "--format", "onnx", "-o", file, "--force"});
        QVERIFY2(told.out.contains("untrained"), told.text().c_str());
    }

    void summaryOfAHalfBuiltNetwork() {
        auto project = openTemplate("perceptron");
        const auto link = project.network.main.links().begin()->first;
        apply(project, {NetworkEdit{RemoveLink{"", link}}});
        const auto result = cli_.run({"summary", cli_.save(project, "half.gradwright"), "--json"});
        const auto json = result.json();
        QVERIFY2(json.is_object(), result.text().c_str());
        QVERIFY(json["training_memory_bytes"].is_null());
        QVERIFY(json["layers"].back()["output_shape"].is_null());
        QVERIFY(!result.err.isEmpty());
    }

    void summaryOfAContradiction() {
        auto project = openTemplate("lenet-5");
        const auto& graph = project.network.main;
        for (const auto& [id, node] : graph.nodes())
            if (node.layerUse()->layer == "input") {
                apply(project, {NetworkEdit{SetParam{"", id, "shape", IntTuple{1, 4, 4}}}});
                break;
            }
        const auto result = cli_.run({"summary", cli_.save(project, "small.gradwright"), "--json"});
        QCOMPARE(result.code, 1);
        QVERIFY(result.json().is_object());
        QVERIFY2(result.err.startsWith("error: "), result.text().c_str());
    }

    void usageErrors_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("message");
        const auto row = [](const QString& line, const char* message) {
            QTest::addRow("%s", qPrintable(line.isEmpty() ? "nothing" : line))
                << line.split(u' ', Qt::SkipEmptyParts) << message;
        };
        row("", "subcommand");
        row("nonsense", "nonsense");
        row("layers --nope", "--nope");
        row("new", "required");
        row("new lenet-5", "--output");
        row("summary", "project");
        row("evaluate", "run");
        row("evaluate run --split all", "validation");
        row("predict run", "files");
        row("train", "--resume RUN");
        row("train template:perceptron --resume run", "--resume RUN");
        row("train --resume run --run-dir there", "--run-dir");
        row("train --resume run --batch 3", "--batch");
        row("train --resume run --seed 3", "--seed");
        row("train --resume run --optimizer sgd", "--optimizer");
        row("train --resume run --schedule step", "--schedule");
        row("train --resume run --loss mean-squared-error", "--loss");
        row("train --resume run --set epochs=3", "--set");
        row("train --resume run --precision fp64", "--precision");
        row("train template:perceptron --epochs 0", "Epochs");
        row("train template:perceptron --epochs two", "two");
        row("train template:perceptron --epochs", "--epochs");
        row("train template:perceptron --batch 0", "Batch");
        row("train template:perceptron --learning-rate -1", "Learning rate");
        row("train template:perceptron --learning-rate 0", "Learning rate");
        row("train template:perceptron --learning-rate nan", "nan");
        row("train template:perceptron --learning-rate 1e30", "1000");
        row("train template:perceptron --optimizer newton", "sgd");
        row("train template:perceptron --schedule never", "cosine");
        row("train template:perceptron --loss never", "mean-squared-error");
        row("train template:perceptron --set epochs", "key=value");
        row("train template:perceptron --set epochs=0", "Epochs");
        row("train template:perceptron --set epoch=3", "warmup_epochs");
        row("train template:perceptron --set optimizer.beta9=0.5", "beta1");
        row("train template:perceptron --set optimizer.beta1=1", "Beta 1");
        row("train template:perceptron --set schedule.gamma=1", "known are none");
        row("train template:perceptron --set magic.gamma=1", "magic");
        row("submit template:perceptron --site nowhere.sh", "--site");
        row("submit template:perceptron --time tomorrow@noon --nodes 0", "--nodes");
        row("train template:perceptron --seed -1", "Seed");
        row("train template:perceptron --threads -2", "Threads");
        row("train template:perceptron --precision fp8", "fp32");
    }
    void usageErrors() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, message);
        const auto result = cli_.run(arguments);
        QVERIFY2(result.code == 2, result.text().c_str());
        QCOMPARE(result.out, QByteArray());
        QVERIFY2(result.failsInOneLine(), result.text().c_str());
        QVERIFY2(result.err.contains(message.toUtf8()), result.text().c_str());
    }

    /// bash takes the script, and srun gets every word as it was given.
    void jobScriptsForSlurm() {
        writeText(cli_ / "site.sh", "#SBATCH --account=lab\nexport SITE=known");
        const auto written = cli_.run(
            {"submit", "template:lenet-5", "--nodes", "4", "--ranks-per-node", "2", "--processors",
             "16", "--time", "01:30:00", "--site", cli_.path("site.sh"), "-o", cli_.path("job.sh"),
             "--", "--epochs", "5", "--run-dir", "runs of five o'clock"});
        QVERIFY2(written.code == 0, written.text().c_str());
        QVERIFY(written.out.contains("sbatch " + cli_.path("job.sh").toUtf8()));
        const auto script = QString::fromStdString(contentsOf(cli_ / "job.sh")).split('\n');
        for (const auto* line :
             {"#SBATCH --nodes=4", "#SBATCH --ntasks-per-node=2", "#SBATCH --cpus-per-task=16",
              "#SBATCH --time=01:30:00", "#SBATCH --account=lab", "#SBATCH --signal=TERM@120"})
            QVERIFY2(script.contains(line), line);
        QVERIFY(script.filter("mpirun").join(' ').contains("-n 8"));

        std::filesystem::create_directory(cli_ / "bin");
        writeText(cli_ / "bin/srun", "#!/bin/sh\nprintf '%s\\n' \"$SITE\" \"$@\"\n");
        std::filesystem::permissions(cli_ / "bin/srun", std::filesystem::perms::owner_all);
        auto process = cli_.prepared({});
        auto environment = process->processEnvironment();
        environment.insert("PATH", cli_.path("bin") + ":/usr/bin:/bin");
        process->setProcessEnvironment(environment);
        process->setProgram("bash");
        process->setArguments({cli_.path("job.sh")});
        process->start();
        const auto ran = Cli::finish(*process);
        QVERIFY2(ran.code == 0, ran.text().c_str());
        QCOMPARE(ran.out, QByteArray("known\n--mpi=pmix\n--cpu-bind=none\ngradwright-cli\ntrain\n"
                                     "template:lenet-5\n--epochs\n5\n--run-dir\n"
                                     "runs of five o'clock\n"));
    }

    void fullStandardOutputIsAFailure() {
        auto process = cli_.prepared({"layers", "--json"});
        process->setStandardOutputFile(QStringLiteral("/dev/full"));
        process->start();
        const auto result = Cli::finish(*process);
        QCOMPARE(result.code, 1);
        QVERIFY2(result.failsInOneLine() && result.err.contains("standard output"),
                 result.text().c_str());
    }

private:
    Cli cli_{100, 50};
};

QTEST_GUILESS_MAIN(CliCommandsTest)
#include "tst_cli_commands.moc"
