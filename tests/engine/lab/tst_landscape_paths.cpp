// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "engine/lab/landscape/landscape_plane.h"
#include "engine/lab/landscape/traced_paths.h"
#include "engine/lab/run_experiment.h"
#include "engine/lab/train_trial.h"
#include "engine/training/checkpoint.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

Experiment surface(const Project& project, ParamValues settings) {
    settings.insert_or_assign("resolution", std::int64_t{3});
    settings.insert_or_assign("samples", std::int64_t{40});
    return {"landscape", project, std::move(settings), "Surface"};
}

ExperimentDirectory begun(const fs::path& folder, const Experiment& experiment) {
    return ExperimentDirectory::create(folder, experiment,
                                       experimentKind("landscape").make(experiment)->plan());
}

/// Where weights lie on a plane: the normal equations of least squares, in plain loops.
struct Seen {
    double x = 0, y = 0, distance = 0;
};

double product(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

Seen seen(const std::vector<double>& weights, const LandscapePlane& plane) {
    std::vector<double> off(weights.size());
    for (std::size_t i = 0; i < off.size(); ++i)
        off[i] = weights[i] - plane.center()[i];
    const auto& a = plane.first();
    const auto& b = plane.second();
    const double aa = product(a, a), ab = product(a, b), bb = product(b, b);
    const double ao = product(a, off), bo = product(b, off);
    const double area = aa * bb - ab * ab;
    Seen made{(bb * ao - ab * bo) / area, (aa * bo - ab * ao) / area, 0};
    for (std::size_t i = 0; i < off.size(); ++i)
        off[i] -= made.x * a[i] + made.y * b[i];
    made.distance = std::sqrt(product(off, off));
    return made;
}

bool isNear(const Json& point, const Seen& place, double scale) {
    return std::abs(point.at(0).get<double>() - place.x) < 1e-9 * scale &&
           std::abs(point.at(1).get<double>() - place.y) < 1e-9 * scale &&
           std::abs(point.at(2).get<double>() - place.distance) < 1e-6 * scale;
}

std::string why(const Json& point, const Seen& place) {
    return fmt::format("{} where ({}, {}), {} away, was expected", point.dump(), place.x, place.y,
                       place.distance);
}

} // namespace

/// Paths on a cost surface are told while they are trained, and what is told is true.
class LandscapePathsTest : public QObject {
    Q_OBJECT

    /// The pictures that a view has: one after each trial.
    struct Watched {
        ExperimentDirectory directory;
        std::vector<Json> pictures;
    };

    Watched watched(const char* name, const Experiment& experiment) const {
        Watched made{begun(home_ / name, experiment), {}};
        const auto procedure = experimentKind("landscape").make(experiment);
        TrialResults done;
        const ExperimentSink sink{{}, [&](const TrialResult& result) {
                                      done.push_back(result);
                                      made.pictures.push_back(procedure->report(done).data);
                                  }};
        runExperiment(made.directory, sink, {});
        for (const auto& result : made.directory.results())
            if (result.hasFailed())
                throw Error("{}: {}", result.trial.title, result.error);
        return made;
    }

    /// The weights that a training of the network has after each epoch, snapshots of trainings of
    /// their own.
    std::vector<Weights> snapshots(const Project& project, const char* name) const {
        std::vector<Weights> made;
        for (std::int64_t epoch = 1; epoch <= project.training.epochs(); ++epoch) {
            const auto folder = home_ / fmt::format("{}-{}", name, epoch);
            fs::create_directories(folder);
            const auto training =
                trainTrial(project, {folder, folder, {}, {}}, {.untilEpoch = epoch});
            made.push_back(readCheckpointWeights(RunDirectory::open(training->run).lastWeights()));
        }
        return made;
    }

    Project with(const char* optimizer, double rate) const {
        auto project = project_;
        project.training.optimizer = {optimizer, {}};
        set(project, "learning_rate", rate);
        return project;
    }

private Q_SLOTS:
    void initTestCase() {
        project_ = smallProject(200, 0.1);
        set(project_, "epochs", std::int64_t{3});
        const auto folder = home_ / "center";
        fs::create_directories(folder);
        run_ = trainTrial(project_, {folder, folder, {}, {}})->run;
    }

