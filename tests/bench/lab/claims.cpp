// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/lab/claims.h"

#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "engine/lab/run_experiment.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace gradwright::test {
namespace {

namespace fs = std::filesystem;

void setting(Project& project, std::string_view key, ParamValue value) {
    project.training.params.insert_or_assign(std::string(key), std::move(value));
}

/// A hidden layer of ReLU on MNIST.
Project digits(const ClaimSize& size) {
    auto project = openTemplate("multilayer-perceptron");
    project.data.limit = size.samples;
    project.data.validationFraction = 0.1;
    setting(project, "epochs", size.epochs);
    setting(project, "threads", std::int64_t{1});
    return project;
}

/// A finished experiment of its own folder.
struct Done {
    TrialResults results;
    Json data; ///< of its report
};

Done experimentOf(const fs::path& folder, const char* kind, const Project& project,
                  ParamValues settings) {
    const auto& declared = experimentKind(kind);
    const Experiment experiment{kind, project, std::move(settings), declared.title};
    const auto procedure = declared.make(experiment);
    const auto directory = ExperimentDirectory::create(folder, experiment, procedure->plan());
    runExperiment(directory, {}, {});
    Done done{directory.results(), {}};
    for (const auto& result : done.results)
        if (result.hasFailed())
            throw Error("{}: {}", result.trial.title, result.error);
    done.data = procedure->report(done.results).data;
    return done;
}

double at(const Json& json, const char* key) {
    return json.at(key).get<double>();
}

std::string percentText(double share) {
    return fmt::format("{:.2f} %", 100 * share);
}

Done batchSizes(const fs::path& folder, const ClaimSize& size) {
    auto project = digits(size);
    project.training.optimizer = {"sgd", {}};
    setting(project, "learning_rate", 0.05);
    setting(project, "batch", std::int64_t{32});
    return experimentOf(folder, "batch-size", project,
                        {{"smallest", std::int64_t{8}},
                         {"largest", std::int64_t{1024}},
                         {"repeats", size.repeats}});
}

/// The quality of one of a depth experiment's networks.
double qualityOf(const Done& done, const char* activation, const char* variant) {
    for (const auto& network : done.data.at("networks"))
        if (network.at("activation") == activation && network.at("variant") == variant)
            return at(network, "quality");
    throw Error("there is no network with {}, {}", activation, variant);
}

Done deepNetworks(const fs::path& folder, const ClaimSize& size, const char* activation,
                  const char* variant) {
    auto project = digits(size);
    setting(project, "batch", std::int64_t{32});
    return experimentOf(folder, "depth", project,
                        {{"depths", std::string("20")},
                         {"activations", std::string(activation)},
                         {"variants", std::string(variant)},
                         {"units", std::int64_t{32}},
                         {"samples", size.samples}});
}

/// The qualities of a baselines experiment by method.
std::map<std::string, double> qualitiesOf(const Done& done) {
    std::map<std::string, double> qualities;
    for (const auto& method : done.data.at("methods"))
        qualities[method.at("method").get<std::string>()] = at(method, "quality");
    return qualities;
}

} // namespace

Claim largeBatchesAreWorse(const fs::path& folder, const ClaimSize& size) {
    const auto done = batchSizes(folder, size);
    double best = 1;
    double bestSize = 0;
    for (const auto& each : done.data.at("sizes"))
        if (at(each, "error") < best) {
            best = at(each, "error");
            bestSize = at(each, "size");
        }
    const auto& largest = done.data.at("sizes").back();
    return {"Past some size, larger batches are worse after as many epochs.",
            fmt::format("error {} with batches of {:.0f}, {} with {:.0f}", percentText(best),
                        bestSize, percentText(at(largest, "error")), at(largest, "size")),
            100 * (at(largest, "error") - best)};
}

Claim largeBatchesAreFaster(const fs::path& folder, const ClaimSize& size) {
    const auto done = batchSizes(folder, size);
    const auto& sizes = done.data.at("sizes");
    const double slow = at(sizes.front(), "samples_per_second");
    double fast = 0;
    double fastSize = 0;
    for (const auto& each : sizes)
        if (at(each, "samples_per_second") > fast) {
            fast = at(each, "samples_per_second");
            fastSize = at(each, "size");
        }
    return {"Larger batches are faster.",
            fmt::format("{:.0f} samples/s with batches of {:.0f}, {:.0f} with {:.0f}", slow,
                        at(sizes.front(), "size"), fast, fastSize),
            fast / slow - 1};
}

