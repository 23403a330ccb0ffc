// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/landscape/landscape_plane.h"
#include "engine/lab/landscape/path_optimizers.h"
#include "engine/lab/landscape/traced_paths.h"

#include <optional>
#include <vector>

namespace gradwright {

/// [x, y, distance]
Json placeJson(const PlanePoint& place);

/// Trains the paths on a cost surface, an epoch a trial, and says after each where its weights lie.
class PathTraining {
public:
    PathTraining(const Project& project, std::vector<PathOptimizer> paths, PlaneWish wish)
        : project_(project)
        , paths_(std::move(paths))
        , wish_(std::move(wish)) {}

    [[nodiscard]] const std::vector<PathOptimizer>& paths() const { return paths_; }
    [[nodiscard]] std::int64_t epochs() const { return project_.training.epochs(); }
    /// Of all paths.
    [[nodiscard]] std::int64_t epochsInAll() const { return std::ssize(paths_) * epochs(); }

    /// The next epoch of a path as the trial of that number; nothing where all are trained.
    [[nodiscard]] std::optional<Trial> next(const std::vector<TracedPath>& traced,
                                            std::int64_t number) const;
    /// Trains it and keeps its weights in the trial's folder. Returns what tracedPaths() reads, or
    /// nothing when stopped. The plane is chosen as soon as its center is there. Throws Error.
    std::optional<Json> run(const Trial& trial, std::vector<TracedPath> traced,
                            LandscapePlane& plane, const TrialContext& context);

private:
    bool tellPlace(Json& values, const std::vector<TracedPath>& traced,
                   const std::filesystem::path& file, LandscapePlane& plane,
                   const TrialContext& context);
    std::vector<double> productsWith(const LandscapePlane& plane,
                                     const std::vector<std::vector<std::filesystem::path>>& files,
                                     const Weights& weights, const std::stop_token& stop);

    Project project_;
    std::vector<PathOptimizer> paths_; ///< the first one's end is the center where no run is named
    PlaneWish wish_;
    std::vector<std::vector<double>> ways_; ///< from the first weights to the points so far
};

} // namespace gradwright