    /// Through a run the plane is known from the first epoch on: each point stays where it was
    /// told, to the bit, and lies where the weights of that epoch are projected to.
    void pointsAreToldWhereTheyStay() {
        const auto [directory, pictures] = watched(
            "known",
            surface(project_, {{"run", run_.string()},
                               {"optimizers", std::string("adam:learning_rate=0.002,"
                                                          "sgd:momentum=0:learning_rate=0.05")}}));
        auto sgd = with("sgd", 0.05);
        sgd.training.optimizer.params["momentum"] = 0.0;
        const std::vector<std::vector<Weights>> expected{snapshots(with("adam", 0.002), "adam"),
                                                         snapshots(sgd, "sgd")};
        const LandscapePlane plane(project_, {.run = run_.string()}, 40);
        const auto& last = pictures.back();
        QVERIFY(last.at("loss").size() == 3);
        for (std::size_t epoch = 0; epoch < 6; ++epoch) { // of both paths
            const auto& told = pictures[epoch].at("paths");
            QCOMPARE(told.size(), epoch / 3 + 1);
            for (std::size_t path = 0; path < told.size(); ++path) {
                const auto& points = told[path].at("points");
                QCOMPARE(points.size(), path < epoch / 3 ? std::size_t{4} : epoch % 3 + 2);
                for (std::size_t i = 0; i < points.size(); ++i)
                    QVERIFY(points[i] == last.at("paths")[path].at("points")[i]);
                const auto place =
                    seen(plane.flat(weightsAt(path, points, expected, plane)), plane);
                QVERIFY2(isNear(points.back(), place, 1), why(points.back(), place).c_str());
            }
            // In the frame of the surface that is to come, which does not change under them.
            QVERIFY(!pictures[epoch].contains("provisional"));
            QVERIFY(!pictures[epoch].contains("loss"));
            QVERIFY(pictures[epoch].at("x").front() == last.at("x").front());
            QVERIFY(pictures[epoch].at("y").back() == last.at("y").back());
            QVERIFY(pictures[epoch].at("x_name") == last.at("x_name"));
        }
        QVERIFY(pictures[6].at("paths") == pictures[5].at("paths")); // the plane is measured
    }

    /// A plane of random directions goes through the first path's end: until that is there the path
    /// is told in a plane of its own, and from then on where it stays.
    void theFirstPathEndsAtTheCenter() {
        const auto [directory, pictures] =
            watched("random", surface(project_, {{"optimizers", std::string("adam,sgd")}}));
        for (const std::size_t epoch : {0U, 1U}) {
            QVERIFY(pictures[epoch].at("provisional").get<bool>());
            QCOMPARE(pictures[epoch].at("paths")[0].at("points").size(), epoch + 2);
        }
        const auto& last = pictures.back().at("paths");
        for (std::size_t epoch = 2; epoch < 6; ++epoch) {
            QVERIFY(!pictures[epoch].contains("provisional"));
            const auto& told = pictures[epoch].at("paths");
            for (std::size_t path = 0; path < told.size(); ++path)
                for (std::size_t i = 0; i < told[path].at("points").size(); ++i)
                    QVERIFY2(told[path].at("points")[i] == last[path].at("points")[i],
                             told[path].dump().c_str());
        }
        // What was told in the provisional plane has the right lengths and losses, too.
        LandscapePlane plane(project_, {}, 40);
        const auto snapshot = snapshots(project_, "lengths");
        const auto start = plane.flat(plane.start());
        for (const std::size_t epoch : {0U, 1U}) {
            auto way = plane.flat(snapshot[epoch]);
            for (std::size_t i = 0; i < way.size(); ++i)
                way[i] -= start[i];
            const auto& first = pictures[epoch].at("paths")[0].at("points").front();
            const double length =
                std::hypot(first[0].get<double>(), first[1].get<double>(), first[2].get<double>());
            QVERIFY(std::abs(length - std::sqrt(product(way, way))) < 1e-9 * length);
            QVERIFY(pictures[epoch].at("paths")[0].at("points").back()[3] ==
                    last[0].at("points")[epoch + 1][3]);
        }
    }

