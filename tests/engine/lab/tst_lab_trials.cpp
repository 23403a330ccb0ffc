// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "engine/lab/run_experiment.h"
#include "engine/lab/sweep/asha.h"
#include "engine/support/json.h"
#include "tests/engine/lab/search_problems.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"

#include <QTest>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// A trial's value is that of a function, whenever it ends.
class StandIn : public Procedure {
public:
    /// On the thread of a trial; false gives it up.
    std::function<bool(std::int64_t number, const TrialContext& context)> during;

    [[nodiscard]] Plan plan() const override {
        Plan plan;
        plan.trials = trials_;
        plan.cost = static_cast<double>(trials_);
        return plan;
    }
    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        return nextBeside(done, {});
    }
    std::optional<Json> run(const Trial& trial, const TrialResults& /*done*/,
                            const TrialContext& context) override {
        {
            const std::lock_guard lock(mutex_);
            ++runs_[trial.number];
        }
        if (during && !during(trial.number, context))
            return {};
        return Json{{"value", valueOf(trial)}};
    }
    [[nodiscard]] Report report(const TrialResults& /*done*/) const override { return {}; }

    /// How often each was run.
    [[nodiscard]] const std::map<std::int64_t, int>& runs() const { return runs_; }

protected:
    explicit StandIn(std::int64_t trials)
        : trials_(trials) {}

    [[nodiscard]] virtual double valueOf(const Trial& trial) const = 0;
    static double valueIn(const TrialResult& result) {
        return result.values.at("value").get<double>();
    }

    std::int64_t trials_;

private:
    std::mutex mutex_;
    std::map<std::int64_t, int> runs_;
};

/// Points of a function, by TPE or drawn.
class Points final : public StandIn {
public:
    explicit Points(std::int64_t trials, TrialsAtATime atATime = TrialsAtATime::Chosen)
        : StandIn(trials)
        , atATime_(atATime) {}

    [[nodiscard]] TrialsAtATime trialsAtATime() const override { return atATime_; }
    [[nodiscard]] std::optional<Trial>
    nextBeside(const TrialResults& ended, const std::vector<Trial>& running) const override {
        const auto number = std::ssize(ended) + std::ssize(running);
        if (number >= trials_)
            return {};
        if (atATime_ == TrialsAtATime::Independent)
            return Trial{number, "drawn", {{"point", randomPoint(problem_.space, 3, number)}}};
        std::vector<SearchResult> results;
        for (const auto& result : ended)
            results.push_back({pointOf(result.trial), valueIn(result)});
        std::vector<SearchPoint> points;
        for (const auto& trial : running)
            points.push_back(pointOf(trial));
        return Trial{number, "chosen", {{"point", tpePoint(problem_.space, 3, results, points)}}};
    }

private:
    static SearchPoint pointOf(const Trial& trial) {
        return trial.settings.at("point").get<SearchPoint>();
    }
    [[nodiscard]] double valueOf(const Trial& trial) const override {
        return problem_.value(pointOf(trial));
    }

    TrialsAtATime atATime_;
    SearchProblem problem_ = searchProblems().back();
};

/// Configurations whose value is a mixture of their numbers, which the rung changes a little.
class Rungs final : public StandIn {
public:
    Rungs(std::int64_t configurations, HalvingOrder order)
        : StandIn(configurations)
        , order_(order) {}

    [[nodiscard]] TrialsAtATime trialsAtATime() const override { return TrialsAtATime::Chosen; }
    [[nodiscard]] std::optional<Trial>
    nextBeside(const TrialResults& ended, const std::vector<Trial>& running) const override {
        std::vector<AshaResult> results;
        for (const auto& result : ended)
            results.push_back(
                {jobOf(result.trial).configuration, jobOf(result.trial).rung, valueIn(result)});
        std::vector<AshaJob> jobs;
        for (const auto& trial : running)
            jobs.push_back(jobOf(trial));
        const auto job = nextAshaJob({1, 9, 3}, results, trials_, order_, jobs);
        if (!job)
            return {};
        return Trial{std::ssize(ended) + std::ssize(running),
                     "rung",
                     {{"configuration", job->configuration}, {"rung", job->rung}}};
    }
    static AshaJob jobOf(const Trial& trial) {
        return {trial.settings.at("configuration").get<std::int64_t>(),
                trial.settings.at("rung").get<std::size_t>()};
    }

private:
    [[nodiscard]] double valueOf(const Trial& trial) const override {
        const auto [configuration, rung] = jobOf(trial);
        return static_cast<double>((configuration * 7919 + 13 * static_cast<int>(rung)) % 101);
    }

