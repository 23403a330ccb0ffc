// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/landscape.h"

#include "engine/lab/experiment.h"
#include "engine/lab/landscape/landscape_plane.h"
#include "engine/lab/landscape/loss_probe.h"
#include "engine/lab/landscape/path_optimizers.h"
#include "engine/lab/landscape/sharpness.h"
#include "engine/lab/train_trial.h"
#include "engine/support/error.h"
#include "engine/support/stopped.h"
#include "engine/training/recipes/optimizers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

// What trials are, in their order.
constexpr auto kTraining = "training";
constexpr auto kPlane = "plane";
constexpr auto kRow = "row";
constexpr auto kSharpness = "sharpness";

ParamSpecs landscapeParams() {
    auto run = pathParam("run", "Run",
                         "Folder of a finished run, whose best weights are the center; without one "
                         "the network is trained first.");
    auto from =
        pathParam("toward", "Toward", "Run whose weights the first direction leads to, at x = 1.");
    auto also = pathParam("also_toward", "Also toward",
                          "Run whose weights the second direction leads to, at y = 1.");
    const ParamCondition runs{"directions", {std::string("runs")}};
    from.visibleWhen = runs;
    also.visibleWhen = runs;
    auto optimizers =
        textParam("optimizers", "Paths of", "",
                  "Optimizers with commas between them, whose paths from the same first weights "
                  "are drawn; each trains once more. Their settings follow colons: "
                  "adam,sgd:momentum=0:learning_rate=0.1.");
    auto radius = realParam("radius", "Radius", 1, 0, 1e6,
                            "How far the surface reaches to each side, in lengths of the "
                            "directions; of paths this is what surrounds them, as a share.");
    radius.minimumExclusive = true;
    return {
        run,
        choiceParam(
            "directions", "Directions", "random",
            {{"random", "Random",
              "Two random ones, each filter as long as the network's (Li et al. 2018)."},
             {"path", "Path", "The principal components of the training's path, a point an epoch."},
             {"runs", "Runs", "From the center to two other runs."}},
            "What the plane is spanned by."),
        from,
        also,
        radius,
        intParam("resolution", "Resolution", 21, 3, 501, "Places to each side of the grid."),
        intParam("samples", "Samples", 500, 1, 1e9,
                 "Training samples, drawn once, over which the loss is taken."),
        intParam("seed", "Seed", 1, 0, 9e15, "Of directions and samples."),
        optimizers,
        zeroIs("off",
               intParam("sharpness", "Sharpness", 0, 0, 10000,
                        "Samples over which the largest eigenvalue of the Hessian is computed, in "
                        "FP64."))};
}

const ParamSpecs& landscapeSpecs() {
    static const ParamSpecs specs = landscapeParams();
    return specs;
}

class LandscapeProcedure final : public Procedure {
public:
    explicit LandscapeProcedure(const Experiment& experiment)
        : project_(experiment.project) {
        const Params params(landscapeSpecs(), experiment.settings);
        wish_ = {.run = params.text("run"),
                 .directions = params.text("directions"),
                 .toward = params.text("toward"),
                 .alsoToward = params.text("also_toward"),
                 .seed = static_cast<std::uint64_t>(params.integer("seed"))};
        radius_ = params.real("radius");
        resolution_ = params.integer("resolution");
        samples_ = params.integer("samples");
        sharpness_ = params.integer("sharpness");
        paths_ = pathOptimizers(params.text("optimizers"));
        if (wish_.directions == "runs" &&
            (wish_.run.empty() || wish_.toward.empty() || wish_.alsoToward.empty()))
            throw Error("a plane between runs needs three of them: the center and two that its "
                        "directions lead to");
        if (wish_.directions == "path" && !wish_.run.empty())
            throw Error("a finished run has kept no path: name no run, and the network is "
                        "trained with its weights kept each epoch");
        if (wish_.run.empty() && paths_.empty())
            paths_.push_back({project_.training.optimizer.key, project_.training.optimizer, {}});
        if (project_.training.epochs() < 2 && wish_.directions == "path")
            throw Error("a path of {} epoch has no two directions", project_.training.epochs());
        // A path has a point each epoch.
        project_.training.params["early_stopping"] = false;
    }

