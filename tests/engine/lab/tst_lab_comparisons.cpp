// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_threads.h"
#include "engine/classical/baseline.h"
#include "engine/ensembles/member.h"
#include "engine/io/atomic_file.h"
#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "engine/lab/run_experiment.h"
#include "engine/lab/train_trial.h"
#include "engine/project/templates.h"
#include "engine/training/compute_plan.h"
#include "engine/training/objective.h"
#include "tests/support/message_of.h"
#include "tests/support/own_home.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// Experiments that set methods, precisions and amounts of data side by side. What they measure is
/// held against the same done by hand.
class LabComparisonsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(home_.isValid());
        liveIn(home_.path());
        makeSmallMnist(folder() / "resources", 300, 100);
        qputenv("GRADWRIGHT_RESOURCES", (folder() / "resources").c_str());
    }

    void precisionsAreOfOneTraining() {
        Experiment experiment{
            "precision",
            smallProject(200, 0.2),
            {{"precisions", std::string("fp64,fp32,bf16")}, {"samples", std::int64_t{120}}},
            "Precision"};
        const auto directory = finished(experiment);
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{4});
        auto project = experiment.project;
        project.data.limit = 120;
        project.data.validationFraction = 0;
        const auto training = trained(project, "fp32");
        const auto& single = results[1].values;
        QCOMPARE(single.at("loss").get<double>(), training.epochs.back().trainingLoss);
        QCOMPARE(single.at("quality").get<double>(), training.epochs.back().trainingQuality.value);
        for (const auto* curve : {&results[0].values.at("curve"), &single.at("curve")}) {
            QVERIFY(curve->size() >= 2);
            QCOMPARE(curve->back().at(0).get<double>(), 2.0); // the last epoch's end
        }
        // Rounding is all that lies between them.
        const double loss = single.at("loss").get<double>();
        QVERIFY(std::abs(results[0].values.at("loss").get<double>() - loss) < 1e-4);
        const double mixed = std::abs(results[2].values.at("loss").get<double>() - loss);
        QVERIFY(mixed > 0 && mixed < 0.05);
        for (std::size_t i = 0; i < 3; ++i)
            QVERIFY(results[i].values.at("samples_per_second").get<double>() > 0);
        const auto report = parseJson(readTextFile(directory.reportJson()), "report.json");
        QCOMPARE(report.at("tables").at(0).at("rows").size(), std::size_t{3});
        const auto text = readTextFile(directory.reportMarkdown());
        QVERIFY(text.find("FP64 is computed by the reference engine") != std::string::npos);
        QVERIFY(text.find("The network has no convolutions") != std::string::npos);
    }

    void layoutsOfAllConvolutionsAreMeasured() {
        auto project = openTemplate("small-cnn");
        project.data.limit = 100;
        set(project, "epochs", std::int64_t{1});
        Experiment experiment{
            "precision", project, {{"precisions", std::string("fp32")}}, "Precision"};
        const auto directory = finished(experiment);
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{2});
        QVERIFY2(!results[1].hasFailed(), results[1].error.c_str());
        const auto& values = results[1].values;

        const auto training =
            trainingGraph(project.network, openDataset(project.data).info, project.training);
        std::int64_t convolutions = 0;
        for (const auto& op : training.graph.ops())
            convolutions += std::holds_alternative<ConvOp>(op.attributes) ? 1 : 0;
        QVERIFY(convolutions > 1);
        std::int64_t counted = 0;
        for (const auto& each : values.at("convolutions")) {
            counted += each.at("count").get<std::int64_t>();
            QCOMPARE(each.at("times").size(), std::size_t{5});
            const auto& rows = each.at("times").front();
            QCOMPARE(rows.at("layout").get<std::string>(), "NCHW");
            QCOMPARE(rows.at("reorders").get<int>(), 0); // the data come in this order
            const auto& chosen = each.at("times").back();
            QVERIFY(chosen.at("seconds").get<double>() > 0);
            QVERIFY(!each.at("engine").at("implementation").get<std::string>().empty());
        }
        QCOMPARE(counted, convolutions);
        const auto plan = planFor(training.graph, project.training);
        const auto report = trainingBackend(project.training, plan)
                                ->plan(training.graph, trainingOptions(project.training));
        QCOMPARE(values.at("reorders").get<std::size_t>(), report.reorders);
        const auto data = parseJson(readTextFile(directory.reportJson()), "report.json").at("data");
        double sum = 0;
        for (const auto& each : values.at("convolutions"))
            sum += each.at("count").get<double>() *
                   each.at("times").back().at("seconds").get<double>();
        QVERIFY(std::abs(data.at("layout_totals").back().at("seconds").get<double>() - sum) <
                1e-12);
    }

    void sharesOfTheDataAreLearned() {
        Experiment experiment{"data-amount",
                              smallProject(200, 0.2),
                              {{"shares", std::string("100,25")},
                               {"methods", std::string("knn")},
                               {"repeats", std::int64_t{2}},
                               {"seed", std::int64_t{3}}},
                              "How much data"};
        set(experiment.project, "epochs", std::int64_t{1});
        const auto directory = finished(experiment);
        const auto results = directory.results();
        // 2 seeds × 2 shares × (network, neighbours), and the counts of threads.
        int counts = 1;
        for (int threads = 1; threads < availableThreads(); threads *= 2)
            ++counts;
        QCOMPARE(results.size(), static_cast<std::size_t>(8 + counts));
        double sum = 0;
        for (const auto& result : results) {
            QVERIFY2(!result.hasFailed(), result.error.c_str());
            const auto& settings = result.trial.settings;
            if (settings.contains("threads")) {
                QVERIFY(result.values.at("samples_per_second").get<double>() > 0);
                continue;
            }
            auto project = experiment.project;
            const auto seed = settings.at("seed").get<std::int64_t>();
            set(project, "seed", seed);
            project.data.splitSeed += static_cast<std::uint64_t>(seed - 3);
            project.data.limit = std::llround(settings.at("share").get<double>() * 200);
            QCOMPARE(result.values.at("samples").get<std::int64_t>(), project.data.limit);
            const auto quality = result.values.at("quality").get<double>();
            if (settings.at("method") == "network") {
                const auto training = trained(project, "amount");
                QCOMPARE(quality, training.test->quality.value);
                if (settings.at("share") == 0.25)
                    sum += quality;
            } else {
                QCOMPARE(quality, neighboursOn(project, {}));
            }
        }
        const auto data = parseJson(readTextFile(directory.reportJson()), "report.json").at("data");
        QCOMPARE(data.at("curves").size(), std::size_t{2});
        const auto& first = data.at("curves").at(0).at("points").at(0);
        QCOMPARE(first.at("share").get<double>(), 0.25); // in their order
        QVERIFY(std::abs(first.at("mean").get<double>() - sum / 2) < 1e-12);
        QCOMPARE(data.at("threads").size(), static_cast<std::size_t>(counts));
    }

    void equalStepsGoThroughSmallSharesMoreOften() {
        Experiment experiment{"data-amount",
                              smallProject(200, 0.2),
                              {{"shares", std::string("50")},
                               {"methods", std::string("")},
                               {"repeats", std::int64_t{1}},
                               {"threads", false},
                               {"effort", std::string("steps")}},
                              "How much data"};
        const auto results = finished(experiment).results();
        QCOMPARE(results.size(), std::size_t{1});
        auto project = experiment.project;
        project.data.limit = 100;
        set(project, "seed", std::int64_t{1});
        set(project, "epochs", std::int64_t{4}); // twice as many
        QCOMPARE(results[0].values.at("quality").get<double>(),
                 trained(project, "steps").test->quality.value);
    }

    void methodsStandBesideTheNetwork() {
        Experiment experiment{"baselines",
                              smallProject(200, 0.2),
                              {{"methods", std::string("naive-bayes, knn")},
                               {"parameters", std::string("knn.neighbours=1")}},
                              "Baselines"};
        const auto directory = finished(experiment);
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{3});
        QCOMPARE(results[1].values.at("quality").get<double>(),
                 neighboursOn(experiment.project, {{"neighbours", std::int64_t{1}}}));
        const auto training = trained(experiment.project, "baselines");
        QCOMPARE(results[2].values.at("quality").get<double>(), training.test->quality.value);
        for (const auto& result : results) {
            // A row of the matrix has all samples of its class.
            std::int64_t right = 0;
            std::int64_t all = 0;
            const auto& matrix = result.values.at("confusion");
            for (std::size_t label = 0; label < matrix.size(); ++label)
                for (std::size_t said = 0; said < matrix.size(); ++said) {
                    const auto count = matrix.at(label).at(said).get<std::int64_t>();
                    all += count;
                    right += label == said ? count : 0;
                }
            QCOMPARE(all, std::int64_t{100});
            QCOMPARE(result.values.at("quality").get<double>(), static_cast<double>(right) / 100);
            QCOMPARE(result.values.at("learned").get<int>(), 200);
        }
        const auto text = readTextFile(directory.reportMarkdown());
        QVERIFY(text.find("the network reaches") != std::string::npos);
        QVERIFY(text.find("Network: small") != std::string::npos);
    }

    /// Named or not, methods that cannot learn such data do not end an experiment.
    void methodsThatDoNotFitArePassedOver() {
        auto project = smallProject(100, 0.2);
        project.training.objectives.front().loss = {"mean-squared-error", {}};
        Experiment experiment{"baselines", project, {{"network", false}}, "Baselines"};
        const auto planned = procedureOf(experiment)->plan();
        const auto directory = finished(experiment);
        const auto results = directory.results();
        QCOMPARE(static_cast<std::int64_t>(results.size()), planned.trials);
        std::size_t passed = 0;
        for (const auto& result : results) {
            QVERIFY2(!result.hasFailed(), result.error.c_str());
            passed += result.values.contains("passed_over") ? 1 : 0;
        }
        QCOMPARE(passed, std::size_t{2}); // linear and ridge regression
        const auto data = parseJson(readTextFile(directory.reportJson()), "report.json").at("data");
        QCOMPARE(data.at("methods").size(), results.size() - 2);
    }

    /// A network with convolutions begins with fewer samples, since FP64 takes so long.
    void samplesFollowTheNetwork() {
        const auto suggested = [](const char* key) {
            const auto values = experimentKind("precision").suggest(openTemplate(key));
            return std::get<std::int64_t>(values.at("samples"));
        };
        QCOMPARE(suggested("softmax-regression"), std::int64_t{2000});
        QVERIFY(suggested("small-cnn") < 200);
        QVERIFY(suggested("small-cnn") >= openTemplate("small-cnn").training.batch());
    }

    void unfitSettingsAreRefused() {
        const auto refusal = [](const char* kind, const char* key, const char* value) {
            Experiment experiment{kind, smallProject(), {{key, std::string(value)}}, "x"};
            return messageOf([&] { return procedureOf(experiment)->plan().trials; });
        };
        QVERIFY(refusal("precision", "precisions", "fp32,fp7").contains("fp7"));
        QVERIFY(refusal("precision", "precisions", " ").contains("at least one precision"));
        QVERIFY(refusal("data-amount", "shares", "0").contains("above 0 and 100 percent at most"));
        QVERIFY(refusal("data-amount", "shares", "5,1x").contains("\"1x\""));
        QVERIFY(refusal("data-amount", "shares", "").contains("at least one share"));
        QVERIFY(refusal("data-amount", "methods", "magic").contains("magic"));
        QVERIFY(
            refusal("baselines", "methods", "ridge").contains("the project's loss is for classes"));
        QVERIFY(refusal("baselines", "parameters", "knn.k=3").contains("it has neighbours"));
        QVERIFY(
            refusal("baselines", "parameters", "neighbours=3").contains("METHOD.PARAMETER=VALUE"));
        QVERIFY(refusal("baselines", "parameters", "knn.neighbours=0").contains("knn"));
    }