    HalvingOrder order_;
};

/// All that trials say but for how long they took.
std::string resultsIn(const ExperimentDirectory& directory) {
    Json all = Json::array();
    for (const auto& result : directory.results())
        all.push_back({{"trial", result.trial.number},
                       {"settings", result.trial.settings},
                       {"values", result.values}});
    return all.dump();
}

std::string begunIn(const ExperimentDirectory& directory) {
    Json all = Json::array();
    for (const auto& begun : directory.begun())
        all.push_back(toJson(begun));
    return all.dump();
}

/// Ends trials in another order whenever it is made with another seed: each lets others go first
/// for so many turns.
std::function<bool(std::int64_t, const TrialContext&)> shuffling(std::uint64_t seed) {
    return [rng = Rng(seed, kSearchStream)](std::int64_t number, const TrialContext&) {
        const auto turns = rng.below(static_cast<std::uint64_t>(number), 400);
        for (std::uint64_t i = 0; i < turns; ++i)
            std::this_thread::yield();
        return true;
    };
}

/// So many trials have to have begun before the first of them goes on.
class Gate {
public:
    explicit Gate(int wanted)
        : wanted_(wanted) {}
    void pass() {
        std::unique_lock lock(mutex_);
        ++come_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return come_ >= wanted_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int wanted_;
    int come_ = 0;
};

} // namespace

/// Trials that run at a time and depend on what has ended, with functions in place of trainings.
class LabTrialsTest : public QObject {
    Q_OBJECT

    ExperimentDirectory begin(const Experiment& experiment) const {
        return ExperimentDirectory::create(home_ / "trials", experiment, {});
    }
    static Experiment question() { return {"seeds", smallProject(100, 0.2), {}, "Stand-in"}; }

    static std::unique_ptr<StandIn> standIn(const std::string& method) {
        if (method == "tpe")
            return std::make_unique<Points>(24);
        if (method == "drawn")
            return std::make_unique<Points>(24, TrialsAtATime::Independent);
        return std::make_unique<Rungs>(18, method == "asha" ? HalvingOrder::Asynchronous
                                                            : HalvingOrder::Rungs);
    }
    static void methods(std::initializer_list<const char*> names) {
        QTest::addColumn<QString>("method");
        for (const auto* const name : names)
            QTest::newRow(name) << QString(name);
    }

private Q_SLOTS:
    /// What runs when a trial is chosen depends on when others end; what follows from it does not.
    void choicesRepeatInWhateverOrderTrialsEnd_data() { methods({"tpe", "asha"}); }
    void choicesRepeatInWhateverOrderTrialsEnd() {
        QFETCH(QString, method);
        std::set<std::string> orders;
        for (std::uint64_t seed = 1; seed <= 2; ++seed) {
            auto experiment = question();
            const auto directory = begin(experiment);
            auto trials = standIn(method.toStdString());
            Gate gate(3);
            trials->during = [&, shuffle = shuffling(seed)](std::int64_t number, const auto& at) {
                if (number < 3)
                    gate.pass();
                return shuffle(number, at);
            };
            QVERIFY(runTrials(*trials, directory, experiment, {}, {}, 3));
            const auto begun = directory.begun();
            QCOMPARE(begun.size(), directory.results().size());
            QCOMPARE(begun[2].running, (std::vector<std::int64_t>{0, 1}));
            orders.insert(begunIn(directory));

            experiment.beside = directory.beside();
            const int jobs = seed == 1 ? 1 : 3;
            const auto again = begin(experiment);
            QCOMPARE(again.read().beside, experiment.beside);
            auto repeated = standIn(method.toStdString());
            repeated->during = shuffling(seed + 100 * static_cast<std::uint64_t>(jobs));
            QVERIFY(runTrials(*repeated, again, again.read(), {}, {}, jobs));
            QCOMPARE(resultsIn(again), resultsIn(directory));
            QCOMPARE(begunIn(again), begunIn(directory));
        }
        qInfo("%zu orders", orders.size());
    }