    /// The plane of all paths is known at the end alone. With the last epoch the provisional plane
    /// is that plane, the same way round.
    void principalComponentsGrow() {
        const auto [directory, pictures] =
            watched("path", surface(project_, {{"directions", std::string("path")},
                                               {"optimizers", std::string("adam,sgd")}}));
        for (std::size_t epoch = 0; epoch < 6; ++epoch)
            QVERIFY(pictures[epoch].at("provisional").get<bool>());
        const auto& last = pictures.back().at("paths");
        QVERIFY(!pictures[6].contains("provisional"));
        QVERIFY(pictures[6].at("paths") == last);
        LandscapePlane plane(project_, {.directions = "path"}, 40);
        std::vector<std::vector<fs::path>> files;
        for (const auto& path : tracedPaths(directory.results(), 3)) {
            auto& list = files.emplace_back();
            for (const auto& file : path.files)
                list.push_back(directory.path() / file);
        }
        QCOMPARE(files.size(), std::size_t{2});
        plane.choose(files);
        const std::vector<std::vector<Weights>> expected{snapshots(project_, "components-adam"),
                                                         snapshots(withSgd(), "components-sgd")};
        for (std::size_t path = 0; path < 2; ++path)
            for (std::size_t i = 0; i < 4; ++i) {
                const auto place =
                    seen(plane.flat(i == 0 ? plane.start() : expected[path][i - 1]), plane);
                const auto& stored = last[path].at("points")[i];
                const auto& live = pictures[5].at("paths")[path].at("points")[i];
                QVERIFY2(isNear(stored, place, 1), why(stored, place).c_str());
                QVERIFY2(isNear(live, place, 100), why(live, place).c_str());
                QVERIFY(live[3] == stored[3]);
            }
        // Paths come from the left, and from below.
        for (const std::size_t axis : {0U, 1U}) {
            double farthest = 0;
            for (const auto& path : last)
                for (const auto& point : path.at("points"))
                    if (const auto at = point[axis].get<double>();
                        std::abs(at) > std::abs(farthest))
                        farthest = at;
            QVERIFY(farthest < 0);
        }
    }

    /// Wherever it is stopped, all points that were told are kept, and in the end they are those of
    /// an experiment that nobody disturbed.
    void stoppedPathsKeepTheirPoints() {
        const auto experiment =
            surface(project_, {{"optimizers", std::string("adam,sgd")}, {"run", run_.string()}});
        const auto whole = watched("whole", experiment);
        const auto directory = begun(home_ / "parts", experiment);
        std::size_t told = 0;
        for (std::size_t stops = 0; stops < 6; ++stops) {
            std::stop_source stop;
            const ExperimentSink sink{[&](const ExperimentProgress& now) {
                                          // in the middle of the next epoch but one
                                          if (now.done == static_cast<std::int64_t>(stops + 1) &&
                                              now.running[0].share > 0.3)
                                              stop.request_stop();
                                      },
                                      [&](const TrialResult&) { ++told; }};
            QCOMPARE(runExperiment(directory, sink, stop.get_token()), ExperimentOutcome::Stopped);
            QCOMPARE(directory.results().size(), told);
            const auto procedure = experimentKind("landscape").make(experiment);
            const auto data = procedure->report(directory.results()).data;
            if (stops < 5)
                QVERIFY(data == whole.pictures[told - 1]);
        }
        QCOMPARE(runExperiment(directory, {}, {}), ExperimentOutcome::Finished);
        const auto procedure = experimentKind("landscape").make(experiment);
        QVERIFY(procedure->report(directory.results()).data == whole.pictures.back());
        // The report's picture is the last live one.
        const auto report = parseJson(readTextFile(directory.reportJson()), "report.json");
        QVERIFY(report.at("data") == whole.pictures.back());
    }

    /// An epoch that was begun and killed behind its checkpoint is trained once more from where it
    /// began.
    void anEpochBeginsWhereTheOneBeforeEnded() {
        const auto experiment =
            surface(project_, {{"run", run_.string()}, {"optimizers", std::string("adam")}});
        const auto whole = watched("undisturbed", experiment);
        const auto directory = begun(home_ / "ahead", experiment);
        std::stop_source stop;
        const ExperimentSink sink{{}, [&](const TrialResult&) { stop.request_stop(); }};
        QCOMPARE(runExperiment(directory, sink, stop.get_token()), ExperimentOutcome::Stopped);
        const auto run = tracedPaths(directory.results(), 3).front().run;
        const auto folder = home_ / "elsewhere";
        fs::create_directories(folder);
        QVERIFY(trainTrial(project_, {folder, folder, {}, {}},
                           {.resume = directory.path() / run, .untilEpoch = 2}));
        QCOMPARE(runExperiment(directory, {}, {}), ExperimentOutcome::Finished);
        const auto procedure = experimentKind("landscape").make(experiment);
        QVERIFY(procedure->report(directory.results()).data == whole.pictures.back());
    }

