// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/landscape.h"

#include "engine/lab/experiment.h"
#include "engine/lab/landscape/landscape_plane.h"
#include "engine/lab/landscape/loss_probe.h"
#include "engine/lab/landscape/path_optimizers.h"
#include "engine/lab/landscape/path_training.h"
#include "engine/lab/landscape/sharpness.h"
#include "engine/lab/landscape/traced_paths.h"
#include "engine/support/error.h"
#include "engine/support/stopped.h"
#include "engine/training/checkpoint.h"
#include "engine/training/recipes/optimizers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

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
        auto paths = pathOptimizers(params.text("optimizers"));
        if (wish_.directions == "runs" &&
            (wish_.run.empty() || wish_.toward.empty() || wish_.alsoToward.empty()))
            throw Error("a plane between runs needs three of them: the center and two that its "
                        "directions lead to");
        if (wish_.directions == "path" && !wish_.run.empty())
            throw Error("a finished run has kept no path: name no run, and the network is "
                        "trained with its weights kept each epoch");
        if (wish_.run.empty() && paths.empty())
            paths.push_back({project_.training.optimizer.key, project_.training.optimizer, {}});
        if (project_.training.epochs() < 2 && wish_.directions == "path")
            throw Error("a path of {} epoch has no two directions", project_.training.epochs());
        // A path has a point each epoch.
        project_.training.params["early_stopping"] = false;
        paths_.emplace(project_, std::move(paths), wish_);
    }

    [[nodiscard]] Plan plan() const override {
        std::vector<std::string> steps;
        for (const auto& path : paths_->paths())
            steps.push_back(fmt::format(
                "Train {} epochs with {}, keeping the weights of each.", epochs(),
                path.name == path.optimizer.key ? optimizer(path.optimizer.key).title : path.name));
        steps.push_back(fmt::format("Measure the loss of {} samples at {} × {} places.", samples_,
                                    resolution_, resolution_));
        if (sharpness_ > 0)
            steps.push_back(
                fmt::format("Compute how sharp the minimum is, over {} samples.", sharpness_));
        const auto trials = paths_->epochsInAll() + 1 + resolution_ + (sharpness_ > 0 ? 1 : 0);
        return {trials, static_cast<double>(trials), std::move(steps),
                static_cast<double>(paths_->epochsInAll())};
    }

    [[nodiscard]] std::optional<Trial> next(const TrialResults& done) const override {
        std::int64_t rows = 0;
        bool hasPlane = false;
        bool hasSharpness = false;
        for (const auto& result : done) {
            const auto what = result.trial.settings.at("what").get<std::string>();
            if (result.hasFailed() && (what == kPathTrial || what == kPlaneTrial))
                return {}; // there is no center, or a path is missing
            rows += what == kRowTrial ? 1 : 0;
            hasPlane = hasPlane || what == kPlaneTrial;
            hasSharpness = hasSharpness || what == kSharpnessTrial;
        }
        const auto number = static_cast<std::int64_t>(done.size());
        if (!hasPlane) {
            if (auto epoch = paths_->next(tracedPaths(done, epochs()), number))
                return epoch;
            return Trial{number, "plane", {{"what", kPlaneTrial}}};
        }
        if (rows < resolution_)
            return Trial{number,
                         fmt::format("row {} of {}", rows + 1, resolution_),
                         {{"what", kRowTrial}, {"row", rows}}};
        if (!hasSharpness && sharpness_ > 0)
            return Trial{number, "sharpness", {{"what", kSharpnessTrial}}};
        return {};
    }

    std::optional<Json> run(const Trial& trial, const TrialResults& done,
                            const TrialContext& context) override {
        const auto what = trial.settings.at("what").get<std::string>();
        if (what == kPathTrial)
            return paths_->run(trial, tracedPaths(done, epochs()), openPlane(true, context.stop),
                               context);
        const auto* const measured = planeOf(done);
        auto& plane = openPlane(!measured || measured->contains("turned"), context.stop);
        plane.choose(filesOf(tracedPaths(done, epochs()), context.experiment), context.stop);
        if (what == kPlaneTrial)
            return measurePaths(done, context);
        if (what == kRowTrial)
            return measureRow(trial, *measured, context);
        return measureSharpness(context);
    }

    [[nodiscard]] Report report(const TrialResults& done) const override;

