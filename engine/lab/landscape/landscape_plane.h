// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/landscape/loss_probe.h"
#include "engine/lab/landscape/weight_space.h"

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// Which plane of the space of weights.
struct PlaneWish {
    std::string run{};                  ///< whose best weights are the center; empty: a path's end
    std::string directions = "random";  ///< "random", "path", "runs"
    std::string toward{}, alsoToward{}; ///< of "runs"
    std::uint64_t seed = 1;
    /// Principal components have the signs that isTurned() gives them; older experiments have those
    /// of the decomposition.
    bool turnsComponents = true;
};

/// Names of the axes where they depend on the wish alone: not for "path".
std::array<std::string, 2> axisNames(const PlaneWish& wish);

/// The weights of a path after an epoch, counted from 1.
std::filesystem::path pathFile(const std::filesystem::path& folder, std::int64_t epoch);

/// A plane through trained weights, and the loss over it.
class LandscapePlane {
public:
    /// Where a run is named, the plane is known at once; else choose() has to find it. Throws
    /// Error, and WorkStopped when stopped.
    LandscapePlane(const Project& project, const PlaneWish& wish, std::int64_t samples,
                   const std::stop_token& stop = {});

    /// Finds the plane: `paths` are the files of each path's weights, an epoch a file; the end of
    /// the first is the center where no run is named, and "path" looks at all of them. Throws Error
    /// and WorkStopped.
    void choose(const std::vector<std::vector<std::filesystem::path>>& paths,
                const std::stop_token& stop = {});
    [[nodiscard]] bool isKnown() const { return !center_.empty(); }

    [[nodiscard]] const std::vector<double>& center() const { return center_; }
    [[nodiscard]] const std::vector<double>& first() const { return first_; }
    [[nodiscard]] const std::vector<double>& second() const { return second_; }
    /// "random direction 1", "component 1, 93 % of the path".
    [[nodiscard]] const std::array<std::string, 2>& names() const { return names_; }

    /// The weights before the first step, with which all paths begin.
    [[nodiscard]] const Weights& start() const { return start_; }
    /// The numbers of the weights that learn.
    [[nodiscard]] std::vector<double> flat(const Weights& weights) const {
        return space_.flat(weights);
    }
    [[nodiscard]] PlanePoint place(const Weights& weights) const {
        return projected(space_.flat(weights), center_, first_, second_);
    }
    /// What lies on the plane has the running statistics of the center; before it is known, its
    /// own. Nothing when stopped.
    std::optional<double> loss(const Weights& weights, const std::stop_token& stop);
    std::optional<double> lossAt(double x, double y, const std::stop_token& stop);
    /// Over so many samples, ready for the center.
    [[nodiscard]] GradientProbe gradientProbe(std::int64_t samples) const;
    /// Throws Error where so many points do not fit into the memory.
    void requireRoomFor(std::int64_t points) const;

private:
    void span(const std::vector<std::vector<double>>& points, const std::stop_token& stop);

    Project project_;
    PlaneWish wish_;
    Dataset data_;
    LossProbe probe_;
    WeightSpace space_;
    Weights start_;
    Weights trained_; ///< the center, with what does not learn
    std::vector<double> center_, first_, second_;
    std::array<std::string, 2> names_;
};

} // namespace gradwright