    /// Experiments of older versions, with a trial for all of a path, are reported and resumed.
    void olderExperimentsGoOn() {
        const auto experiment = surface(project_, {{"directions", std::string("path")}});
        const auto whole = watched("newer", experiment);
        const auto directory = begun(home_ / "older", experiment);
        fs::create_directories(directory.trialFolder(0));
        for (std::int64_t epoch = 1; epoch <= 3; ++epoch)
            fs::copy_file(pathFile(whole.directory.trialFolder(epoch - 1), epoch),
                          pathFile(directory.trialFolder(0), epoch));
        const TrialResult path{
            .trial = {0, "path of adam", {{"what", "training"}, {"optimizer", "adam"}}, 3},
            .values = {{"epochs", 3}, {"loss", 0.5}},
            .error = {},
            .seconds = 1};
        writeFileAtomically(directory.trialsFile(), toJson(path).dump() + "\n");
        QCOMPARE(runExperiment(directory, {}, {}), ExperimentOutcome::Finished);
        QCOMPARE(directory.results().size(), std::size_t{1 + 1 + 3});
        const auto procedure = experimentKind("landscape").make(experiment);
        const auto data = procedure->report(directory.results()).data;
        QVERIFY(data.at("paths")[0].at("points") ==
                whole.pictures.back().at("paths")[0].at("points"));
        QVERIFY(data.at("loss") == whole.pictures.back().at("loss"));
    }

    /// Points on a line, in a plane and nowhere.
    void placesComeFromProducts() {
        const auto productsOf = [](const std::vector<std::vector<double>>& points) {
            std::vector<std::vector<double>> made;
            for (const auto& a : points) {
                auto& row = made.emplace_back();
                for (const auto& b : points)
                    row.push_back(product(a, b));
            }
            return made;
        };
        const std::vector<std::vector<double>> points{
            {5, 1, 0, 2}, {4, 2, 1, 2}, {3, 2, 4, 1}, {1, 1, 1, 1}};
        const auto found = principalPlaces(productsOf(points), 3);
        const auto same = principalDirections(points, points[3]);
        QVERIFY(std::abs(found.firstShare - same.firstShare) < 1e-12);
        QVERIFY(std::abs(found.secondShare - same.secondShare) < 1e-12);
        for (std::size_t i = 0; i < points.size(); ++i) {
            const auto place = projected(points[i], points[3], same.first, same.second);
            QVERIFY(std::abs(std::abs(found.places[i].x) - std::abs(place.x)) < 1e-12);
            QVERIFY(std::abs(std::abs(found.places[i].y) - std::abs(place.y)) < 1e-12);
            QVERIFY(std::abs(found.places[i].distance - place.distance) < 1e-7);
        }
        const auto line = principalPlaces(productsOf({{1, 2}, {4, 6}}), 1);
        QVERIFY(std::abs(line.places[0].x + 5) < 1e-12); // from the left
        QCOMPARE(line.places[0].y, 0.0);
        QCOMPARE(line.places[1].x, 0.0);
        const auto still = principalPlaces(productsOf({{1, 2}, {1, 2}}), 1);
        QCOMPARE(still.places[0].x, 0.0);
        QCOMPARE(still.firstShare, 0.0);
    }

private:
    Project withSgd() const {
        auto project = project_;
        project.training.optimizer = {"sgd", {}};
        return project;
    }
    /// The weights that the last point of a path stands for.
    static const Weights& weightsAt(std::size_t path, const Json& points,
                                    const std::vector<std::vector<Weights>>& snapshots,
                                    const LandscapePlane& plane) {
        return points.size() == 1 ? plane.start() : snapshots[path][points.size() - 2];
    }

    SmallMnistHome home_{300, 100};
    Project project_;
    fs::path run_;
};

QTEST_GUILESS_MAIN(LandscapePathsTest)
#include "tst_landscape_paths.moc"
