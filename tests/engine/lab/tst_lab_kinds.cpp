// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/lab/batch_size/batch_size_report.h"
#include "engine/lab/depth/depth.h"
#include "engine/lab/experiment.h"
#include "engine/lab/recommendation.h"
#include "engine/lab/run_experiment.h"
#include "engine/lab/sweep/search_space.h"
#include "engine/lab/train_trial.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"

#include <QTest>

#include <cmath>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

class LabKindsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:

    void sweepFindsTheBetterRate_data() {
        QTest::addColumn<QString>("method");
        for (const auto* method : {"tpe", "random", "sobol", "grid"})
            QTest::newRow(method) << QString(method);
    }
    void sweepFindsTheBetterRate() {
        QFETCH(QString, method);
        const auto directory =
            finished(sweepOf("learning_rate=0.0001,0.01; layer.hidden.units=8..24:3", method, 6));
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{6});
        double best = 0;
        for (const auto& result : results)
            best = std::max(best, result.values.at("quality").get<double>());
        const auto report = parseJson(readTextFile(directory.reportJson()), "report.json");
        const auto number = report.at("data").at("best").get<std::size_t>();
        QCOMPARE(results.at(number).values.at("quality").get<double>(), best);
        QVERIFY(report.at("data").at("higher_is_better").get<bool>());
        QCOMPARE(report.at("tables").at(0).at("rows").size(), std::size_t{6});
        QCOMPARE(report.at("tables").at(0).at("rows").at(0).at(0).get<std::string>(),
                 std::to_string(number + 1));

        // What is recommended is what was tried, and repeats its figures.
        const auto experiment = directory.read();
        const auto found = procedureOf(experiment)->recommendation(results);
        QVERIFY(found.has_value());
        auto project = experiment.project;
        const auto undo = apply(project, editOf(project, *found));
        const auto point = results.at(number).trial.settings.at("point").get<SearchPoint>();
        QCOMPARE(project.training.learningRate(), std::stod(point[0]));
        const auto path = home_ / ("again-" + method.toStdString());
        fs::create_directories(path);
        const auto training = trainTrial(project, {path, path, {}, {}});
        QCOMPARE(bestEpochOf(training->epochs).quality.value, best);
        apply(project, undo);
        QVERIFY(project == experiment.project);
    }

    void halvingResumesItsRuns() {
        auto experiment = sweepOf("learning_rate=0.0001..0.1:log", "asha", 9);
        set(experiment.project, "epochs", std::int64_t{9});
        const auto directory = finished(experiment);
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{9 + 3 + 1});
        std::set<std::int64_t> rungs;
        for (const auto& result : results) {
            const auto& settings = result.trial.settings;
            rungs.insert(settings.at("epochs").get<std::int64_t>());
            QVERIFY(result.values.at("epoch").get<std::int64_t>() <=
                    settings.at("epochs").get<std::int64_t>());
        }
        QCOMPARE(rungs, (std::set<std::int64_t>{1, 3, 9}));
        // The one that went to the end gives what a training without a break does.
        const auto last = std::ranges::find_if(results, [](const TrialResult& result) {
            return result.trial.settings.at("epochs") == 9;
        });
        auto project = experiment.project;
        set(project, "learning_rate",
            std::stod(last->trial.settings.at("point").at(0).get<std::string>()));
        const auto path = home_ / "unbroken";
        fs::create_directories(path);
        const auto training = trainTrial(project, {path, path, {}, {}});
        QCOMPARE(bestEpochOf(training->epochs).loss, last->values.at("loss").get<double>());
        // Weights that only later rungs needed are gone.
        for (const auto& entry : fs::recursive_directory_iterator(directory.path()))
            QVERIFY(entry.path().extension() != ".safetensors");
    }

    void minutesEndASweep() {
        auto experiment = sweepOf("learning_rate=0.0001..0.1:log", "random", 100000);
        experiment.settings["minutes"] = 0.01;
        const auto directory = finished(experiment);
        double before = 0;
        const auto results = directory.results();
        QVERIFY(!results.empty() && results.size() < 1000);
        for (std::size_t i = 0; i + 1 < results.size(); ++i)
            before += results[i].seconds;
        QVERIFY(before < 0.6);
    }

    void unfitSweepsAreRefused() {
        const auto refusal = [&](Experiment experiment) {
            return messageOf([&] { return procedureOf(experiment)->plan().trials; });
        };
        QVERIFY(refusal(sweepOf("", "tpe", 3)).contains("needs a setting to vary"));
        QVERIFY(refusal(sweepOf("epochs=1..3", "asha", 3)).contains("settles the epochs itself"));
        QVERIFY(refusal(sweepOf("learning_rate=0.1..0.2:1000; batch=1..2000:1000", "grid", 3))
                    .contains("100000 are the most"));
    }

    void batchSizesAreCompared() {
        Experiment experiment{"batch-size",
                              smallProject(200, 0.2),
                              {{"smallest", std::int64_t{8}},
                               {"largest", std::int64_t{64}},
                               {"repeats", std::int64_t{2}},
                               {"rule", std::string("linear")},
                               {"warmup_epochs", 0.5}},
                              "Batch size"};
        set(experiment.project, "batch", std::int64_t{16});
        set(experiment.project, "learning_rate", 0.002);
        const auto directory = finished(experiment);
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{8});
        for (const auto& result : results) {
            const auto& settings = result.trial.settings;
            QCOMPARE(settings.at("learning_rate").get<double>(),
                     0.002 * settings.at("batch").get<double>() / 16);
        }
        const auto data = parseJson(readTextFile(directory.reportJson()), "report.json").at("data");
        QCOMPARE(data.at("sizes").size(), std::size_t{4});
        QVERIFY(data.at("error_is_share").get<bool>());
        for (const auto& size : data.at("sizes")) {
            double mean = 0;
            for (const auto& result : results)
                if (result.trial.settings.at("batch") == size.at("size"))
                    mean += (1 - result.values.at("quality").get<double>()) / 2;
            QVERIFY(std::abs(mean - size.at("error").get<double>()) < 1e-12);
            QVERIFY(size.at("samples_per_second").get<double>() > 0);
        }
        const auto found = procedureOf(experiment)->recommendation(results);
        QVERIFY(found.has_value());
        QCOMPARE(found->title, "Use " + std::to_string(data.at("sweet_spot").get<std::int64_t>()));
        auto project = experiment.project;
        apply(project, editOf(project, *found));
        QCOMPARE(project.training.batch(), data.at("sweet_spot").get<std::int64_t>());
    }

    void gradientsVanishInDeepSigmoids() {
        Experiment experiment{"depth",
                              smallProject(300, 0.2),
                              {{"depths", std::string("2,12")},
                               {"activations", std::string("sigmoid,relu")},
                               {"units", std::int64_t{8}},
                               {"samples", std::int64_t{200}}},
                              "Depth"};
        set(experiment.project, "epochs", std::int64_t{1});
        const auto directory = finished(experiment);
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{12});
        const auto ratio = [&](const char* variant, const char* activation, int depth) {
            for (const auto& result : results) {
                const auto& settings = result.trial.settings;
                if (settings.at("variant") != variant || settings.at("depth") != depth ||
                    settings.at("activation") != activation)
                    continue;
                const auto& norms = result.values.at("first");
                if (norms.size() != static_cast<std::size_t>(depth))
                    return -1.0;
                return norms.front().get<double>() / norms.back().get<double>();
            }
            return -1.0;
        };
        // Each sigmoid has a slope of 1/4 at most, so twelve of them leave next to nothing.
        QVERIFY(ratio("plain", "sigmoid", 2) > 0.01);
        QVERIFY(ratio("plain", "sigmoid", 12) > 0 && ratio("plain", "sigmoid", 12) < 1e-3);
        QVERIFY(ratio("residual", "sigmoid", 12) > 100 * ratio("plain", "sigmoid", 12));
        QVERIFY(ratio("normalized", "sigmoid", 12) > 100 * ratio("plain", "sigmoid", 12));
        const auto markdown = readTextFile(directory.reportMarkdown());
        QVERIFY(
            markdown.find("vanish on their way to the first hidden layer: 12 layers, sigmoid") !=
            std::string::npos);

        // The first logged step is that of a fresh network: the norms of a trace by hand.
        auto project = depthProject(experiment.project, 2, "relu", DepthVariant::Plain, 8);
        project.data.limit = 200;
        EventLog log;
        Trainer(trainingJob(project, home_ / "plain-depth"), log.sink()).run({});
        const auto step = log.all<StepDone>().front();
        QVERIFY(step.step == 1 && step.gradientNorms);
        for (const auto& result : results)
            if (result.trial.title == "2 layers, relu, plain")
                QCOMPARE(result.values.at("first").at(0).get<double>(),
                         step.gradientNorms->front());
    }

    /// relu(norm(W x) + x) from the second layer on, as ResNet's blocks have it.
    void normalizedLayersMayAddTheirInput() {
        const auto base = smallProject(100, 0.2);
        const auto project = depthProject(base, 3, "relu", DepthVariant::ResidualNormalized, 8);
        const auto& graph = project.network.main;
        const auto find = [&](const std::string& name) -> const Node* {
            for (const auto& [id, node] : graph.nodes())
                if (node.name == name)
                    return &node;
            return nullptr;
        };
        const auto named = [&](const std::string& name) {
            const auto* const node = find(name);
            return node ? node->layerUse()->layer : std::string();
        };
        const auto before = [&](const std::string& name, std::uint32_t port) {
            const auto* const link = graph.linkInto({find(name)->id, {port}});
            return link ? graph.find(link->from.node)->name : std::string();
        };
        QCOMPARE(named("sum1"), std::string());
        QCOMPARE(before("activation1", 0), std::string("norm1"));
        for (const auto* const number : {"2", "3"}) {
            const std::string i = number;
            const auto last = "activation" + std::to_string(std::stoi(i) - 1);
            QCOMPARE(named("sum" + i), std::string("add"));
            QCOMPARE(before("hidden" + i, 0), last);
            QCOMPARE(before("norm" + i, 0), "hidden" + i);
            QCOMPARE(before("sum" + i, 0), "norm" + i);
            QCOMPARE(before("sum" + i, 1), last);
            QCOMPARE(before("activation" + i, 0), "sum" + i);
            QCOMPARE(named("activation" + i), std::string("relu"));
        }
        QCOMPARE(before("scores", 0), std::string("activation3"));
    }

    /// Glorot's weights keep the gradient of ten layers of tanh; normal ones of a small deviation
    /// do not: each layer multiplies values and gradients by about deviation · √units = 0.14.
    void firstWeightsDecideAboutGradients() {
        Experiment experiment{"depth",
                              smallProject(100, 0.2),
                              {{"depths", std::string("10")},
                               {"activations", std::string("tanh")},
                               {"variants", std::string("plain")},
                               {"initializers", std::string("xavier-normal,normal")},
                               {"units", std::int64_t{8}},
                               {"samples", std::int64_t{100}}},
                              "Depth"};
        set(experiment.project, "epochs", std::int64_t{1});
        const auto directory = finished(experiment);
        const auto data = parseJson(readTextFile(directory.reportJson()), "report").at("data");
        QCOMPARE(data.at("networks").size(), std::size_t{2});
        const auto norm = [&](std::size_t number) {
            return data.at("networks").at(number).at("first").front().get<double>();
        };
        QVERIFY(data.at("networks").at(1).at("initializer") == "normal");
        QVERIFY(norm(1) > 0 && norm(1) < 1e-4 * norm(0));
        const auto markdown = readTextFile(directory.reportMarkdown());
        QVERIFY(markdown.find("| xavier-normal |") != std::string::npos);
        QVERIFY(markdown.find("| normal |") != std::string::npos);
    }

    void unfitDepthsAreRefused() {
        const auto refusal = [&](const char* key, const char* value) {
            Experiment experiment{"depth", smallProject(), {{key, std::string(value)}}, "Depth"};
            return messageOf([&] { return procedureOf(experiment)->plan().trials; });
        };
        QVERIFY(refusal("depths", "2,x").contains("whole number from 1 to 200, not \"x\""));
        QVERIFY(refusal("variants", "magic").contains("not \"magic\""));
        QVERIFY(refusal("activations", "magic") != "no error");
        QVERIFY(refusal("activations", "").contains("at least one"));
        QVERIFY(refusal("initializers", "magic").startsWith("initializers: "));
        Experiment empty{"depth", newProject(), {}, "Depth"};
        QVERIFY(messageOf([&] {
                    return procedureOf(empty)->plan().trials;
                }).contains("one Input and one Output"));
    }

    void ratesFollowTheirRule() {
        QCOMPARE(scaledRate(RateRule::None, 0.1, 32, 128), 0.1);
        QCOMPARE(scaledRate(RateRule::SquareRoot, 0.1, 32, 128), 0.2);
        QCOMPARE(scaledRate(RateRule::Linear, 0.1, 32, 128), 0.4);
    }

    void sweetSpotIsFastAmongTheGood() {
        const auto outcome = [](std::int64_t size, double speed, double cost, double deviation) {
            return SizeOutcome{size, speed, cost, deviation, 4, 0};
        };
        // The standard error of the best is 0.02 / 2.
        std::vector<SizeOutcome> outcomes = {outcome(16, 100, 0.10, 0.02),
                                             outcome(32, 200, 0.109, 0.01),
                                             outcome(64, 400, 0.111, 0.01)};
        QCOMPARE(sweetSpot(outcomes), std::int64_t{32});
        outcomes[2].cost = 0.109;
        QCOMPARE(sweetSpot(outcomes), std::int64_t{64});
        outcomes[2].failed = 1; // one of its trainings diverged
        QCOMPARE(sweetSpot(outcomes), std::int64_t{32});
        QCOMPARE(sweetSpot({}), std::int64_t{0});
        QCOMPARE(sweetSpot({outcome(16, 100, std::nan(""), 0)}), std::int64_t{0});
    }

    void timeToTargetIsTheFirstEpochs() {
        QCOMPARE(*secondsToReach(0.5, {0.9, 0.5, 0.4, 0.6}, {1, 2, 3, 4}), 2.0);
        QVERIFY(!secondsToReach(0.3, {0.9, 0.5}, {1, 2}));
        QVERIFY(!secondsToReach(0.3, {std::nan("")}, {1}));
    }

private:
    static Experiment sweepOf(const char* over, const QString& method, std::int64_t trials) {
        Experiment experiment{
            "sweep",
            smallProject(200, 0.3),
            {{"over", std::string(over)}, {"method", method.toStdString()}, {"trials", trials}},
            "Sweep"};
        set(experiment.project, "epochs", std::int64_t{2});
        return experiment;
    }
    static std::unique_ptr<Procedure> procedureOf(const Experiment& experiment) {
        return experimentKind(experiment.kind).make(experiment);
    }
    [[nodiscard]] ExperimentDirectory finished(const Experiment& experiment) const {
        auto directory =
            ExperimentDirectory::create(home_ / "lab", experiment, procedureOf(experiment)->plan());
        if (runExperiment(directory, {}, {}) != ExperimentOutcome::Finished)
            QTest::qFail("the experiment was stopped", __FILE__, __LINE__);
        return directory;
    }

    SmallMnistHome home_{300, 100};
};

QTEST_GUILESS_MAIN(LabKindsTest)
#include "tst_lab_kinds.moc"
