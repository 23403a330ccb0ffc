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
};

/// The weights of a path after an epoch, counted from 1.
std::filesystem::path pathFile(const std::filesystem::path& folder, std::int64_t epoch);

/// A plane through trained weights, and the loss over it.
class LandscapePlane {
public:
    /// `paths` are the folders with the weights of trainings, each epoch's; the end of the first is
    /// the center where no run is named. Throws Error, and WorkStopped when stopped.
    LandscapePlane(const Project& project, const PlaneWish& wish,
                   const std::vector<std::filesystem::path>& paths, std::int64_t samples,
                   const std::stop_token& stop = {});

    [[nodiscard]] const std::vector<double>& center() const { return center_; }
    [[nodiscard]] const std::vector<double>& first() const { return first_; }
    [[nodiscard]] const std::vector<double>& second() const { return second_; }
    /// "random direction 1", "component 1, 93 % of the path".
    [[nodiscard]] const std::array<std::string, 2>& names() const { return names_; }
    /// From the weights before the first step on.
    [[nodiscard]] const std::vector<std::vector<std::vector<double>>>& paths() const {
        return paths_;
    }
    [[nodiscard]] PlanePoint place(const std::vector<double>& weights) const {
        return projected(weights, center_, first_, second_);
    }
    /// Of any weights. Nothing when stopped.
    std::optional<double> loss(const std::vector<double>& weights, const std::stop_token& stop);
    std::optional<double> lossAt(double x, double y, const std::stop_token& stop);
    /// Over so many samples, ready for the center.
    [[nodiscard]] GradientProbe gradientProbe(std::int64_t samples) const;

private:
    void readCenter(const PlaneWish& wish, const std::vector<std::filesystem::path>& paths,
                    const std::stop_token& stop);
    void choose(const PlaneWish& wish, const std::stop_token& stop);

    Project project_;
    Dataset data_;
    std::uint64_t seed_;
    LossProbe probe_;
    WeightSpace space_;
    Weights trained_; ///< with what does not learn
    std::vector<double> center_, first_, second_;
    std::vector<std::vector<std::vector<double>>> paths_;
    std::array<std::string, 2> names_;
};

} // namespace gradwright
