// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/landscape_plane.h"

#include "engine/ensembles/member.h"
#include "engine/project/runs.h"
#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/support/stopped.h"
#include "engine/support/system_memory.h"
#include "engine/training/checkpoint.h"
#include "engine/training/start_weights.h"

#include <fmt/format.h>

#include <algorithm>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

Weights weightsOfRunAt(const fs::path& run) {
    return readCheckpointWeights(weightsOfRun(RunDirectory::open(run)));
}

/// The direction between weights. Throws Error where they are the same.
std::vector<double> between(const std::vector<double>& from, const std::vector<double>& to,
                            const std::string& name) {
    std::vector<double> made(from.size());
    std::ranges::transform(to, from, made.begin(), std::minus());
    if (std::ranges::all_of(made, [](double off) { return !(off < 0) && !(off > 0); }))
        throw Error("{} has the weights of the center, so it gives no direction", name);
    return made;
}

} // namespace

fs::path pathFile(const fs::path& folder, std::int64_t epoch) {
    return folder / fmt::format("epoch-{:04}.safetensors", epoch);
}

LandscapePlane::LandscapePlane(const Project& project, const PlaneWish& wish,
                               const std::vector<fs::path>& paths, std::int64_t samples,
                               const std::stop_token& stop)
    : project_(project)
    , data_(wish.run.empty() ? openDataset(project.data) : Member(wish.run).data())
    , seed_(wish.seed)
    , probe_(project, data_, probeSamples(data_, project.data, samples, wish.seed), stop)
    , space_(probe_.specs()) {
    if (space_.size() == 0)
        throw Error("the network has no weights that learn, so its loss is one number");
    readCenter(wish, paths, stop);
    choose(wish, stop);
}

void LandscapePlane::readCenter(const PlaneWish& wish, const std::vector<fs::path>& paths,
                                const std::stop_token& stop) {
    throwIfStopped(stop);
    const auto first = space_.flat(
        startWeightsOf(probe_.specs(), project_.training.seed(), project_.startWeights));
    const auto points = static_cast<std::size_t>(project_.training.epochs() + 1) * paths.size();
    const auto bytes = static_cast<std::int64_t>(points * space_.size() * sizeof(double));
    const auto available = availableMemory();
    if (available && bytes > *available)
        throw Error("{} points of paths with {} weights each take {}, and {} of memory are free: "
                    "train for fewer epochs, or draw fewer paths",
                    points, space_.size(), bytesText(bytes), bytesText(*available));
    for (const auto& folder : paths) {
        std::vector<std::vector<double>> path{first};
        for (std::int64_t epoch = 1; epoch <= project_.training.epochs(); ++epoch) {
            throwIfStopped(stop);
            auto weights = readCheckpointWeights(pathFile(folder, epoch));
            path.push_back(space_.flat(weights));
            if (paths_.empty())
                trained_ = std::move(weights); // in the end that of the last epoch
        }
        paths_.push_back(std::move(path));
    }
    if (!wish.run.empty())
        trained_ = weightsOfRunAt(wish.run);
    center_ = space_.flat(trained_);
}

void LandscapePlane::choose(const PlaneWish& wish, const std::stop_token& stop) {
    throwIfStopped(stop);
    if (wish.directions == "path") {
        std::vector<std::vector<double>> all;
        for (const auto& path : paths_)
            all.insert(all.end(), path.begin(), path.end());
        auto found = principalDirections(all, center_);
        first_ = std::move(found.first);
        second_ = std::move(found.second);
        names_ = {fmt::format("component 1, {:.1f} % of the path", 100 * found.firstShare),
                  fmt::format("component 2, {:.1f} % of the path", 100 * found.secondShare)};
    } else if (wish.directions == "runs") {
        first_ = between(center_, space_.flat(weightsOfRunAt(wish.toward)), wish.toward);
        second_ = between(center_, space_.flat(weightsOfRunAt(wish.alsoToward)), wish.alsoToward);
        names_ = {"toward " + fs::path(wish.toward).filename().string(),
                  "toward " + fs::path(wish.alsoToward).filename().string()};
    } else {
        first_ = filterNormalizedDirection(space_, center_, wish.seed, 1, stop);
        second_ = filterNormalizedDirection(space_, center_, wish.seed, 2, stop);
        names_ = {"random direction 1", "random direction 2"};
    }
    static_cast<void>(place(center_)); // throws where they span no plane
}

std::optional<double> LandscapePlane::loss(const std::vector<double>& weights,
                                           const std::stop_token& stop) {
    return probe_.loss(space_.weights(weights, trained_), stop);
}

std::optional<double> LandscapePlane::lossAt(double x, double y, const std::stop_token& stop) {
    return loss(pointOf(center_, first_, second_, x, y), stop);
}

GradientProbe LandscapePlane::gradientProbe(std::int64_t samples) const {
    GradientProbe probe(project_, data_, probeSamples(data_, project_.data, samples, seed_));
    probe.setOthers(trained_);
    return probe;
}

} // namespace gradwright
