// SPDX-License-Identifier: GPL-3.0-or-later
// Expected values: scikit-learn's, by make_goldens.py.
#include "engine/classical/baseline.h"
#include "engine/classical/work_apart.h"
#include "engine/metrics/quality.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/rng.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <Eigen/Dense>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <future>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::uint32_t kFolds = 10;

struct GoldenTable {
    Samples samples;
    std::vector<std::uint32_t> folds;
    Json methods;
};

const Json& goldens() {
    static const Json all = [] {
        std::ifstream file(GRADWRIGHT_SOURCE_DIR "/tests/engine/classical/data/goldens.json");
        return Json::parse(file);
    }();
    return all;
}

GoldenTable goldenTable(const std::string& name) {
    const auto& json = goldens().at(name);
    GoldenTable table;
    table.samples.classes = json["classes"].get<std::size_t>();
    table.samples.inputs = json["inputs"].get<std::vector<float>>();
    if (table.samples.classes > 0) {
        table.samples.labels = json["targets"].get<std::vector<std::int32_t>>();
    } else {
        table.samples.targets = json["targets"].get<std::vector<float>>();
        table.samples.width = 1;
    }
    table.folds = json["folds"].get<std::vector<std::uint32_t>>();
    table.samples.features = table.samples.inputs.size() / table.folds.size();
    table.methods = json["methods"];
    return table;
}

/// The samples of a fold, or those outside of it.
Samples part(const GoldenTable& table, std::uint32_t fold, bool inside) {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t n = 0; n < table.folds.size(); ++n)
        if ((table.folds[n] == fold) == inside)
            rows.push_back(n);
    return table.samples.picked(rows);
}

/// Each sample as said by a model that learned the other folds, all folds together: accuracy or R².
double crossValidated(const GoldenTable& table, const MethodDef& method, const ParamValues& params,
                      std::uint64_t seed) {
    Outcomes all;
    for (std::uint32_t fold = 0; fold < kFolds; ++fold) {
        const auto made = measureBaseline(method, params, part(table, fold, false),
                                          part(table, fold, true), seed, {});
        all.elements = made->outcomes.elements;
        std::ranges::copy(made->outcomes.outputs, std::back_inserter(all.outputs));
        std::ranges::copy(made->outcomes.labels, std::back_inserter(all.labels));
        std::ranges::copy(made->outcomes.targets, std::back_inserter(all.targets));
    }
    return *qualityMetric(all.kind()).value(all);
}

/// Two clouds of points, far apart.
Samples clouds(std::size_t count) {
    Samples made;
    made.features = 2;
    made.classes = 2;
    const Rng rng(1, RngStream::Test);
    for (std::size_t n = 0; n < count; ++n) {
        const auto label = static_cast<std::int32_t>(n % 2);
        for (std::size_t i = 0; i < 2; ++i)
            made.inputs.push_back(static_cast<float>(4 * label + rng.normal(2 * n + i)));
        made.labels.push_back(label);
    }
    return made;
}

} // namespace

class BaselinesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void scoresAreThoseOfScikitLearn_data() {
        QTest::addColumn<QString>("table");
        QTest::addColumn<QString>("method");
        for (const auto& [name, table] : goldens().items())
            for (const auto& [key, expected] : table["methods"].items())
                QTest::addRow("%s, %s", name.c_str(), key.c_str())
                    << QString::fromStdString(name) << QString::fromStdString(key);
    }
    /// Within half a percentage point, or a sample where that is more. Methods that draw numbers
    /// are compared by the mean over seeds, as the goldens are.
    void scoresAreThoseOfScikitLearn() {
        QFETCH(const QString, table);
        QFETCH(const QString, method);
        const auto golden = goldenTable(table.toStdString());
        const auto& def = classicalMethod(method.toStdString());
        ParamValues params;
        if (golden.samples.classes == 0 && (def.key == "tree"))
            params["depth"] = std::int64_t{3};
        const int seeds = def.key == "tree"       ? 20
                          : def.key == "boosting" ? 5
                          : def.key == "forest"   ? 3
                                                  : 1;
        double mean = 0;
        for (int seed = 0; seed < seeds; ++seed)
            mean += crossValidated(golden, def, params, static_cast<std::uint64_t>(seed)) / seeds;
        const auto expected = golden.methods[def.key]["score"].get<double>();
        qInfo("%.2f, scikit-learn %.2f", 100 * mean, 100 * expected);
        const auto sample = 1.0 / static_cast<double>(golden.samples.count());
        QVERIFY2(std::abs(mean - expected) <= std::max(0.005, sample),
                 qPrintable(QStringLiteral("%1 instead of %2").arg(mean).arg(expected)));
    }

    void ownMethodsAreExact() {
        int compared = 0;
        for (const auto& [name, json] : goldens().items()) {
            const auto golden = goldenTable(name);
            for (const auto& [key, expected] : json["methods"].items()) {
                if (!expected.contains("first_fold"))
                    continue;
                const auto values = expected["first_fold"].get<std::vector<double>>();
                const auto model =
                    fitMethod(classicalMethod(key), part(golden, 0, false), {}, 1, {});
                const auto said = answersOf(*model, part(golden, 0, true), {});
                QCOMPARE(said.size(), values.size());
                for (std::size_t i = 0; i < said.size(); ++i)
                    QVERIFY2(std::abs(said[i] - values[i]) <= 1e-9,
                             qPrintable(
                                 QStringLiteral("%1, %2: %3 instead of %4")
                                     .arg(QString::fromStdString(name), QString::fromStdString(key))
                                     .arg(said[i], 0, 'g', 17)
                                     .arg(values[i], 0, 'g', 17)));
                ++compared;
            }
        }
        QCOMPARE(compared, 3 * 2 + 3);
    }

    /// Of columns that repeat each other the coefficients with the smallest norm are shared out.
    void linearRegressionTakesDependentColumns() {
        Samples samples;
        samples.features = 2;
        samples.width = 1;
        for (int n = 0; n < 5; ++n) {
            const auto x = static_cast<float>(n);
            samples.inputs.insert(samples.inputs.end(), {x, x});
            samples.targets.push_back(3 * x + 1);
        }
        const auto model = fitMethod(classicalMethod("linear"), samples, {}, 1, {});
        const std::vector<float> row{10, 0};
        double said = 0;
        model->answer(row, std::span(&said, 1));
        QVERIFY(std::abs(said - (1.5 * 10 + 1)) < 1e-9);
    }

    void probabilitiesSumToOne() {
        const auto golden = goldenTable("wine");
        for (const auto& def : classicalMethods()) {
            if (!def.forClasses)
                continue;
            const auto model = fitMethod(def, part(golden, 0, false), {}, 1, {});
            const auto said = answersOf(*model, part(golden, 0, true), {});
            for (std::size_t n = 0; n < said.size(); n += 3) {
                QVERIFY(std::abs(said[n] + said[n + 1] + said[n + 2] - 1) < 1e-9);
                const bool isVote =
                    std::ranges::count(said.begin() + static_cast<std::ptrdiff_t>(n),
                                       said.begin() + static_cast<std::ptrdiff_t>(n) + 3, 1.0) == 1;
                QVERIFY(def.givesProbabilities || isVote);
            }
        }
    }

    /// A class of the data set that no training sample has is never the answer.
    void aClassWithoutSamplesIsTaken() {
        auto samples = clouds(40);
        samples.classes = 4;
        for (auto& label : samples.labels)
            label = 2 * label + 1;
        for (const auto& def : classicalMethods()) {
            if (!def.forClasses)
                continue;
            const auto made = measureBaseline(def, {}, samples, samples, 1, {});
            QVERIFY2(*metric("accuracy").value(made->outcomes) > 0.95, def.key.c_str());
            QVERIFY(std::ranges::all_of(made->outcomes.outputs,
                                        [](float value) { return std::isfinite(value); }));
        }
        std::ranges::fill(samples.labels, 3);
        for (const auto& def : classicalMethods())
            if (def.forClasses) {
                const auto made = measureBaseline(def, {}, samples, samples, 1, {});
                QVERIFY2(*metric("accuracy").value(made->outcomes) == 1, def.key.c_str());
            }
    }

    void everyMethodCanBeStopped() {
        std::stop_source source;
        source.request_stop();
        const auto values = goldenTable("diabetes").samples;
        for (const auto& def : classicalMethods()) {
            const auto samples = def.forClasses ? clouds(50) : values;
            QVERIFY(!measureBaseline(def, {}, samples, samples, 1, {source.get_token(), {}}));
        }
    }

    /// The libraries can be stopped while they fit, and fit again afterwards.
    void librariesAreStoppedWithinAFit() {
        const auto samples = goldenTable("breast cancer").samples;
        for (const std::string key : {"svm-rbf", "svm-linear", "logistic"}) {
            std::stop_source source;
            const Watch watch{source.get_token(), [&](double) { source.request_stop(); }};
            QVERIFY(!measureBaseline(classicalMethod(key), {}, samples, samples, 1, watch));
            const auto made = measureBaseline(classicalMethod(key), {}, samples, samples, 1, {});
            QVERIFY(*metric("accuracy").value(made->outcomes) > 0.95);
        }
    }

    /// Whatever a library does, and for however long.
    void workApartIsLeftToItself() {
        struct Turns {
            std::promise<void> begun, mayEnd, ended;
        };
        const auto turns = std::make_shared<Turns>();
        auto hasEnded = turns->ended.get_future();
        std::stop_source source;
        const std::jthread asking([&source, begun = turns->begun.get_future().share()] {
            begun.wait();
            source.request_stop();
        });
        bool isLeft = false;
        try {
            static_cast<void>(workApart<int>({source.get_token(), {}}, [turns] {
                turns->begun.set_value();
                turns->mayEnd.get_future().wait();
                turns->ended.set_value();
                return 1;
            }));
        } catch (const FitStopped&) {
            isLeft = true;
        }
        QVERIFY(isLeft);
        turns->mayEnd.set_value();
        hasEnded.wait();
        QCOMPARE(workApart<int>({}, [] { return 2; }), 2);
        QCOMPARE(
            messageOf([] { return workApart<int>({}, []() -> int { throw Error("it failed"); }); }),
            QStringLiteral("it failed"));
    }

    /// Also of more features than a panel has, of fewer samples than features, and where columns
    /// depend on each other: what Eigen's decomposition of the whole says.
    void leastSquaresAreThoseOfTheWhole_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("columns");
        QTest::addColumn<int>("twice"); ///< so many columns are copies of others
        QTest::newRow("tall") << 300 << 150 << 0;
        QTest::newRow("wide") << 90 << 140 << 0;
        QTest::newRow("dependent") << 300 << 150 << 20;
        QTest::newRow("one column") << 40 << 1 << 0;
    }
    void leastSquaresAreThoseOfTheWhole() {
        QFETCH(int, rows);
        QFETCH(int, columns);
        QFETCH(int, twice);
        constexpr int outputs = 70; // more than a panel
        Eigen::MatrixXf x = Eigen::MatrixXf::Random(rows, columns);
        x.rightCols(twice) = x.leftCols(twice);
        const Eigen::MatrixXf y = Eigen::MatrixXf::Random(rows, outputs);
        Samples samples;
        samples.features = static_cast<std::size_t>(columns);
        samples.width = outputs;
        for (int n = 0; n < rows; ++n) {
            for (int i = 0; i < columns; ++i)
                samples.inputs.push_back(x(n, i));
            for (int i = 0; i < outputs; ++i)
                samples.targets.push_back(y(n, i));
        }
        const Eigen::RowVectorXd means = x.cast<double>().colwise().mean();
        const Eigen::RowVectorXd targetMeans = y.cast<double>().colwise().mean();
        const Eigen::MatrixXd centered = x.cast<double>().rowwise() - means;
        const Eigen::MatrixXd targets = y.cast<double>().rowwise() - targetMeans;
        for (const double alpha : {0.0, 0.5}) {
            const Eigen::MatrixXd square = centered.transpose() * centered +
                                           alpha * Eigen::MatrixXd::Identity(columns, columns);
            const Eigen::MatrixXd wanted =
                alpha > 0
                    ? Eigen::MatrixXd(square.ldlt().solve(centered.transpose() * targets))
                    : Eigen::MatrixXd(
                          Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd>(centered).solve(
                              targets));
            const auto params = alpha > 0 ? ParamValues{{"alpha", alpha}} : ParamValues{};
            const auto model =
                fitMethod(classicalMethod(alpha > 0 ? "ridge" : "linear"), samples, params, 1, {});
            const Eigen::MatrixXd answers = (centered * wanted).rowwise() + targetMeans;
            const auto made = answersOf(*model, samples, {});
            for (int n = 0; n < rows; ++n)
                for (int o = 0; o < outputs; ++o)
                    QVERIFY(std::abs(made[static_cast<std::size_t>(n * outputs + o)] -
                                     answers(n, o)) < 1e-9);
        }
    }

    void leastSquaresAreStoppedWithinAFit() {
        Samples samples;
        samples.features = 200;
        samples.width = 1;
        const Rng rng(1, RngStream::Test);
        for (std::uint64_t i = 0; i < 300 * 200; ++i)
            samples.inputs.push_back(static_cast<float>(rng.uniform(i)));
        samples.targets.resize(300);
        for (const std::string key : {"linear", "ridge"}) {
            std::stop_source source;
            double reached = 0;
            const Watch watch{source.get_token(), [&](double share) {
                                  reached = share;
                                  if (share > 0.2)
                                      source.request_stop();
                              }};
            QVERIFY(!measureBaseline(classicalMethod(key), {}, samples, samples, 1, watch));
            QVERIFY(reached > 0.2 && reached < 0.8); // of which 0.8 are the fit
        }
    }

    /// A pause is no work: who is told of progress may hold it.
    void timesAreOfWorkAlone() {
        using Clock = std::chrono::steady_clock;
        const auto samples = clouds(50);
        constexpr auto hold = std::chrono::milliseconds(300);
        Clock::duration held{};
        const Watch watch{{}, [&](double) {
                              const auto since = Clock::now();
                              std::this_thread::sleep_for(hold);
                              held += Clock::now() - since;
                          }};
        const auto begun = Clock::now();
        const auto made = measureBaseline(classicalMethod("boosting"), {{"trees", std::int64_t{2}}},
                                          samples, samples, 1, watch);
        const std::chrono::duration<double> work = Clock::now() - begun - held;
        QVERIFY(held > 2 * hold);
        QVERIFY(made->fitSeconds > 0 && made->fitSeconds + made->answerSeconds <= work.count());
    }

    void progressRisesToTheEnd() {
        const auto samples = clouds(200);
        for (const auto& def : classicalMethods()) {
            if (!def.forClasses)
                continue;
            std::vector<double> shares;
            const Watch watch{{}, [&](double share) { shares.push_back(share); }};
            QVERIFY(measureBaseline(def, {}, samples, samples, 1, watch));
            QVERIFY(!shares.empty());
            QVERIFY2(std::ranges::is_sorted(shares), def.key.c_str());
            QVERIFY(shares.front() >= 0 && shares.back() <= 1);
        }
    }

    void whatCannotBeLearnedIsRefused() {
        const auto classes = clouds(10);
        QCOMPARE(messageOf([&] { fitMethod(classicalMethod("ridge"), classes, {}, 1, {}); }),
                 QStringLiteral("Ridge regression learns values, and the samples have classes"));
        QVERIFY(messageOf([&] { (void)classicalMethod("magic"); }).contains("svm-rbf"));
        const auto wrong = messageOf([&] {
            fitMethod(classicalMethod("knn"), classes, {{"neighbours", std::int64_t{0}}}, 1, {});
        });
        QVERIFY2(wrong.startsWith("knn: neighbours: "), qPrintable(wrong));
        Samples none;
        none.features = 2;
        none.classes = 2;
        QVERIFY(messageOf([&] {
                    fitMethod(classicalMethod("tree"), none, {}, 1, {});
                }).contains("no samples"));
    }

    void unevenClassesAreSeen() {
        Outcomes outcomes;
        outcomes.elements = 2;
        outcomes.labels = {0, 0, 0, 1};
        outcomes.outputs = {1, 0, 1, 0, 1, 0, 1, 0}; // always the first class
        QVERIFY(hasUnevenClasses(outcomes));
        QCOMPARE(*balancedAccuracy(outcomes), 0.5);
        outcomes.labels = {0, 1, 0, 1};
        QVERIFY(!hasUnevenClasses(outcomes));
    }
};

QTEST_GUILESS_MAIN(BaselinesTest)
#include "tst_baselines.moc"
