// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ensembles/ensemble.h"
#include "engine/ensembles/significance.h"
#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "engine/lab/run_experiment.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"

#include <QTest>

#include <cmath>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

class LabEnsemblesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:

    /// Every sample is held out once, and judged as a training without it judges it.
    void crossValidationHoldsEverySampleOutOnce() {
        const auto directory = done("cross-validation", {{"folds", std::int64_t{4}}});
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{4});
        auto project = small();
        project.data.folds = 4;
        project.data.fold = 2;
        EventLog log;
        Trainer(trainingJob(project, home_ / "plain"), log.sink()).run({});
        const auto finished = log.all<Finished>().front();
        const auto epoch =
            log.all<EpochDone>().at(static_cast<std::size_t>(finished.bestEpoch - 1));
        QCOMPARE(results[2].values.at("quality").get<double>(), epoch.validation->quality.value);
        std::vector<double> qualities;
        for (const auto& result : results)
            qualities.push_back(result.values.at("quality").get<double>());
        const auto interval = meanInterval(qualities);
        const auto data = reportOf(directory).data;
        QCOMPARE(data.at("mean").get<double>(), interval.mean);
        QCOMPARE(data.at("high").get<double>(), interval.mean + interval.half);

        std::set<std::uint32_t> heldOut;
        const auto set = openDataset(project.data);
        for (std::int64_t fold = 0; fold < 4; ++fold) {
            project.data.fold = fold;
            project.data.limit = 0;
            const auto split = splitOf(set, project.data);
            QCOMPARE(split.validation.size() + split.training.size(), std::size_t{500});
            QVERIFY(split.validation.size() == 125);
            for (const auto sample : split.validation)
                QVERIFY(heldOut.insert(sample).second);
        }
        QCOMPARE(heldOut.size(), std::size_t{500});
    }

    void seedsAnswerTogether() {
        const auto directory = done("ensemble", {{"members", std::int64_t{3}}});
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{4});
        const auto& values = results.back().values;
        QVERIFY2(values.contains("together"), results.back().error.c_str());
        QVERIFY(values.at("together").at("error").get<double>() <
                values.at("mean").at("error").get<double>());
        QVERIFY(values.at("together").at("quality").get<double>() >
                values.at("mean").at("quality").get<double>());
        // The same as from the runs that were kept.
        std::vector<Outcomes> answers;
        for (std::size_t i = 0; i < 3; ++i) {
            const auto run = directory.trialFolder(static_cast<std::int64_t>(i)) /
                             results[i].values.at("run").get<std::string>();
            answers.push_back(*Member(run).testAnswers({}));
        }
        const auto score = scoreEnsemble(answers);
        QCOMPARE(values.at("together").at("error").get<double>(), score.together.error);
        QVERIFY(score.disagreement > 0);
        QVERIFY(!reportOf(directory).tables.empty());
    }

    void snapshotsAreOfOneTraining() {
        const auto directory =
            done("ensemble", {{"members", std::int64_t{2}}, {"of", std::string("snapshots")}});
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{2});
        QVERIFY2(results.back().values.contains("together"), results.back().error.c_str());
        QCOMPARE(results.back().values.at("members").size(), std::size_t{2});
        QVERIFY(results.back().values.at("disagreement").get<double>() > 0);
        QVERIFY(fs::exists(directory.trialFolder(0) / "snapshot-2.safetensors"));
    }

    void foldsAreStacked() {
        const auto directory = done("ensemble", {{"members", std::int64_t{3}},
                                                 {"of", std::string("folds")},
                                                 {"stack", std::string("forest, knn")}});
        const auto values = directory.results().back().values;
        QVERIFY2(values.contains("stacked"), directory.results().back().error.c_str());
        const auto stacked = values.at("stacked").at("quality").get<double>();
        const auto together = values.at("together").at("quality").get<double>();
        qInfo("stacked %.3f, together %.3f, mean %.3f", stacked, together,
              values.at("mean").at("quality").get<double>());
        QVERIFY(stacked >= values.at("mean").at("quality").get<double>());
    }

    void whatDoesNotSuitIsRefused() {
        const auto make = [&](ParamValues settings) {
            return messageOf([&] {
                const Experiment experiment{"ensemble", small(), std::move(settings), "x"};
                return experimentKind("ensemble").make(experiment);
            });
        };
        QVERIFY(make({{"stack", std::string("forest")}}).contains("differ by their fold"));
        QVERIFY(make({{"of", std::string("folds")}, {"stack", std::string("svm-rbf")}})
                    .contains("no probabilities"));
        QVERIFY(make({{"of", std::string("snapshots")}, {"members", std::int64_t{50}}})
                    .contains("at least as many epochs"));
    }

private:
    static Project small() {
        auto project = smallProject(400, 0.1);
        set(project, "epochs", std::int64_t{4});
        return project;
    }

    [[nodiscard]] ExperimentDirectory done(const std::string& kind, ParamValues settings) const {
        const Experiment experiment{kind, small(), std::move(settings), kind};
        auto directory = ExperimentDirectory::create(home_ / "lab", experiment,
                                                     experimentKind(kind).make(experiment)->plan());
        if (runExperiment(directory, {}, {}) != ExperimentOutcome::Finished)
            qFatal("the experiment did not finish");
        return directory;
    }

    static Report reportOf(const ExperimentDirectory& directory) {
        const auto experiment = directory.read();
        return experimentKind(experiment.kind).make(experiment)->report(directory.results());
    }

    SmallMnistHome home_{500, 200};
};

QTEST_GUILESS_MAIN(LabEnsemblesTest)
#include "tst_lab_ensembles.moc"