    [[nodiscard]] Plan plan() const override {
        const auto epochs = project_.training.epochs();
        const auto trainings = static_cast<std::int64_t>(paths_.size());
        std::vector<std::string> steps;
        for (const auto& path : paths_)
            steps.push_back(fmt::format(
                "Train {} epochs with {}, keeping the weights of each.", epochs,
                path.name == path.optimizer.key ? optimizer(path.optimizer.key).title : path.name));
        steps.push_back(fmt::format("Measure the loss of {} samples at {} × {} places.", samples_,
                                    resolution_, resolution_));
        if (sharpness_ > 0)
            steps.push_back(
                fmt::format("Compute how sharp the minimum is, over {} samples.", sharpness_));
        return {trainings + 1 + resolution_ + (sharpness_ > 0 ? 1 : 0),
                costOfTraining() * static_cast<double>(trainings) +
                    static_cast<double>(resolution_ + 1 + (sharpness_ > 0 ? 1 : 0)),
                std::move(steps), static_cast<double>(trainings * epochs)};
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        const auto number = static_cast<std::int64_t>(done.size());
        const auto trainings = static_cast<std::int64_t>(paths_.size());
        if (number < trainings) {
            const auto& name = paths_[static_cast<std::size_t>(number)].name;
            return Trial{number,
                         "path of " + name,
                         {{"what", kTraining}, {"optimizer", name}},
                         costOfTraining()};
        }
        for (std::int64_t i = 0; i < trainings; ++i)
            if (done[static_cast<std::size_t>(i)].hasFailed())
                return {}; // there is no center, or a path is missing
        if (number == trainings)
            return Trial{number, "plane", {{"what", kPlane}}};
        if (done[static_cast<std::size_t>(trainings)].hasFailed())
            return {};
        const auto row = number - trainings - 1;
        if (row < resolution_)
            return Trial{number,
                         fmt::format("row {} of {}", row + 1, resolution_),
                         {{"what", kRow}, {"row", row}}};
        if (row == resolution_ && sharpness_ > 0)
            return Trial{number, "sharpness", {{"what", kSharpness}}};
        return {};
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& done,
                            const TrialContext& context) override {
        const auto what = trial.settings.at("what").get<std::string>();
        if (what == kTraining)
            return trainPath(trial, context);
        if (!plane_)
            plane_.emplace(project_, wish_, pathFolders(context.experiment), samples_,
                           context.stop);
        if (what == kPlane)
            return measurePaths(context);
        if (what == kRow)
            return measureRow(trial, done, context);
        return measureSharpness(context);
    }

    [[nodiscard]] Report report(const TrialResults& done) const override;

private:
    [[nodiscard]] double costOfTraining() const {
        return static_cast<double>(project_.training.epochs());
    }

    [[nodiscard]] std::vector<fs::path> pathFolders(const fs::path& experiment) const {
        std::vector<fs::path> folders;
        for (std::size_t i = 0; i < paths_.size(); ++i)
            folders.push_back(experiment / "trials" / fmt::format("{:04}", i));
        return folders;
    }