Claim deepSigmoidsDoNotLearn(const fs::path& folder, const ClaimSize& size) {
    const double quality =
        qualityOf(deepNetworks(folder, size, "sigmoid", "plain"), "sigmoid", "plain");
    constexpr double kLittle = 0.25; // guessing gives a tenth
    return {"Twenty layers of sigmoids do not learn.",
            fmt::format("validation accuracy {}, where guessing gives 10 %", percentText(quality)),
            100 * (kLittle - quality)};
}

Claim deepResidualsLearn(const fs::path& folder, const ClaimSize& size) {
    const double sigmoids =
        qualityOf(deepNetworks(folder, size, "sigmoid", "residual"), "sigmoid", "residual");
    const double relus = qualityOf(deepNetworks(folder, size, "relu", "residual-normalized"),
                                   "relu", "residual-normalized");
    constexpr double kMuch = 0.6;
    return {"With residual links twenty layers learn.",
            fmt::format("validation accuracy {} of the same sigmoids, {} of ReLU normalized as in "
                        "ResNet",
                        percentText(sigmoids), percentText(relus)),
            100 * (std::min(sigmoids, relus) - kMuch)};
}

Claim optimizersTakeTheirOwnWays(const fs::path& folder, const ClaimSize& size) {
    const auto done = experimentOf(folder, "landscape", digits(size),
                                   {{"directions", std::string("path")},
                                    {"optimizers", std::string("adam,sgd")},
                                    {"resolution", std::int64_t{5}},
                                    {"samples", std::int64_t{200}}});
    struct Way {
        double x = 0, y = 0, length = 0;
    };
    std::vector<Way> ways;
    for (const auto& path : done.data.at("paths")) {
        const auto& first = path.at("points").front();
        const auto& last = path.at("points").back();
        Way way{last.at(0).get<double>() - first.at(0).get<double>(),
                last.at(1).get<double>() - first.at(1).get<double>(), 0};
        way.length = std::hypot(way.x, way.y);
        ways.push_back(way);
    }
    if (ways.size() != 2)
        throw Error("two paths were wanted, {} are there", ways.size());
    const double cosine =
        (ways[0].x * ways[1].x + ways[0].y * ways[1].y) / (ways[0].length * ways[1].length);
    const double apart = std::hypot(ways[0].x - ways[1].x, ways[0].y - ways[1].y);
    const double longer = std::max(ways[0].length, ways[1].length);
    return {"Adam and SGD take different ways over the same surface.",
            fmt::format("{:.2f} and {:.2f} long, {:.0f}° apart; their ends lie {:.2f} apart",
                        ways[0].length, ways[1].length,
                        std::acos(std::clamp(cosine, -1.0, 1.0)) * 180 / std::acos(-1.0), apart),
            apart / longer - 0.2};
}

std::vector<Claim> exclusiveOrNeedsMore(const fs::path& folder) {
    auto project = openTemplate("exclusive-or");
    const auto many =
        qualitiesOf(experimentOf(folder, "baselines", project,
                                 {{"methods", std::string("svm-rbf,logistic")}, {"keep", false}}));
    // The same network without its hidden layer.
    auto single = openTemplate("logistic-regression");
    single.data = project.data;
    setting(single, "epochs", std::int64_t{30});
    const auto one = qualitiesOf(experimentOf(
        folder, "baselines", single, {{"methods", std::string("naive-bayes")}, {"keep", false}}));
    constexpr double kSolved = 0.95;
    constexpr double kUnsolved = 0.8; // a line gets three of four corners at best
    const auto solved = [&](const char* what, double quality) {
        return Claim{fmt::format("{} solves exclusive or.", what),
                     "test accuracy " + percentText(quality), 100 * (quality - kSolved)};
    };
    const auto unsolved = [&](const char* what, double quality) {
        return Claim{fmt::format("{} does not solve exclusive or.", what),
                     "test accuracy " + percentText(quality), 100 * (kUnsolved - quality)};
    };
    return {solved("One hidden layer", many.at("network")),
            solved("An SVM with an RBF kernel", many.at("svm-rbf")),
            unsolved("A single layer", one.at("network")),
            unsolved("Logistic regression", many.at("logistic"))};
}

Claim forestsAreGoodOnTables(const fs::path& folder) {
    const auto found =
        qualitiesOf(experimentOf(folder, "baselines", openTemplate("weather"),
                                 {{"methods", std::string("forest,ridge")}, {"keep", false}}));
    return {"On a table a random forest is as good as a network, without any tuning.",
            fmt::format("R² of the forest {:.3f}, of the network {:.3f}, of ridge regression "
                        "{:.3f}",
                        found.at("forest"), found.at("network"), found.at("ridge")),
            // As good: within 0.02.
            found.at("forest") - found.at("network") + 0.02};
}