private:
    [[nodiscard]] fs::path folder() const { return home_.path().toStdString(); }

    static std::unique_ptr<Procedure> procedureOf(const Experiment& experiment) {
        return experimentKind(experiment.kind).make(experiment);
    }
    [[nodiscard]] ExperimentDirectory finished(const Experiment& experiment) const {
        auto directory = ExperimentDirectory::create(folder() / "lab", experiment,
                                                     procedureOf(experiment)->plan());
        if (runExperiment(directory, {}, {}) != ExperimentOutcome::Finished)
            QTest::qFail("the experiment was stopped", __FILE__, __LINE__);
        return directory;
    }
    [[nodiscard]] TrialTraining trained(const Project& project, const char* name) const {
        const auto path = folder() / name;
        fs::create_directories(path);
        return *trainTrial(project, {path, path, {}, {}});
    }
    /// The accuracy of the nearest neighbours on the test set.
    static double neighboursOn(const Project& project, const ParamValues& params) {
        const auto data = openDataset(project.data);
        const auto learned = splitOf(data, project.data).training;
        const auto training = samplesOf(*data.training, learned, data.info, {});
        const auto test = samplesOf(*data.test, allIndices(*data.test), data.info, {});
        const auto made = measureBaseline(classicalMethod("knn"), params, training, test, 1, {});
        return *qualityMetric(MetricKind::Classes).value(made->outcomes);
    }

    QTemporaryDir home_;
};

QTEST_GUILESS_MAIN(LabComparisonsTest)
#include "tst_lab_comparisons.moc"
