// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/landscape_plane.h"

#include "engine/ensembles/member.h"
#include "engine/lab/landscape/traced_paths.h"
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

std::array<std::string, 2> axisNames(const PlaneWish& wish) {
    if (wish.directions == "runs")
        return {"toward " + fs::path(wish.toward).filename().string(),
                "toward " + fs::path(wish.alsoToward).filename().string()};
    return {"random direction 1", "random direction 2"};
}

LandscapePlane::LandscapePlane(const Project& project, const PlaneWish& wish, std::int64_t samples,
                               const std::stop_token& stop)
    : project_(project)
    , wish_(wish)
    , data_(wish.run.empty() ? openDataset(project.data) : Member(wish.run).data())
    , probe_(project, data_, probeSamples(data_, project.data, samples, wish.seed), stop)
    , space_(probe_.specs()) {
    if (space_.size() == 0)
        throw Error("the network has no weights that learn, so its loss is one number");
    throwIfStopped(stop);
    start_ = startWeightsOf(probe_.specs(), project_.training.seed(), project_.startWeights);
    if (wish.run.empty())
        return;
    trained_ = weightsOfRunAt(wish.run);
    span({}, stop);
}

void LandscapePlane::requireRoomFor(std::int64_t points) const {
    const auto bytes = points * static_cast<std::int64_t>(space_.size()) *
                       static_cast<std::int64_t>(sizeof(double));
    const auto available = availableMemory();
    if (available && bytes > *available)
        throw Error("{} points of paths with {} weights each take {}, and {} of memory are free: "
                    "train for fewer epochs, or draw fewer paths",
                    points, space_.size(), bytesText(bytes), bytesText(*available));
}

void LandscapePlane::choose(const std::vector<std::vector<fs::path>>& paths,
                            const std::stop_token& stop) {
    if (isKnown())
        return;
    std::vector<std::vector<double>> points;
    if (wish_.directions == "path") { // else the end of the first one is all that is looked at
        std::size_t count = paths.size();
        for (const auto& path : paths)
            count += path.size();
        requireRoomFor(static_cast<std::int64_t>(count));
        for (const auto& path : paths) {
            points.push_back(space_.flat(start_));
            for (const auto& file : path) {
                throwIfStopped(stop);
                points.push_back(space_.flat(readCheckpointWeights(file)));
            }
        }
    }
    trained_ = readCheckpointWeights(paths.front().back());
    span(points, stop);
}

void LandscapePlane::span(const std::vector<std::vector<double>>& points,
                          const std::stop_token& stop) {
    throwIfStopped(stop);
    auto center = space_.flat(trained_);
    if (wish_.directions == "path") {
        auto found = principalDirections(points, center);
        const auto turn = [&](std::vector<double>& direction, bool isFirst) {
            std::vector<double> coordinates;
            for (const auto& point : points) {
                const auto place = projected(point, center, found.first, found.second);
                coordinates.push_back(isFirst ? place.x : place.y);
            }
            if (wish_.turnsComponents && isTurned(coordinates))
                for (auto& number : direction)
                    number = -number;
        };
        turn(found.first, true);
        turn(found.second, false);
        first_ = std::move(found.first);
        second_ = std::move(found.second);
        names_ = {fmt::format("component 1, {:.1f} % of the path", 100 * found.firstShare),
                  fmt::format("component 2, {:.1f} % of the path", 100 * found.secondShare)};
    } else if (wish_.directions == "runs") {
        first_ = between(center, space_.flat(weightsOfRunAt(wish_.toward)), wish_.toward);
        second_ = between(center, space_.flat(weightsOfRunAt(wish_.alsoToward)), wish_.alsoToward);
        names_ = axisNames(wish_);
    } else {
        first_ = filterNormalizedDirection(space_, center, wish_.seed, 1, stop);
        second_ = filterNormalizedDirection(space_, center, wish_.seed, 2, stop);
        names_ = axisNames(wish_);
    }
    static_cast<void>(projected(center, center, first_, second_)); // throws without a plane
    center_ = std::move(center);
}

std::optional<double> LandscapePlane::loss(const Weights& weights, const std::stop_token& stop) {
    return isKnown() ? probe_.loss(space_.weights(space_.flat(weights), trained_), stop)
                     : probe_.loss(weights, stop);
}

std::optional<double> LandscapePlane::lossAt(double x, double y, const std::stop_token& stop) {
    return probe_.loss(space_.weights(pointOf(center_, first_, second_, x, y), trained_), stop);
}

GradientProbe LandscapePlane::gradientProbe(std::int64_t samples) const {
    GradientProbe probe(project_, data_, probeSamples(data_, project_.data, samples, wish_.seed));
    probe.setOthers(trained_);
    return probe;
}

} // namespace gradwright
