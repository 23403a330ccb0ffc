// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ensembles/member.h"
#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "engine/lab/landscape/landscape_plane.h"
#include "engine/lab/landscape/sharpness.h"
#include "engine/lab/run_experiment.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/training/checkpoint.h"
#include "engine/training/start_weights.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

Experiment surface(Project project, ParamValues settings) {
    return {"landscape", std::move(project), std::move(settings), "Surface"};
}

ExperimentDirectory begun(const fs::path& folder, const Experiment& experiment) {
    return ExperimentDirectory::create(folder, experiment,
                                       experimentKind("landscape").make(experiment)->plan());
}

Json dataOf(const ExperimentDirectory& directory) {
    const auto experiment = directory.read();
    return experimentKind("landscape").make(experiment)->report(directory.results()).data;
}

double norm(std::span<const double> numbers) {
    double squares = 0;
    for (const auto number : numbers)
        squares += number * number;
    return std::sqrt(squares);
}

} // namespace

class LandscapeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        project_ = smallProject(200, 0.1);
        set(project_, "epochs", std::int64_t{3});
        EventLog log;
        Trainer(trainingJob(project_, home_ / "runs"), log.sink()).run({});
        run_ = log.all<RunStarted>().front().run;
    }

    void weightsComeBackFromTheirVector() {
        LossProbe probe(project_, openDataset(project_.data), {0, 1, 2});
        const WeightSpace space(probe.specs());
        QCOMPARE(space.size(), std::size_t{784 * 16 + 16 + 16 * 10 + 10});
        QCOMPARE(space.filters().size(), std::size_t{26});
        const auto weights = startWeightsOf(probe.specs(), 1, {});
        auto numbers = space.flat(weights);
        QVERIFY(space.weights(numbers, weights).values == weights.values);
        numbers[5] = 7;
        const auto changed = space.weights(numbers, weights);
        QCOMPARE(space.flat(changed), numbers);
        auto few = weights;
        few.values.pop_back();
        QVERIFY(messageOf([&] { (void)space.flat(few); }).contains("missing"));
    }

    /// Every filter of a random direction is as long as the network's, biases stay.
    void randomDirectionsAreFilterNormalized() {
        LossProbe probe(project_, openDataset(project_.data), {0});
        const WeightSpace space(probe.specs());
        const auto center = space.flat(startWeightsOf(probe.specs(), 1, {}));
        const auto direction = filterNormalizedDirection(space, center, 3, 1);
        std::size_t within = 0;
        for (const auto& [first, size] : space.filters()) {
            QVERIFY(std::abs(norm(std::span(direction).subspan(first, size)) -
                             norm(std::span(center).subspan(first, size))) < 1e-12);
            within += size;
        }
        const auto zeros = static_cast<std::size_t>(std::ranges::count(direction, 0.0));
        QCOMPARE(zeros, space.size() - within);
        QVERIFY(direction == filterNormalizedDirection(space, center, 3, 1));
        QVERIFY(direction != filterNormalizedDirection(space, center, 3, 2));
        QVERIFY(direction != filterNormalizedDirection(space, center, 4, 1));
    }

    /// A path that was made of two directions gives these back.
    void principalDirectionsAreThoseOfThePath() {
        const std::vector<double> center{1, 1, 1, 1};
        const std::vector<std::vector<double>> path{
            {1 + 3, 1, 1, 1}, {1 + 2, 1 + 0.5, 1, 1}, {1 + 1, 1 - 0.5, 1, 1}, center};
        const auto found = principalDirections(path, center);
        QVERIFY(std::abs(norm(found.first) - 1) < 1e-12);
        QVERIFY(std::abs(std::abs(found.first[0]) - 1) < 0.02);
        QVERIFY(std::abs(found.firstShare + found.secondShare - 1) < 1e-12);
        for (const auto& point : path) {
            const auto place = projected(point, center, found.first, found.second);
            QVERIFY(place.distance < 1e-12);
            const auto back = pointOf(center, found.first, found.second, place.x, place.y);
            for (std::size_t i = 0; i < 4; ++i)
                QVERIFY(std::abs(back[i] - point[i]) < 1e-12);
        }
        QVERIFY(messageOf([&] {
                    principalDirections({{2, 1, 1, 1}, {3, 1, 1, 1}}, center);
                }).contains("no two directions"));
        QVERIFY(messageOf([&] {
                    (void)projected(center, center, found.first, found.first);
                }).contains("parallel"));
    }

    /// The projection of a point beside the plane onto directions that are not orthogonal.
    void pointsAreProjected() {
        const std::vector<double> center(3);
        const auto place = projected(std::vector<double>{3, 2, 5}, center,
                                     std::vector<double>{1, 0, 0}, std::vector<double>{1, 1, 0});
        QVERIFY(std::abs(place.x - 1) < 1e-12);
        QVERIFY(std::abs(place.y - 2) < 1e-12);
        QVERIFY(std::abs(place.distance - 5) < 1e-12);
    }

    /// Each place of the surface is what evaluating the network with those weights gives.
    void placesAreDirectEvaluations() {
        const auto directory =
            begun(home_ / "surface", surface(project_, {{"run", run_.string()},
                                                        {"resolution", std::int64_t{3}},
                                                        {"samples", std::int64_t{100}},
                                                        {"radius", 0.5}}));
        QCOMPARE(runExperiment(directory, {}, {}), ExperimentOutcome::Finished);
        const auto data = dataOf(directory);
        QCOMPARE(data.at("x").get<std::vector<double>>(), (std::vector<double>{-0.5, 0, 0.5}));
        const Member member(run_);
        const auto opened = member.data();
        const auto samples = probeSamples(opened, project_.data, 100, 1);
        QCOMPARE(samples.size(), std::size_t{100});
        const auto trained = readCheckpointWeights(weightsOfRun(RunDirectory::open(run_)));
        LandscapePlane plane(project_, {.run = run_.string()}, 100);
        LossProbe probe(project_, opened, samples);
        const WeightSpace space(probe.specs());
        for (std::size_t row = 0; row < 3; ++row)
            for (std::size_t column = 0; column < 3; ++column) {
                auto weights = trained;
                const double x = 0.5 * (static_cast<double>(column) - 1);
                const double y = 0.5 * (static_cast<double>(row) - 1);
                std::size_t i = 0; // the order of the network's weights is that of the file's keys
                for (const auto& spec : probe.specs())
                    for (auto& [key, tensor] : weights.values)
                        if (key == spec.key)
                            for (auto& value : tensor.span<float>()) {
                                value = static_cast<float>(static_cast<double>(value) +
                                                           x * plane.first()[i] +
                                                           y * plane.second()[i]);
                                ++i;
                            }
                QCOMPARE(i, space.size());
                const auto evaluated = member.measure(weights, opened.training, samples, {});
                const auto loss = data.at("loss")[row][column].get<double>();
                QVERIFY2(
                    std::abs(loss - evaluated->score.loss) < 1e-5 * loss,
                    qPrintable(
                        QStringLiteral("%1 instead of %2").arg(loss).arg(evaluated->score.loss)));
            }
        QVERIFY(data.at("loss")[1][1] == data.at("center_loss"));
    }

    void pathsLieOnTheirPlane() {
        const auto directory =
            begun(home_ / "path",
                  surface(project_,
                          {{"directions", std::string("path")},
                           {"optimizers", std::string("adam,sgd:momentum=0:learning_rate=0.01")},
                           {"resolution", std::int64_t{3}},
                           {"samples", std::int64_t{50}}}));
        std::stop_source stop; // in the middle of the second path
        const ExperimentSink sink{[&](const ExperimentProgress& now) {
                                      if (now.done == 4 && now.running[0].share > 0.4)
                                          stop.request_stop();
                                  },
                                  {}};
        QCOMPARE(runExperiment(directory, sink, stop.get_token()), ExperimentOutcome::Stopped);
        QCOMPARE(runExperiment(directory, {}, {}), ExperimentOutcome::Finished);
        const auto data = dataOf(directory);
        QCOMPARE(data.at("paths").size(), std::size_t{2});
        const auto first = data.at("paths")[0].at("points");
        const auto second = data.at("paths")[1].at("points");
        QCOMPARE(first.size(), std::size_t{4}); // the start and three epochs
        // Both begin with the same weights, and the first one ends at the center.
        QVERIFY(first.front() == second.front());
        QVERIFY(std::abs(first.back()[0].get<double>()) < 1e-9);
        QVERIFY(std::abs(first.back()[2].get<double>()) < 1e-9);
        QVERIFY(first.back()[3] == data.at("center_loss"));
        QVERIFY(first.back()[3].get<double>() < first.front()[3].get<double>());
        // All of both lie within the surface.
        for (const auto& path : data.at("paths"))
            for (const auto& point : path.at("points")) {
                QVERIFY(point[0].get<double>() >= data.at("x").front().get<double>());
                QVERIFY(point[0].get<double>() <= data.at("x").back().get<double>());
                QVERIFY(point[1].get<double>() >= data.at("y").front().get<double>());
                QVERIFY(point[1].get<double>() <= data.at("y").back().get<double>());
            }
        for (const auto& row : data.at("loss"))
            for (const auto& loss : row)
                QVERIFY(loss.is_number());
    }

    /// With drop-out and with batch normalization, too, whose statistics are other than a batch's.
    void bothProbesAreOneFunction() {
        auto residual = openTemplate("small-residual");
        for (const auto& project : {project_, residual}) {
            const auto data = openDataset(project.data);
            const auto samples = probeSamples(data, project.data, 6, 1);
            LossProbe probe(project, data, samples);
            GradientProbe gradients(project, data, samples);
            auto weights = startWeightsOf(probe.specs(), 3, {});
            for (auto& [key, tensor] : weights.values)
                if (key.ends_with("running_var") || key.ends_with("running_mean"))
                    for (auto& value : tensor.span<float>())
                        value += 0.5F;
            gradients.setOthers(weights);
            const auto center = WeightSpace(probe.specs()).flat(weights);
            const auto loss = gradients.loss(center);
            QVERIFY2(std::abs(loss - *probe.loss(weights, {})) < 1e-5 * loss, project.name.c_str());
            const auto gradient = gradients.gradient(center);
            auto place = center;
            const auto i = center.size() / 2;
            place[i] += 1e-5;
            const auto above = gradients.loss(place);
            place[i] -= 2e-5;
            QVERIFY(std::abs((above - gradients.loss(place)) / 2e-5 - gradient[i]) < 1e-6);
        }
    }

    /// The whole Hessian of a network of 354 parameters, column by column from differences of the
    /// loss alone, against Lanczos' method.
    void sharpnessIsThatOfTheWholeHessian() {
        auto project = openTemplate("two-spirals");
        const auto data = openDataset(project.data);
        GradientProbe probe(project, data, probeSamples(data, project.data, 60, 1));
        const WeightSpace space(probe.specs());
        QCOMPARE(space.size(), std::size_t{354});
        const auto weights = space.flat(startWeightsOf(probe.specs(), 2, {}));
        const auto size = space.size();
        // The gradient first: differences of the loss.
        const auto gradient = probe.gradient(weights);
        for (std::size_t i = 0; i < size; i += 7) {
            constexpr double kStep = 1e-5;
            auto place = weights;
            place[i] += kStep;
            const auto above = probe.loss(place);
            place[i] -= 2 * kStep;
            QVERIFY(std::abs((above - probe.loss(place)) / (2 * kStep) - gradient[i]) < 1e-7);
        }
        std::vector<std::vector<double>> hessian(size);
        for (std::size_t i = 0; i < size; ++i) {
            constexpr double kStep = 1e-5;
            auto place = weights;
            place[i] += kStep;
            hessian[i] = probe.gradient(place);
            place[i] -= 2 * kStep;
            const auto below = probe.gradient(place);
            for (std::size_t j = 0; j < size; ++j)
                hessian[i][j] = (hessian[i][j] - below[j]) / (2 * kStep);
        }
        const auto expected = largestEigenvalue(hessian);
        const auto found = sharpness(
            [&](const std::vector<double>& direction) {
                return probe.hessianTimes(weights, direction);
            },
            size, 60, 1e-4, 1, {});
        qInfo("%.6f after %d products, %.6f", found.largest, static_cast<int>(found.products),
              expected);
        QVERIFY(found.hasConverged);
        QVERIFY(std::abs(found.largest - expected) < 0.01 * expected);
    }

    void sharpnessOfAKnownMatrix() {
        const auto found = sharpness(
            [](const std::vector<double>& v) {
                auto made = v;
                for (std::size_t i = 0; i < made.size(); ++i)
                    made[i] *= static_cast<double>(i) - 3;
                return made;
            },
            30, 30, 1e-12, 1, {});
        QVERIFY(std::abs(found.largest - 26) < 1e-8);
        QVERIFY(std::abs(found.smallest + 3) < 1e-8);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_THROWS_EXCEPTION(FitStopped,
                                 sharpness([](const std::vector<double>& v) { return v; }, 3, 3,
                                           1e-3, 1, {stop.get_token(), {}}));
    }

    void whatDoesNotSuitIsRefused() {
        const auto make = [&](ParamValues settings) {
            return messageOf([&] {
                const auto experiment = surface(project_, std::move(settings));
                return experimentKind("landscape").make(experiment);
            });
        };
        QVERIFY(make({{"directions", std::string("runs")}}).contains("three of them"));
        QVERIFY(make({{"directions", std::string("path")}, {"run", run_.string()}})
                    .contains("kept no path"));
        const auto optimizers = [&](const char* text) {
            return make({{"optimizers", std::string(text)}});
        };
        QVERIFY(optimizers("magic").contains("adam"));
        QVERIFY(optimizers("sgd:speed=1").contains("known are learning_rate, momentum"));
        QVERIFY(optimizers("sgd:momentum=7").contains("momentum=7"));
        QVERIFY(optimizers("sgd:momentum").contains("sgd:momentum=0.9"));
        QVERIFY(optimizers("sgd:learning_rate=-1").contains("learning_rate=-1"));
    }

private:
    /// By the power method on H + shift, which makes the largest eigenvalue that of largest size.
    static double largestEigenvalue(const std::vector<std::vector<double>>& matrix) {
        const auto size = matrix.size();
        double shift = 0; // at least the largest size of an eigenvalue: a row's sum (Gershgorin)
        for (const auto& row : matrix) {
            double sum = 0;
            for (const auto value : row)
                sum += std::abs(value);
            shift = std::max(shift, sum);
        }
        std::vector<double> vector(size);
        for (std::size_t i = 0; i < size; ++i)
            vector[i] = std::sin(static_cast<double>(i + 1));
        double value = 0;
        for (int turn = 0; turn < 5000; ++turn) {
            std::vector<double> image(size);
            for (std::size_t i = 0; i < size; ++i) {
                image[i] = shift * vector[i];
                for (std::size_t j = 0; j < size; ++j)
                    image[i] += matrix[i][j] * vector[j];
            }
            value = norm(image);
            for (std::size_t i = 0; i < size; ++i)
                vector[i] = image[i] / value;
        }
        return value - shift;
    }

    SmallMnistHome home_{300, 100};
    Project project_;
    fs::path run_;
};

QTEST_GUILESS_MAIN(LandscapeTest)
#include "tst_landscape.moc"