    /// Trains epoch by epoch, keeping the weights before the first and after each.
    [[nodiscard]] std::optional<Json> trainPath(const Trial& trial,
                                                const TrialContext& context) const {
        auto project = project_;
        const auto& path = paths_[static_cast<std::size_t>(trial.number)];
        project.training.optimizer = path.optimizer;
        if (path.learningRate)
            project.training.params["learning_rate"] = *path.learningRate;
        const auto epochs = project.training.epochs();
        std::optional<TrialTraining> training;
        for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) {
            const auto share = [&](std::int64_t done) {
                return static_cast<double>(done) / static_cast<double>(epochs);
            };
            training = trainTrial(project, context,
                                  {.resume = training ? training->run : fs::path(),
                                   .untilEpoch = epoch,
                                   .first = share(epoch - 1),
                                   .last = share(epoch)});
            if (!training)
                return {};
            throwIfStopped(context.stop);
            fs::copy_file(RunDirectory::open(training->run).lastWeights(),
                          pathFile(context.folder, epoch), fs::copy_options::overwrite_existing);
        }
        dropWeights(training->run);
        return Json{{"epochs", epochs}, {"loss", training->epochs.back().trainingLoss}};
    }

    /// Where the paths lie on the plane, and how far the surface has to reach.
    [[nodiscard]] std::optional<Json> measurePaths(const TrialContext& context) {
        double left = 0;
        double right = 0;
        double low = 0;
        double high = 0;
        Json paths = Json::array();
        double pointsInAll = 0;
        for (const auto& path : plane_->paths())
            pointsInAll += static_cast<double>(path.size());
        double measured = 0;
        for (std::size_t i = 0; i < plane_->paths().size(); ++i) {
            const auto& path = plane_->paths()[i];
            Json points = Json::array();
            for (std::size_t p = 0; p < path.size(); ++p) {
                if (context.progress)
                    context.progress(measured++ / pointsInAll, "paths");
                const auto place = plane_->place(path[p]);
                const auto loss = plane_->loss(path[p], context.stop);
                if (!loss)
                    return {};
                points.push_back({place.x, place.y, place.distance,
                                  std::isfinite(*loss) ? Json(*loss) : Json()});
                left = std::min(left, place.x);
                right = std::max(right, place.x);
                low = std::min(low, place.y);
                high = std::max(high, place.y);
            }
            paths.push_back({{"name", paths_[i].name}, {"points", std::move(points)}});
        }
        const auto center = plane_->loss(plane_->center(), context.stop);
        if (!center)
            return {};
        Json values = {{"paths", std::move(paths)},
                       {"center_loss", std::isfinite(*center) ? Json(*center) : Json()},
                       {"x_name", plane_->names()[0]},
                       {"y_name", plane_->names()[1]}};
        if (wish_.directions == "path") { // the paths, and as much around them
            const auto wide = radius_ * std::max(right - left, high - low) / 2;
            values["x"] = {left - wide, right + wide};
            values["y"] = {low - wide, high + wide};
        } else {
            values["x"] = {-radius_, radius_};
            values["y"] = {-radius_, radius_};
            if (wish_.directions == "runs") { // all three and as much around them
                values["x"] = {-radius_, 1 + radius_};
                values["y"] = {-radius_, 1 + radius_};
            }
        }
        return values;
    }

    [[nodiscard]] double placeOf(const Json& range, std::int64_t number) const {
        const auto first = range[0].get<double>();
        const auto last = range[1].get<double>();
        return first +
               (last - first) * static_cast<double>(number) / static_cast<double>(resolution_ - 1);
    }

    [[nodiscard]] std::optional<Json> measureRow(const Trial& trial, const TrialResults& done,
                                                 const TrialContext& context) {
        const auto& plane = done[paths_.size()].values;
        const auto y = placeOf(plane.at("y"), trial.settings.at("row").get<std::int64_t>());
        Json losses = Json::array();
        for (std::int64_t i = 0; i < resolution_; ++i) {
            if (context.progress)
                context.progress(static_cast<double>(i) / static_cast<double>(resolution_),
                                 trial.title);
            const auto loss = plane_->lossAt(placeOf(plane.at("x"), i), y, context.stop);
            if (!loss)
                return {};
            losses.push_back(std::isfinite(*loss) ? Json(*loss) : Json());
        }
        return Json{{"loss", std::move(losses)}};
    }

    [[nodiscard]] std::optional<Json> measureSharpness(const TrialContext& context) const {
        const Watch watch{context.stop, [&](double share) {
                              if (context.progress)
                                  context.progress(share, "sharpness");
                          }};
        try {
            auto probe = plane_->gradientProbe(sharpness_);
            const auto& center = plane_->center();
            constexpr std::int64_t kMostProducts = 100;
            constexpr double kTolerance = 1e-3;
            const auto found = gradwright::sharpness(
                [&](const std::vector<double>& direction) {
                    return probe.hessianTimes(center, direction, context.stop);
                },
                center.size(), kMostProducts, kTolerance, wish_.seed, watch);
            return Json{{"largest", found.largest},
                        {"smallest", found.smallest},
                        {"products", found.products},
                        {"converged", found.hasConverged},
                        {"samples", sharpness_}};
        } catch (const FitStopped&) {
            return {};
        }
    }

    Project project_;
    PlaneWish wish_;
    double radius_ = 1;
    std::int64_t resolution_ = 0;
    std::int64_t samples_ = 0;
    std::int64_t sharpness_ = 0;
    std::vector<PathOptimizer> paths_; ///< the first one's end is the center
    std::optional<LandscapePlane> plane_;
};