Claim ensemblesAreBetter(const fs::path& folder, const ClaimSize& size) {
    const auto done =
        experimentOf(folder, "ensemble", digits(size), {{"members", std::int64_t{5}}});
    const auto& mean = done.data.at("mean");
    const auto& together = done.data.at("together");
    return {"An ensemble is better than its mean member.",
            fmt::format("test accuracy {} against {}, cross-entropy {:.4f} against {:.4f}",
                        percentText(at(together, "quality")), percentText(at(mean, "quality")),
                        at(together, "error"), at(mean, "error")),
            std::min(100 * (at(together, "quality") - at(mean, "quality")),
                     at(mean, "error") - at(together, "error"))};
}

Claim halvingSavesEpochs(const fs::path& folder, const ClaimSize& size) {
    auto project = digits(size);
    project.data.validationFraction = 0.4;
    setting(project, "epochs", std::int64_t{9});
    const auto layers = nodesOfLayer(project.network.main, "dense");
    const auto over = fmt::format(
        "learning_rate=0.0001,0.0003,0.001,0.003,0.01,0.03; layer.{}.units=8,16,32,64,128",
        project.network.main.find(layers.front())->name);
    const auto repeats = static_cast<double>(size.repeats);
    double bestOfGrid = 0;
    double lost = 0;
    double most = 0;
    double share = 0;
    for (std::int64_t seed = 1; seed <= size.repeats; ++seed) { // of trainings and of the search
        setting(project, "seed", seed);
        const auto grid = experimentOf(folder, "sweep", project,
                                       {{"over", over}, {"method", std::string("grid")}});
        double best = 0;
        for (const auto& result : grid.results)
            best = std::max(best, at(result.values, "quality"));
        const auto gridEpochs = 9.0 * static_cast<double>(grid.results.size());
        const auto halving = experimentOf(folder, "sweep", project,
                                          {{"over", over},
                                           {"method", std::string("asha")},
                                           {"trials", std::int64_t{28}},
                                           {"seed", seed}});
        double found = 0;
        double epochs = 0;
        for (const auto& result : halving.results) {
            found = std::max(found, at(result.values, "quality"));
            epochs += result.trial.cost * 9;
        }
        bestOfGrid += best / repeats;
        lost += 100 * (best - found) / repeats;
        most = std::max(most, 100 * (best - found));
        share += epochs / gridEpochs / repeats;
    }
    return {"Successive halving finds as good a setting as the whole grid, for a quarter of the "
            "work.",
            fmt::format("{:.2f} points below the grid's best {} with {:.1f} % of its epochs, mean "
                        "of {} seeds, {:.2f} at most",
                        lost, percentText(bestOfGrid), 100 * share, size.repeats, most),
            std::min(0.2 - lost, 25 - 100 * share)};
}

Claim tpeFindsBetterSettings(const fs::path& folder, const char* name, std::int64_t trials,
                             std::int64_t seeds) {
    auto project = openTemplate(name);
    project.data.validationFraction = 0.25;
    setting(project, "epochs", std::int64_t{15});
    setting(project, "threads", std::int64_t{1});
    const auto leastLoss = [&](const char* method, std::int64_t seed) {
        const Experiment experiment{
            "sweep",
            project,
            {{"over", std::string("learning_rate=0.00001..1:log; batch=4..128:log")},
             {"method", std::string(method)},
             {"objective", std::string("loss")},
             {"trials", trials},
             {"seed", seed}},
            "Sweep"};
        const auto directory = ExperimentDirectory::create(
            folder, experiment, experimentKind("sweep").make(experiment)->plan());
        runExperiment(directory, {}, {});
        double least = HUGE_VAL;
        for (const auto& result : directory.results())
            if (!result.hasFailed()) // large rates diverge
                least = std::min(least, at(result.values, "loss"));
        fs::remove_all(directory.path());
        return least;
    };
    double tpe = 0;
    double random = 0;
    int better = 0;
    for (std::int64_t seed = 1; seed <= seeds; ++seed) {
        const double a = leastLoss("tpe", seed);
        const double b = leastLoss("random", seed);
        tpe += a / static_cast<double>(seeds);
        random += b / static_cast<double>(seeds);
        better += a < b ? 1 : 0;
    }
    return {fmt::format("TPE finds better settings than random search in as many trainings ({}).",
                        name),
            fmt::format("least validation loss {:.4f} against {:.4f}, mean of {} seeds with {} "
                        "trainings each; TPE better with {}",
                        tpe, random, seeds, trials, better),
            100 * (random / tpe - 1)};
}

} // namespace gradwright::test
