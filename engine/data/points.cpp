// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/points.h"

#include "engine/support/rng.h"

#include <cmath>
#include <numbers>

namespace gradwright {
namespace {

using std::numbers::pi;

constexpr double kRadius = 3;   // gives inputs of about unit variance
constexpr double kTurns = 1.75; // of a spiral's arm
constexpr double kFree = 0.05;
constexpr double kDisk = 0.4;      // radius
constexpr double kRingInner = 0.7; // radii
constexpr double kRingOuter = 1.0;
constexpr double kCentres = 0.65;   // radius of the circle of clouds
constexpr std::int32_t kFields = 4; // of a checkerboard's side
constexpr std::uint64_t kDrawsAPoint = 8;

struct Place {
    double x;
    double y;
    double gap; ///< to the next class
};

/// Uniform over a ring's area (a disk has the inner radius 0).
Place ring(double inner, double outer, double u, double v) {
    const double radius = std::sqrt(inner * inner + u * (outer * outer - inner * inner));
    return {radius * std::cos(2 * pi * v), radius * std::sin(2 * pi * v), kRingInner - kDisk};
}

Place quadrant(std::int32_t label, double u, double v, double side) {
    // Two of the four belong to a class.
    const double sign = v < 0.5 ? -1 : 1;
    // A little free along the axes, so that noise mixes few.
    const double x = kFree + (1 - kFree) * u;
    const double y = sign * (kFree + (1 - kFree) * std::abs(2 * v - 1));
    const double mirrored = label == 0 ? sign * x : -sign * x;
    return {mirrored, y, side};
}

Place field(std::int32_t label, double u, double v, double choice) {
    constexpr int kHalf = kFields * kFields / 2;
    const int which = static_cast<int>(choice * kHalf);
    const int row = which / (kFields / 2);
    const int column = 2 * (which % (kFields / 2)) + (row + label) % 2;
    constexpr double kSide = 2.0 / kFields;
    return {-1 + (column + u) * kSide, -1 + (row + v) * kSide, kSide};
}

Place place(const PointSetOptions& options, std::int32_t label, const Rng& rng,
            std::uint64_t draw) {
    const double u = rng.uniform(draw);
    const double v = rng.uniform(draw + 2);
    switch (options.pattern) {
    case PointPattern::Xor:
        return quadrant(label, u, v, 1);
    case PointPattern::Circles:
        return label == 0 ? ring(0, kDisk, u, v) : ring(kRingInner, kRingOuter, u, v);
    case PointPattern::Moons: {
        // As scikit-learn's make_moons, moved and scaled into the square.
        const double x = label == 0 ? std::cos(pi * u) : 1 - std::cos(pi * u);
        const double y = label == 0 ? std::sin(pi * u) : 0.5 - std::sin(pi * u);
        return {(x - 0.5) / 1.5, (y - 0.25) / 1.5, 0.5 / 1.5};
    }
    case PointPattern::Spirals: {
        // As in TensorFlow Playground (Smilkov et al. 2017), for any number of arms.
        const double angle = 2 * pi * (kTurns * u + static_cast<double>(label) / options.classes);
        return {u * std::sin(angle), u * std::cos(angle), 1 / (kTurns * options.classes)};
    }
    case PointPattern::Gaussians: {
        const double angle = 2 * pi * label / options.classes;
        return {kCentres * std::cos(angle), kCentres * std::sin(angle),
                2 * kCentres * std::sin(pi / options.classes)};
    }
    case PointPattern::Checkerboard:
        return field(label, u, v, rng.uniform(draw + 4));
    }
    return {};
}

} // namespace

std::int32_t classesOf(const PointSetOptions& options) {
    const bool chosen =
        options.pattern == PointPattern::Spirals || options.pattern == PointPattern::Gaussians;
    return chosen ? options.classes : 2;
}

PointSet generatePoints(const PointSetOptions& options) {
    const Rng places(options.seed, RngStream::Points, 2 * options.part);
    const Rng shifts(options.seed, RngStream::Points, 2 * options.part + 1);
    const std::int32_t classes = classesOf(options);
    PointSet set;
    for (std::int64_t i = 0; i < options.count; ++i) {
        const auto label = static_cast<std::int32_t>(i % classes);
        const auto number = static_cast<std::uint64_t>(i);
        const Place at = place(options, label, places, kDrawsAPoint * number);
        const double shift = options.noise * at.gap;
        const double x = kRadius * (at.x + shift * shifts.normal(2 * number));
        const double y = kRadius * (at.y + shift * shifts.normal(2 * number + 1));
        set.points.push_back({static_cast<float>(x), static_cast<float>(y)});
        set.labels.push_back(label);
    }
    return set;
}

} // namespace gradwright