Report LandscapeProcedure::report(const TrialResults& done) const {
    Report report;
    report.title = "Cost surface: " + project_.name;
    for (const auto& result : done)
        if (result.hasFailed())
            report.paragraphs.push_back(result.trial.title + ": " + result.error);
    if (done.size() <= paths_.size() || done[paths_.size()].hasFailed()) {
        report.paragraphs.push_back(
            fmt::format("{} of {} trainings are done; nothing is measured yet.",
                        std::min(done.size(), paths_.size()), paths_.size()));
        return report;
    }
    const auto& plane = done[paths_.size()].values;
    auto& data = report.data;
    data = {{"x_name", plane.at("x_name")}, {"y_name", plane.at("y_name")},
            {"paths", plane.at("paths")},   {"center_loss", plane.at("center_loss")},
            {"x", Json::array()},           {"y", Json::array()},
            {"loss", Json::array()}};
    for (std::int64_t i = 0; i < resolution_; ++i) {
        data["x"].push_back(placeOf(plane.at("x"), i));
        data["y"].push_back(placeOf(plane.at("y"), i));
        data["loss"].push_back(Json(std::vector<Json>(static_cast<std::size_t>(resolution_))));
    }
    double least = std::numeric_limits<double>::infinity();
    double most = -least;
    std::int64_t rows = 0;
    for (const auto& result : done) {
        if (result.hasFailed())
            continue;
        const auto what = result.trial.settings.at("what").get<std::string>();
        if (what == kSharpness)
            data["sharpness"] = result.values;
        if (what != kRow)
            continue;
        ++rows;
        const auto row = result.trial.settings.at("row").get<std::size_t>();
        data["loss"][row] = result.values.at("loss");
        for (const auto& loss : result.values.at("loss"))
            if (loss.is_number()) {
                least = std::min(least, loss.get<double>());
                most = std::max(most, loss.get<double>());
            }
    }
    if (rows > 0)
        report.paragraphs.push_back(fmt::format(
            "Over {} × {} places the loss lies between {:.4g} and {:.4g}; at the center it is {}.",
            rows, resolution_, least, most,
            data["center_loss"].is_number()
                ? fmt::format("{:.4g}", data["center_loss"].get<double>())
                : "not finite"));
    if (data.contains("sharpness")) {
        const auto& found = data["sharpness"];
        report.paragraphs.push_back(fmt::format(
            "The largest eigenvalue of the Hessian at the center is {:.4g}, the smallest {:.4g}, "
            "over {} samples{}. Plain gradient descent is stable there below a learning rate of "
            "{:.3g}.",
            found.at("largest").get<double>(), found.at("smallest").get<double>(),
            found.at("samples").get<std::int64_t>(),
            found.at("converged").get<bool>() ? "" : " (not converged)",
            2 / found.at("largest").get<double>()));
    }
    ReportTable table{
        "Paths", {"Optimizer", "First loss", "Last loss", "Ends at", "Off the plane"}, {}};
    const auto number = [](const Json& value) {
        return value.is_number() ? fmt::format("{:.4g}", value.get<double>())
                                 : std::string("not finite");
    };
    for (const auto& path : data["paths"]) {
        const auto& end = path.at("points").back();
        table.rows.push_back({path.at("name").get<std::string>(),
                              number(path.at("points").front()[3]), number(end[3]),
                              fmt::format("{}, {}", number(end[0]), number(end[1])),
                              number(end[2])});
    }
    if (!table.rows.empty())
        report.tables.push_back(std::move(table));
    return report;
}

} // namespace

ExperimentKind landscapeKind() {
    return {"landscape", "Cost surface",
            "Measures the loss over a plane through the trained weights: how wide the minimum is, "
            "and how optimizers get there.",
            landscapeSpecs(), [](const Experiment& experiment) -> std::unique_ptr<Procedure> {
                return std::make_unique<LandscapeProcedure>(experiment);
            }};
}

} // namespace gradwright
