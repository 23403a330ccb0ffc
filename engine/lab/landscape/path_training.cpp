// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/path_training.h"

#include "engine/io/run_directory.h"
#include "engine/lab/train_trial.h"
#include "engine/support/error.h"
#include "engine/support/stopped.h"
#include "engine/training/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

void copyWeights(const fs::path& from, const fs::path& to) {
    std::error_code failure;
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, failure);
    if (failure)
        throw Error("{}: cannot be copied to {} ({})", from.string(), to.string(),
                    failure.message());
}

} // namespace

Json placeJson(const PlanePoint& place) {
    return {place.x, place.y, place.distance};
}

std::optional<Trial> PathTraining::next(const std::vector<TracedPath>& traced,
                                        std::int64_t number) const {
    const auto reached = traced.empty() ? 0 : std::ssize(traced.back().points) - 1;
    const bool isNew = traced.empty() || reached == epochs();
    const auto path = isNew ? traced.size() : traced.size() - 1;
    if (path == paths_.size())
        return {};
    const auto epoch = isNew ? 1 : reached + 1;
    const auto& name = paths_[path].name;
    return Trial{number,
                 fmt::format("path of {}, epoch {} of {}", name, epoch, epochs()),
                 {{"what", kPathTrial}, {"optimizer", name}, {"path", path}, {"epoch", epoch}}};
}

std::optional<Json> PathTraining::run(const Trial& trial, std::vector<TracedPath> traced,
                                      LandscapePlane& plane, const TrialContext& context) {
    const auto epoch = trial.settings.at("epoch").get<std::int64_t>();
    const auto& path = paths_[trial.settings.at("path").get<std::size_t>()];
    auto project = project_;
    project.training.optimizer = path.optimizer;
    if (path.learningRate)
        project.training.params["learning_rate"] = *path.learningRate;
    TrialTrainingOptions options{.untilEpoch = epoch};
    if (epoch > 1) {
        // As the epoch before left it: this one may have been begun and given up.
        options.resume = context.experiment / traced.back().run;
        copyWeights(context.experiment / traced.back().files.back(),
                    RunDirectory::open(options.resume).lastWeights());
    }
    auto within = context;
    within.progress = [&](double share, const std::string& /*note*/) {
        // Of the whole training it is the share of all epochs so far; the title has their number.
        if (context.progress)
            context.progress(share * static_cast<double>(epoch) - static_cast<double>(epoch - 1),
                             {});
    };
    const auto training = trainTrial(project, within, options);
    if (!training)
        return {};
    throwIfStopped(context.stop);
    const auto file = pathFile(context.folder, epoch);
    copyWeights(RunDirectory::open(training->run).lastWeights(), file);
    Json values = {{"loss", training->epochs.back().trainingLoss}};
    if (epoch == 1) {
        values["run"] = fs::relative(training->run, context.experiment).generic_string();
        traced.push_back({path.name, {{}}, {}, {}});
    }
    if (!tellPlace(values, traced, file, plane, context))
        return {};
    if (epoch == epochs())
        dropWeights(training->run);
    return values;
}

/// What tracedPaths() reads of an epoch whose weights are in `file`, the next ones of the last
/// path. False when stopped.
bool PathTraining::tellPlace(Json& values, const std::vector<TracedPath>& traced,
                             const fs::path& file, LandscapePlane& plane,
                             const TrialContext& context) {
    auto files = filesOf(traced, context.experiment);
    if (traced.size() > 1 && wish_.directions != "path")
        plane.choose(files, context.stop);
    const auto measure = [&](Json& into, const Weights& weights) {
        const auto loss = plane.loss(weights, context.stop);
        into["surface_loss"] = loss && std::isfinite(*loss) ? Json(*loss) : Json();
        if (plane.isKnown())
            into["place"] = placeJson(plane.place(weights));
        return loss.has_value();
    };
    const auto weights = readCheckpointWeights(file);
    if (traced.size() == 1 && files.back().empty() && !measure(values["start"], plane.start()))
        return false;
    if (!measure(values, weights))
        return false;
    if (plane.isKnown())
        return true;
    values["products"] = productsWith(plane, files, weights, context.stop);
    files.back().push_back(file);
    if (wish_.directions == "path" || std::ssize(files.back()) < epochs())
        return true;
    plane.choose(files, context.stop); // it ends here, and the center is known
    values["places"] = Json::array();
    values["places"].push_back(placeJson(plane.place(plane.start())));
    for (const auto& each : files.back())
        values["places"].push_back(placeJson(plane.place(readCheckpointWeights(each))));
    return true;
}

/// The products of the way from the first weights to these with the ways to all before.
std::vector<double> PathTraining::productsWith(const LandscapePlane& plane,
                                               const std::vector<std::vector<fs::path>>& files,
                                               const Weights& weights,
                                               const std::stop_token& stop) {
    const auto start = plane.flat(plane.start());
    const auto wayTo = [&](const Weights& end) {
        auto way = plane.flat(end);
        std::ranges::transform(way, start, way.begin(), std::minus());
        return way;
    };
    std::size_t number = 0;
    for (const auto& path : files)
        for (const auto& file : path) {
            throwIfStopped(stop);
            if (number++ >= ways_.size()) // an experiment that is resumed
                ways_.push_back(wayTo(readCheckpointWeights(file)));
        }
    ways_.resize(number);
    plane.requireRoomFor(epochsInAll() - std::ssize(ways_));
    ways_.push_back(wayTo(weights));
    std::vector<double> products;
    for (const auto& way : ways_)
        products.push_back(std::inner_product(way.begin(), way.end(), ways_.back().begin(), 0.0));
    return products;
}

} // namespace gradwright