    /// Each choice is the method's, for the trials that are written down as running.
    void choicesAreWhatTheRecordSays() {
        const auto problem = searchProblems().back();
        const auto directory = begin(question());
        Points trials(24);
        Gate gate(4);
        trials.during = [&](std::int64_t number, const auto& at) {
            if (number < 4)
                gate.pass();
            return shuffling(9)(number, at);
        };
        QVERIFY(runTrials(trials, directory, question(), {}, {}, 4));
        const auto results = directory.results();
        int withOthers = 0;
        for (const auto& begun : directory.begun()) {
            std::vector<SearchResult> ended;
            std::vector<SearchPoint> running;
            for (std::int64_t other = 0; other < begun.trial.number; ++other) {
                const auto& result = results[static_cast<std::size_t>(other)];
                const auto point = result.trial.settings.at("point").get<SearchPoint>();
                if (std::ranges::count(begun.running, other) > 0)
                    running.push_back(point);
                else
                    ended.push_back({point, result.values.at("value").get<double>()});
            }
            withOthers += running.empty() ? 0 : 1;
            QCOMPARE(begun.trial.settings.at("point").get<SearchPoint>(),
                     tpePoint(problem.space, 3, ended, running));
        }
        QVERIFY(withOthers >= 3);
    }

    /// Promotions stand in the file in the order in which they were made, each by what had ended.
    void promotionsAreInOrder() {
        const auto directory = begin(question());
        Rungs trials(27, HalvingOrder::Asynchronous);
        Gate gate(3);
        trials.during = [&](std::int64_t number, const auto& at) {
            if (number < 3)
                gate.pass();
            return shuffling(5)(number, at);
        };
        QVERIFY(runTrials(trials, directory, question(), {}, {}, 3));
        std::vector<AshaResult> all;
        for (const auto& result : directory.results()) {
            const auto job = Rungs::jobOf(result.trial);
            all.push_back({job.configuration, job.rung, result.values.at("value").get<double>()});
        }
        int promoted = 0;
        for (const auto& begun : directory.begun()) {
            const auto job = Rungs::jobOf(begun.trial);
            if (job.rung == 0)
                continue;
            ++promoted;
            // Among the best third of those of its rung that had ended by then, it included.
            std::vector<double> here;
            double own = HUGE_VAL;
            for (std::int64_t other = 0; other < begun.trial.number; ++other) {
                const auto& result = all[static_cast<std::size_t>(other)];
                if (result.rung + 1 != job.rung || std::ranges::count(begun.running, other) > 0)
                    continue;
                here.push_back(result.value);
                if (result.configuration == job.configuration)
                    own = result.value;
            }
            QVERIFY(own < HUGE_VAL);
            const auto better =
                std::ranges::count_if(here, [&](double value) { return value < own; });
            QVERIFY(better < std::ssize(here) / 3);
        }
        QVERIFY(promoted >= 27 / 3);
    }

    /// By rungs nobody goes on before the rung is complete, so however many run at a time, the
    /// trials are those of one at a time.
    void rungsAreWaitedFor() {
        const auto alone = begin(question());
        Rungs one(27, HalvingOrder::Rungs);
        QVERIFY(runTrials(one, alone, question(), {}, {}, 1));
        QVERIFY(!fs::exists(alone.begunFile())); // nothing was chosen beside others
        QCOMPARE(alone.results().size(), std::size_t{27 + 9 + 3});
        for (const int jobs : {2, 4}) {
            const auto together = begin(question());
            Rungs several(27, HalvingOrder::Rungs);
            several.during = shuffling(static_cast<std::uint64_t>(jobs));
            QVERIFY(runTrials(several, together, question(), {}, {}, jobs));
            QCOMPARE(resultsIn(together), resultsIn(alone));
        }
    }

    void oneAtATimeDependsOnResultsAlone() {
        const auto directory = begin(question());
        Points trials(16);
        QVERIFY(runTrials(trials, directory, question(), {}, {}, 1));
        QVERIFY(!fs::exists(directory.begunFile()) && !fs::exists(directory.earlyFile()));
        const auto problem = searchProblems().back();
        std::vector<SearchResult> done;
        for (const auto& result : directory.results()) {
            const auto point = result.trial.settings.at("point").get<SearchPoint>();
            QCOMPARE(point, tpePoint(problem.space, 3, done));
            done.push_back({point, result.values.at("value").get<double>()});
        }
        QCOMPARE(done.size(), std::size_t{16});
    }

