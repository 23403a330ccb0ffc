// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/lab/sweep/asha.h"
#include "engine/lab/sweep/importance.h"
#include "engine/lab/sweep/search_space.h"
#include "engine/lab/sweep/sobol.h"
#include "engine/lab/sweep/sweep_setting.h"
#include "engine/support/json.h"
#include "tests/engine/lab/search_problems.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <map>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

class LabSearchTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void spaceIsRead() {
        const auto project = smallProject();
        const auto space = searchSpaceFrom("learning_rate=0.0001..0.1:log; batch=16..64:3\n"
                                           "optimizer=adam,sgd;layer.hidden.units=8,16,32",
                                           project);
        QCOMPARE(space.size(), std::size_t{4});
        QVERIFY(space[0].isLogarithmic && !space[0].isInteger && !space[0].isList());
        QVERIFY(space[1].isInteger && space[1].gridPoints == 3);
        QCOMPARE(space[2].values, (std::vector<std::string>{"adam", "sgd"}));
        QCOMPARE(textOf(space), std::string("learning_rate=0.0001..0.1:log; batch=16..64:3; "
                                            "optimizer=adam,sgd; layer.hidden.units=8,16,32"));
        const auto changed = projectAt(project, space, {"0.01", "40", "sgd", "32"});
        QCOMPARE(changed.training.learningRate(), 0.01); // not the default of the optimizer
        QCOMPARE(changed.training.batch(), std::int64_t{40});
        QCOMPARE(changed.training.optimizer.key, std::string("sgd"));
        QCOMPARE(
            std::get<std::int64_t>(changed.network.main.findByName("hidden")->params.at("units")),
            std::int64_t{32});
        QCOMPARE(sweepSettingText(changed, "layer.hidden.units"), std::string("32"));
    }

    void proposalsCanBeSearched() {
        auto project = smallProject();
        project.training.optimizer = {"sgd", {}};
        set(project, "learning_rate", 0.02);
        int proposed = 0;
        for (const auto& key : sweepSettingKeys(project)) {
            const auto text = proposedSearch(project, key);
            if (text.empty())
                continue;
            ++proposed;
            QCOMPARE(messageOf([&] { return searchSpaceFrom(text, project); }),
                     QStringLiteral("no error"));
        }
        QVERIFY2(proposed > 20, qPrintable(QString::number(proposed)));
        QCOMPARE(proposedSearch(project, "learning_rate"),
                 std::string("learning_rate=0.002..0.2:log"));
        QCOMPARE(proposedSearch(project, "layer.hidden.units"),
                 std::string("layer.hidden.units=4..64:log"));
        QCOMPARE(proposedSearch(project, "layer.dropout.rate"),
                 std::string("layer.dropout.rate=0..0.9"));
        QVERIFY(proposedSearch(project, "optimizer").starts_with("optimizer="));
        QVERIFY(messageOf([&] {
                    return proposedSearch(project, "magic");
                }).contains("no such setting"));
    }

    void wrongSpacesAreRefused_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("part");
        const auto row = [](const char* text, const char* part) {
            QTest::newRow(text) << QString(text) << QString(part);
        };
        row("", "needs a setting to vary");
        row("batch", "expected KEY=");
        row("speed=1,2", "there is no such setting; there are learning_rate");
        row("optimizer.magic=1,2", "optimizer.beta1");
        row("layer.magic.units=1,2", "there is no layer \"magic\"; there are image");
        row("layer.hidden.magic=1,2", "it has units");
        row("layer.hidden=1,2", "layer.NAME.PARAMETER");
        row("batch=a..4", "\"a\" is not a number");
        row("batch=8..4", "first end must be below");
        row("batch=1.5..4", "whole numbers");
        row("learning_rate=0..1:log", "must begin above 0");
        row("learning_rate=0.1..1:ln", "log or linear");
        row("learning_rate=0.1..5000", "at most 1000");
        row("optimizer=adam,magic", "magic");
        row("optimizer=adam..sgd", "adam..sgd");
        row("batch=16,,32", "a value is missing");
        row("batch=16,16", "twice");
        row("batch=16,32; batch=1..4", "searched twice");
        row("optimizer=adam,sgd; optimizer.beta1=0.8..0.9", "optimizer.beta1");
    }
    void wrongSpacesAreRefused() {
        QFETCH(QString, text);
        QFETCH(QString, part);
        const auto message =
            messageOf([&] { return searchSpaceFrom(text.toStdString(), smallProject()); });
        QVERIFY2(message.contains(part), qPrintable(message));
    }

    void unitsAndValuesCorrespond() {
        const auto rate = range("rate", 1e-4, 1e-2, true);
        QCOMPARE(std::stod(rate.at(0)), 1e-4);
        QCOMPARE(std::stod(rate.at(1)), 1e-2);
        QVERIFY(std::abs(std::stod(rate.at(0.5)) - 1e-3) < 1e-15);
        QVERIFY(std::abs(rate.unitOf("0.001") - 0.5) < 1e-12);
        auto whole = range("whole", 1, 4);
        whole.isInteger = true;
        std::map<std::string, int> counts; // each number has the same share
        for (int i = 0; i < 400; ++i)
            ++counts[whole.at((i + 0.5) / 400)];
        QCOMPARE(counts,
                 (std::map<std::string, int>{{"1", 100}, {"2", 100}, {"3", 100}, {"4", 100}}));
        for (const auto* text : {"1", "2", "3", "4"})
            QCOMPARE(whole.at(whole.unitOf(text)), std::string(text));
        QCOMPARE(rate.grid(3), (std::vector<std::string>{"0.0001", "0.001", "0.01"}));
        QCOMPARE(whole.grid(9).size(), std::size_t{4});
    }

    void gridTriesEachCombinationOnce() {
        Dimension list;
        list.key = "list";
        list.values = {"a", "b", "c"};
        const SearchSpace space = {list, range("x", 0, 1)};
        QCOMPARE(gridSize(space), std::int64_t{15});
        std::vector<SearchPoint> points;
        for (std::int64_t i = 0; gridPoint(space, i); ++i)
            points.push_back(*gridPoint(space, i));
        QCOMPARE(points.size(), std::size_t{15});
        QCOMPARE(points[1], (SearchPoint{"a", "0.25"}));
        std::ranges::sort(points);
        QVERIFY(std::ranges::adjacent_find(points) == points.end());
    }

    void sobolPointsAreScipys() {
        const auto golden = parseJson(readTextFile(std::filesystem::path(GRADWRIGHT_SOURCE_DIR) /
                                                   "tests/engine/lab/data/sobol_scipy.json"),
                                      "sobol_scipy.json");
        for (const auto& [index, point] : golden.at("points").items()) {
            const auto units = sobolPoint(std::stoull(index), 40);
            for (std::size_t d = 0; d < 40; ++d)
                QCOMPARE(units[d], point.at(d).get<double>() / (1 << 30));
        }
        // A shift keeps that each eighth of each axis has as many points.
        std::vector<std::uint32_t> shift;
        for (std::uint32_t d = 0; d < 40; ++d)
            shift.push_back(0x9E3779B9u * (d + 1));
        for (std::size_t d = 0; d < 40; ++d) {
            int counts[8] = {};
            for (std::uint64_t i = 0; i < 64; ++i)
                ++counts[static_cast<int>(sobolPoint(i, 40, shift)[d] * 8)];
            for (const int count : counts)
                QCOMPARE(count, 8);
        }
        QVERIFY(messageOf([] { return sobolPoint(0, 41); }).contains("40 dimensions"));
    }

    void searchesRepeat() {
        const auto problem = searchProblems().back();
        QCOMPARE(bestFound(problem, true, 3, 30), bestFound(problem, true, 3, 30));
        QVERIFY(randomPoint(problem.space, 1, 0) != randomPoint(problem.space, 2, 0));
        QVERIFY(sobolSearchPoint(problem.space, 1, 0) != sobolSearchPoint(problem.space, 2, 0));
    }

    void tpeBeatsRandomSearch_data() {
        QTest::addColumn<int>("problem");
        for (int i = 0; i < 3; ++i)
            QTest::newRow(searchProblems()[static_cast<std::size_t>(i)].name.c_str()) << i;
    }
    void tpeBeatsRandomSearch() {
        QFETCH(int, problem);
        const auto tried = searchProblems()[static_cast<std::size_t>(problem)];
        double tpe = 0;
        double random = 0;
        int better = 0;
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const double a = bestFound(tried, true, seed, 60);
            const double b = bestFound(tried, false, seed, 60);
            tpe += a / 20;
            random += b / 20;
            better += a < b ? 1 : 0;
        }
        qInfo("%s: TPE %.4f, random %.4f on average, TPE better with %d of 20 seeds",
              tried.name.c_str(), tpe, random, better);
        QVERIFY(tpe < random);
        QVERIFY(better >= 14); // by chance alone in 6 of 100 such tests
    }

    void tpeTakesFailuresAsTheWorst() {
        auto problem = searchProblems().front();
        std::vector<SearchResult> done;
        int failed = 0;
        for (int i = 0; i < 60; ++i) {
            auto point = tpePoint(problem.space, 1, done);
            const bool fails = std::stod(point[0]) > 0; // half of the space cannot be trained
            failed += fails && i >= 20 ? 1 : 0;
            const double value = fails ? std::nan("") : problem.value(point);
            done.push_back({std::move(point), value});
        }
        QVERIFY2(failed < 12, qPrintable(QString::number(failed)));
    }

    void ashaClimbsAsInThePaper() {
        // Nine configurations of which the larger number is worse; reduction 3, epochs 1, 3, 9.
        const AshaRungs rungs{1, 9, 3};
        QCOMPARE(rungs.epochs(), (std::vector<std::int64_t>{1, 3, 9}));
        QCOMPARE((AshaRungs{2, 10, 2}.epochs()), (std::vector<std::int64_t>{2, 4, 8, 10}));
        std::vector<AshaResult> done;
        std::vector<std::pair<std::int64_t, std::size_t>> jobs;
        while (const auto job = nextAshaJob(rungs, done, 9, HalvingOrder::Asynchronous)) {
            jobs.emplace_back(job->configuration, job->rung);
            done.push_back(
                {job->configuration, job->rung, static_cast<double>(job->configuration)});
        }
        // After each third result of the first rung its best one that has not gone on does.
        const std::vector<std::pair<std::int64_t, std::size_t>> expected = {
            {0, 0}, {1, 0}, {2, 0}, {0, 1}, {3, 0}, {4, 0}, {5, 0},
            {1, 1}, {6, 0}, {7, 0}, {8, 0}, {2, 1}, {0, 2}};
        QCOMPARE(jobs, expected);
    }

    /// Each rung as a whole: one of three goes on, one at least, and no more.
    void halvingByRungsPromotesTheBestAlone() {
        const AshaRungs rungs{1, 9, 3};
        const double values[] = {5, 3, 8, 1, 7, 2, 6, 4}; // of the first rung
        std::vector<AshaResult> done;
        std::vector<std::pair<std::int64_t, std::size_t>> jobs;
        while (const auto job = nextAshaJob(rungs, done, 8, HalvingOrder::Rungs)) {
            jobs.emplace_back(job->configuration, job->rung);
            // In the second rung the order turns round.
            const double value = values[job->configuration] * (job->rung == 0 ? 1 : -1);
            done.push_back({job->configuration, job->rung, value});
        }
        const std::vector<std::pair<std::int64_t, std::size_t>> expected = {
            {0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {3, 1}, {5, 1}, {5, 2}};
        QCOMPARE(jobs, expected);
    }

    /// What runs is counted as begun and as promoted, and tells nothing of its value.
    void ashaLooksAtWhatRuns() {
        const AshaRungs rungs{1, 9, 3};
        const std::vector<AshaResult> done = {{0, 0, 3.0}, {1, 0, 1.0}, {2, 0, 2.0}};
        using Jobs = std::vector<AshaJob>;
        const auto next = [&](HalvingOrder order, const Jobs& running) {
            return nextAshaJob(rungs, done, 5, order, running);
        };
        using enum HalvingOrder;
        QCOMPARE(*next(Asynchronous, {}), (AshaJob{1, 1}));
        QCOMPARE(*next(Asynchronous, Jobs{{1, 1}}), (AshaJob{3, 0}));
        QCOMPARE(*next(Asynchronous, Jobs{{1, 1}, {3, 0}}), (AshaJob{4, 0}));
        QVERIFY(!next(Asynchronous, Jobs{{1, 1}, {3, 0}, {4, 0}}));
        QCOMPARE(*next(Rungs, Jobs{{3, 0}}), (AshaJob{4, 0}));
        QVERIFY(!next(Rungs, Jobs{{3, 0}, {4, 0}})); // the rung is not complete
        // Both of a rung of six go on at a time; the next rung is waited for.
        std::vector<AshaResult> six = done;
        for (std::int64_t i = 3; i < 6; ++i)
            six.push_back({i, 0, static_cast<double>(10 + i)});
        QCOMPARE(*nextAshaJob(rungs, six, 6, Rungs, Jobs{{1, 1}}), (AshaJob{2, 1}));
        QVERIFY(!nextAshaJob(rungs, six, 6, Rungs, Jobs{{1, 1}, {2, 1}}));
        six.push_back({1, 1, 0.5});
        QVERIFY(!nextAshaJob(rungs, six, 6, Rungs, Jobs{{2, 1}}));
        six.push_back({2, 1, 0.4});
        QCOMPARE(*nextAshaJob(rungs, six, 6, Rungs), (AshaJob{2, 2}));
    }

    /// With four at a time, each chosen beside three that run.
    void tpeBeatsRandomSearchBesideOthers_data() { tpeBeatsRandomSearch_data(); }
    void tpeBeatsRandomSearchBesideOthers() {
        QFETCH(int, problem);
        const auto tried = searchProblems()[static_cast<std::size_t>(problem)];
        double tpe = 0;
        double random = 0;
        int better = 0;
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const double a = bestFoundBeside(tried, seed, 60, 4);
            const double b = bestFound(tried, false, seed, 60);
            tpe += a / 20;
            random += b / 20;
            better += a < b ? 1 : 0;
        }
        qInfo("%s: TPE %.4f, random %.4f on average, TPE better with %d of 20 seeds",
              tried.name.c_str(), tpe, random, better);
        QVERIFY(tpe < random);
        QVERIFY(better >= 14);
    }

    /// What runs counts as bad, so what begins beside it lies elsewhere, however good it looked.
    void tpeLeavesRunningPointsAlone() {
        const auto problem = searchProblems().back();
        const auto apart = [&](const SearchPoint& a, const SearchPoint& b) {
            double sum = 0;
            for (std::size_t d = 0; d < problem.space.size(); ++d)
                sum += std::abs(problem.space[d].unitOf(a[d]) - problem.space[d].unitOf(b[d]));
            return sum;
        };
        double withLies = 0;
        double without = 0;
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            std::vector<SearchResult> done;
            for (int i = 0; i < 30; ++i) {
                auto point = tpePoint(problem.space, seed, done);
                const double value = problem.value(point);
                done.push_back({std::move(point), value});
            }
            const auto best = std::ranges::min_element(done, {}, &SearchResult::value)->point;
            const std::vector<SearchPoint> many(8, best); // all of them run there
            withLies += apart(tpePoint(problem.space, seed, done, many), best);
            // The same draws, of another end of the space.
            const SearchPoint far{"0.00001", "8", "a", "0"};
            without +=
                apart(tpePoint(problem.space, seed, done, std::vector<SearchPoint>(8, far)), best);
        }
        qInfo("%.3f apart from what runs, %.3f where nothing ran there", withLies / 40,
              without / 40);
        QVERIFY(withLies > 1.2 * without);
    }

    void finiteSpacesAreDrawnWithoutRepeats() {
        Dimension list;
        list.key = "list";
        list.values = {"a", "b", "c", "d", "e"};
        auto other = list;
        other.key = "other";
        const SearchSpace space = {list, other};
        QVERIFY(isFinite(space) && !isFinite({list, range("x", 0, 1)}));
        std::map<SearchPoint, int> firsts;
        for (std::uint64_t seed = 1; seed <= 500; ++seed) {
            std::set<SearchPoint> points;
            for (std::int64_t i = 0; i < 25; ++i)
                points.insert(randomPoint(space, seed, i));
            QCOMPARE(points.size(), std::size_t{25});
            ++firsts[randomPoint(space, seed, 7)];
        }
        QCOMPARE(firsts.size(), std::size_t{25}); // any of them may come at any place
        for (const auto& [point, count] : firsts)
            QVERIFY2(count < 50, qPrintable(QString::number(count))); // 20 on average
    }

    void ashaLeavesFailuresBehind() {
        const AshaRungs rungs{1, 3, 3};
        std::vector<AshaResult> done = {{0, 0, std::nan("")}, {1, 0, HUGE_VAL}, {2, 0, HUGE_VAL}};
        for (const auto order : {HalvingOrder::Rungs, HalvingOrder::Asynchronous}) {
            done[2].value = HUGE_VAL;
            QVERIFY(!nextAshaJob(rungs, done, 3, order));
            done[2].value = 5;
            QCOMPARE(*nextAshaJob(rungs, done, 3, order), (AshaJob{2, 1}));
        }
        // Later results of the first rung may still take a place there.
        done.push_back({2, 1, 4});
        for (std::int64_t i = 3; i < 6; ++i)
            done.push_back({i, 0, static_cast<double>(10 - i)});
        QCOMPARE(*nextAshaJob(rungs, done, 6, HalvingOrder::Asynchronous), (AshaJob{5, 1}));
    }

    void importanceIsKruskalsAndFindsWhatMatters() {
        // Expected by scipy.stats.kruskal (1.17.1), H into (H - k + 1) / (n - k).
        const auto near = [](double a, double b) { return std::abs(a - b) < 1e-12; };
        QVERIFY(near(kruskalEpsilonSquared({{2.0, -2.6, 0.4, -0.6, -0.5},
                                            {0.6, -1.2, 0.6, -0.1, 4.1, 1.0},
                                            {1.2, 1.3, 0.9, 0.5, 1.2, 2.1, 1.4}}),
                     0.17127755617931406));
        QVERIFY(near(kruskalEpsilonSquared({{1.0, -0.2, 0.0, 1.5}, {0.5, -0.5, -0.2, 0.5}}),
                     0.007621951219511998));
        QVERIFY(near(kruskalEpsilonSquared({{1.9, -0.3, -0.2},
                                            {2.5, 0.6, 1.2, 2.4, 2.1, 1.6, 2.2, -1.3},
                                            {4.0, 2.0, 1.3, 3.3, 3.7},
                                            {4.1, 3.4, 4.5, 4.4}}),
                     0.5486755952380946));
        QCOMPARE(kruskalEpsilonSquared({{1, 1, 1}, {1, 1, 1}}), 0.0);
        QCOMPARE(kruskalEpsilonSquared({{1}, {2}}), 0.0);

        const auto problem = searchProblems().back();
        std::vector<SearchResult> results;
        for (int i = 0; i < 200; ++i) {
            auto point = randomPoint(problem.space, 7, i);
            const double value = problem.value(point);
            results.push_back({std::move(point), value});
        }
        const auto importance = importanceOf(problem.space, results);
        QVERIFY(importance[0] > 0.5);           // the rate
        QVERIFY(importance[0] > importance[1]); // the size
        QVERIFY(importance[3] < 0.05);          // nothing
    }
};

QTEST_APPLESS_MAIN(LabSearchTest)
#include "tst_lab_search.moc"