private:
    void reportPaths(Report& report, const TrialResults& done) const;
    static void addPathTable(Report& report);
    [[nodiscard]] std::int64_t epochs() const { return project_.training.epochs(); }

    /// The values of the plane's trial; nullptr where it is not done.
    static const Json* planeOf(const TrialResults& done) {
        const auto found = std::ranges::find_if(done, [](const TrialResult& result) {
            return !result.hasFailed() && result.trial.settings.at("what") == kPlaneTrial;
        });
        return found == done.end() ? nullptr : &found->values;
    }

    LandscapePlane& openPlane(bool turnsComponents, const std::stop_token& stop) {
        if (!plane_) {
            auto wish = wish_;
            wish.turnsComponents = turnsComponents;
            plane_.emplace(project_, wish, samples_, stop);
        }
        return *plane_;
    }

    /// From where to where the surface reaches, where the paths do not decide about it.
    [[nodiscard]] std::pair<double, double> reach() const {
        // Between runs all three and as much around them.
        return {-radius_, wish_.directions == "runs" ? 1 + radius_ : radius_};
    }

    /// Where the paths lie on the plane, and how far the surface has to reach.
    [[nodiscard]] std::optional<Json> measurePaths(const TrialResults& done,
                                                   const TrialContext& context) {
        double left = 0;
        double right = 0;
        double low = 0;
        double high = 0;
        Json paths = Json::array();
        const auto traced = tracedPaths(done, epochs());
        const auto pointsInAll = static_cast<double>(std::ssize(traced) * (epochs() + 1));
        double measured = 0;
        for (const auto& path : traced) {
            Json points = Json::array();
            for (std::size_t p = 0; p < path.points.size(); ++p) {
                if (context.progress)
                    context.progress(measured++ / pointsInAll, "paths");
                const auto weights =
                    p == 0 ? plane_->start()
                           : readCheckpointWeights(context.experiment / path.files[p - 1]);
                const auto place = plane_->place(weights);
                const auto loss = plane_->loss(weights, context.stop);
                if (!loss)
                    return {};
                points.push_back({place.x, place.y, place.distance,
                                  std::isfinite(*loss) ? Json(*loss) : Json()});
                left = std::min(left, place.x);
                right = std::max(right, place.x);
                low = std::min(low, place.y);
                high = std::max(high, place.y);
            }
            paths.push_back({{"name", path.name}, {"points", std::move(points)}});
        }
        const auto center = plane_->lossAt(0, 0, context.stop);
        if (!center)
            return {};
        Json values = {{"paths", std::move(paths)},
                       {"center_loss", std::isfinite(*center) ? Json(*center) : Json()},
                       {"turned", true},
                       {"x_name", plane_->names()[0]},
                       {"y_name", plane_->names()[1]}};
        if (wish_.directions == "path") { // the paths, and as much around them
            const auto wide = radius_ * std::max(right - left, high - low) / 2;
            values["x"] = {left - wide, right + wide};
            values["y"] = {low - wide, high + wide};
        } else {
            values["x"] = {reach().first, reach().second};
            values["y"] = values["x"];
        }
        return values;
    }

    [[nodiscard]] double placeOf(const Json& range, std::int64_t number) const {
        const auto first = range[0].get<double>();
        const auto last = range[1].get<double>();
        return first +
               (last - first) * static_cast<double>(number) / static_cast<double>(resolution_ - 1);
    }

    [[nodiscard]] std::optional<Json> measureRow(const Trial& trial, const Json& plane,
                                                 const TrialContext& context) {
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
    std::optional<PathTraining> paths_;
    std::optional<LandscapePlane> plane_;
};

Report LandscapeProcedure::report(const TrialResults& done) const {
    Report report;
    report.title = "Cost surface: " + project_.name;
    for (const auto& result : done)
        if (result.hasFailed())
            report.paragraphs.push_back(result.trial.title + ": " + result.error);
    const auto* const measured = planeOf(done);
    if (!measured) {
        reportPaths(report, done);
        return report;
    }
    const auto& plane = *measured;
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
        if (what == kSharpnessTrial)
            data["sharpness"] = result.values;
        if (what != kRowTrial)
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
    addPathTable(report);
    return report;
}

/// While the paths are trained.
void LandscapeProcedure::reportPaths(Report& report, const TrialResults& done) const {
    const auto traced = tracedPaths(done, epochs());
    std::int64_t trained = 0;
    for (const auto& path : traced)
        trained += std::ssize(path.points) - 1;
    report.paragraphs.push_back(
        paths_->epochsInAll() == 0
            ? std::string("Nothing is measured yet.")
            : fmt::format("{} of {} epochs are trained; the surface is not measured yet.", trained,
                          paths_->epochsInAll()));
    const auto names = axisNames(wish_);
    report.data = tracedData(traced, epochs(), {names[0], names[1]});
    if (report.data.contains("provisional"))
        report.paragraphs.push_back(
            wish_.directions == "path"
                ? "The paths lie in the plane of all their points so far, which turns as points "
                  "come; that of the surface is known when the last training has ended."
                : "The path lies in the plane of its points so far, which turns as points come; "
                  "the surface goes through its end, so its plane is known when that is there.");
    else if (report.data.contains("paths")) // the frame of the surface that is to come
        for (const auto* const axis : {"x", "y"})
            report.data[axis] = {reach().first, reach().second};
    addPathTable(report);
}

void LandscapeProcedure::addPathTable(Report& report) {
    ReportTable table{
        "Paths", {"Optimizer", "First loss", "Last loss", "Ends at", "Off the plane"}, {}};
    const auto number = [](const Json& value) {
        return value.is_number() ? fmt::format("{:.4g}", value.get<double>())
                                 : std::string("not finite");
    };
    for (const auto& path : report.data.value("paths", Json::array())) {
        const auto& end = path.at("points").back();
        table.rows.push_back({path.at("name").get<std::string>(),
                              number(path.at("points").front()[3]), number(end[3]),
                              fmt::format("{}, {}", number(end[0]), number(end[1])),
                              number(end[2])});
    }
    if (!table.rows.empty())
        report.tables.push_back(std::move(table));
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