    /// Trials that have ended before the first one are not done again, and those that ran are done
    /// with the settings that they were begun with.
    void nothingThatHasEndedIsLost_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<bool>("hasFirst");
        for (const auto* const method : {"tpe", "asha", "drawn"})
            for (const bool hasFirst : {false, true})
                QTest::addRow("%s%s", method, hasFirst ? ", the first one stored" : "")
                    << QString(method) << hasFirst;
    }
    void nothingThatHasEndedIsLost() {
        QFETCH(QString, method);
        QFETCH(bool, hasFirst);
        const auto experiment = question();
        const auto directory = begin(experiment);
        auto trials = standIn(method.toStdString());
        std::stop_source stop;
        constexpr std::int64_t kLast = 13;
        trials->during = [&](std::int64_t number, const TrialContext& context) {
            if (number == kLast)
                stop.request_stop();
            if (number > 0 && number < kLast)
                return true;
            // The first one is as slow as can be.
            std::mutex mutex;
            std::condition_variable_any changed;
            std::unique_lock lock(mutex);
            changed.wait(lock, context.stop, [] { return false; });
            return false;
        };
        QVERIFY(!runTrials(*trials, directory, experiment, {}, stop.get_token(), 2));
        QVERIFY(directory.results().empty());
        QCOMPARE(directory.state(), ExperimentState::Stopped);
        const auto early = directory.earlyResults();
        QCOMPARE(early.size(), std::size_t{kLast - 1});
        for (std::size_t i = 0; i < early.size(); ++i)
            QCOMPARE(early[i].trial.number, static_cast<std::int64_t>(i + 1));
        const auto begun = directory.begun();
        QCOMPARE(begun.size(), method == "drawn" ? std::size_t{0} : std::size_t{kLast + 1});
        { // as a kill leaves them
            std::ofstream(directory.earlyFile(), std::ios::app) << "{\"trial\":13,\"title\":\"ch";
            std::ofstream(directory.begunFile(), std::ios::app) << "{\"tri";
        }

        if (hasFirst) { // killed when the line of the first one was written, and not those behind
                        // it
            auto first = standIn(method.toStdString());
            const auto trial = *first->next({});
            const TrialResult result{
                .trial = trial, .values = *first->run(trial, {}, {}), .error = {}, .seconds = 1};
            writeFileAtomically(directory.trialsFile(), toJson(result).dump() + "\n");
        }

        auto rest = standIn(method.toStdString());
        std::vector<std::int64_t> told;
        const ExperimentSink sink{
            {}, [&](const TrialResult& result) { told.push_back(result.trial.number); }};
        QVERIFY(runTrials(*rest, directory, experiment, sink, {}, 3));
        const auto results = directory.results();
        for (std::int64_t number = 0; number < std::ssize(results); ++number) {
            const bool hadEnded = number == 0 ? hasFirst : number < kLast;
            QCOMPARE(rest->runs().contains(number), !hadEnded);
            QVERIFY(hadEnded || rest->runs().at(number) == 1);
        }
        for (std::size_t i = 0; i < told.size(); ++i)
            QCOMPARE(told[i], static_cast<std::int64_t>(i + (hasFirst ? 1 : 0)));
        QCOMPARE(told.size(), results.size() - (hasFirst ? 1 : 0));
        for (const auto& each : begun)
            QVERIFY(results[static_cast<std::size_t>(each.trial.number)].trial.settings ==
                    each.trial.settings);
        QVERIFY(!fs::exists(directory.earlyFile()));
        // The whole of it repeats.
        auto again = question();
        again.beside = directory.beside();
        const auto repeated = begin(again);
        QVERIFY(runTrials(*standIn(method.toStdString()), repeated, again, {}, {}, 2));
        QCOMPARE(resultsIn(repeated), resultsIn(directory));
    }

    void damagedRecordsAreNamed() {
        const auto directory = begin(question());
        const auto message = [&](const char* text) {
            writeFileAtomically(directory.begunFile(), std::string_view(text));
            return messageOf([&] { return directory.begun(); });
        };
        const QString line = "{\"trial\":%1,\"title\":\"a\",\"settings\":{},\"cost\":1,"
                             "\"running\":%2}\n";
        const auto with = [&](const char* trial, const char* running) {
            return message(line.arg(trial, running).toUtf8().constData());
        };
        QVERIFY(message("3\n").contains("begun.jsonl:1"));
        QVERIFY(with("1.5", "[]").contains("whole number"));
        QVERIFY(with("2", "[2]").contains("earlier trials, not [2]"));
        QVERIFY(with("2", "3").contains("earlier trials, not 3"));
        QVERIFY(message((line.arg("2", "[]") + line.arg("2", "[]")).toUtf8().constData())
                    .contains("begun.jsonl:2"));
        QCOMPARE(with("2", "[0,1]"), QStringLiteral("no error"));
        QCOMPARE(directory.beside(), (std::vector<std::vector<std::int64_t>>{{}, {}, {0, 1}}));
        writeFileAtomically(directory.earlyFile(), std::string_view("{\"trial\":0}\n"));
        QVERIFY(messageOf([&] { return directory.earlyResults(); }).contains("early.jsonl:1"));
    }

private:
    SmallMnistHome home_{100, 20};
};

QTEST_GUILESS_MAIN(LabTrialsTest)
#include "tst_lab_trials.moc"
