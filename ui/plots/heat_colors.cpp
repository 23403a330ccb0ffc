// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heat_colors.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright {
namespace {

struct HeatStop {
    double at;
    std::array<double, 3> color;
};
constexpr std::array<HeatStop, 6> kHeatStops = {{{0.0, {20, 30, 70}},
                                                 {0.25, {34, 76, 140}},
                                                 {0.5, {44, 140, 160}},
                                                 {0.7, {140, 178, 120}},
                                                 {0.87, {240, 196, 94}},
                                                 {1.0, {255, 243, 200}}}};

} // namespace

QRgb heatColor(double share) {
    const double t = std::clamp(share, 0.0, 1.0);
    std::size_t i = 1;
    while (i + 1 < kHeatStops.size() && t > kHeatStops[i].at)
        ++i;
    const auto& from = kHeatStops[i - 1];
    const auto& to = kHeatStops[i];
    const double part = (t - from.at) / (to.at - from.at);
    const auto mix = [&](std::size_t c) {
        return static_cast<int>(std::lround(from.color[c] + part * (to.color[c] - from.color[c])));
    };
    return qRgb(mix(0), mix(1), mix(2));
}

} // namespace gradwright
