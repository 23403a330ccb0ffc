// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/landscape/weight_space.h"
#include "engine/lab/procedure.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// Weights on the way of an optimizer: before the first step, or after an epoch.
struct TracedPoint {
    std::optional<PlanePoint> place;   ///< nothing where the plane was not known yet
    std::optional<double> loss;        ///< infinity where it is not finite
    std::vector<double> products = {}; ///< see tracedPaths()
};

/// What the finished trials hold of an optimizer's path.
struct TracedPath {
    std::string name;
    std::vector<TracedPoint> points; ///< from the weights before the first step on
    /// Of all points but the first, below the experiment's folder.
    std::vector<std::filesystem::path> files;
    std::filesystem::path run; ///< the folder of its training, below the experiment's
};

/// What the trials of a cost surface are, as their settings say under "what".
inline constexpr auto kPathTrial = "training"; ///< an epoch of a path
inline constexpr auto kPlaneTrial = "plane";
inline constexpr auto kRowTrial = "row";
inline constexpr auto kSharpnessTrial = "sharpness";

/// The paths in the order in which they were trained. The values of an epoch's trial have
/// "surface_loss" (null: not finite); "place" ([x, y, distance]) where the plane was known, or else
/// "products": of the way from the first weights to these with the ways to all points before them
/// and with itself. The trial in which the plane became known has "places", those of all points of
/// its path; the first trial of all has "start" for the weights before the first step. Older
/// experiments have a trial for all `epochs` of a path, of which no point is known.
std::vector<TracedPath> tracedPaths(const TrialResults& done, std::int64_t epochs);

/// The files of each path in an experiment's folder.
std::vector<std::vector<std::filesystem::path>> filesOf(const std::vector<TracedPath>& paths,
                                                        const std::filesystem::path& experiment);

/// Report::data while the paths are trained: "paths", "x_name" and "y_name". Where the plane is not
/// known yet, they lie in that of the principal components of all points so far, and "provisional"
/// is true. Empty where nothing is known.
Json tracedData(const std::vector<TracedPath>& paths, std::int64_t epochs,
                const std::vector<std::string>& names);

/// The places of points in the plane of their principal components, from products of vectors alone.
struct PrincipalPlaces {
    std::vector<PlanePoint> places;
    double firstShare = 0, secondShare = 0; ///< shares of the squared distances
};
/// `products` is the symmetric matrix of the products of all points, wherever their origin lies;
/// the point `center` comes to (0, 0). The same as principalDirections() with project(), turned by
/// isTurned(). All are at (0, 0) where none is away from the center.
PrincipalPlaces principalPlaces(const std::vector<std::vector<double>>& products,
                                std::size_t center);
/// A principal component has no sign of its own. True where the coordinates on it have to change
/// theirs, so that the farthest point lies to the left, or below, and paths come from there.
bool isTurned(const std::vector<double>& coordinates);

} // namespace gradwright
