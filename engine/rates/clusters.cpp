// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/rates/clusters.h"

#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

constexpr double kGigabit = 1e9 / 8;
constexpr double kPasses = 3; ///< the backward pass takes two products for each of the forward's
constexpr double kBackwardShare = 2.0 / 3;

/// The time in which `ranks` sum `bytes` over links of `bandwidth` in each direction.
double sumTime(double bytes, double ranks, double bandwidth, double latency) {
    if (ranks <= 1)
        return 0;
    return 2 * (ranks - 1) / ranks * bytes / bandwidth + 2 * (ranks - 1) * latency;
}

} // namespace

std::span<const Cluster> knownClusters() {
    static constexpr std::array<Cluster, 5> clusters{{
        {"dgx-1-p100", "DGX-1 (P100)", 2016, "P100 SXM2", 8, 4 * 100 * kGigabit,
         "NVIDIA: \"DGX-1\", data sheet, 2016: four EDR InfiniBand ports"},
        {"dgx-1", "DGX-1 (V100)", 2017, "V100 SXM2", 8, 4 * 100 * kGigabit,
         "NVIDIA: \"DGX-1\", data sheet, 2017: four EDR InfiniBand ports"},
        {"dgx-2", "DGX-2", 2018, "V100 SXM2", 16, 8 * 100 * kGigabit,
         "NVIDIA: \"DGX-2\", data sheet, 2018: eight EDR InfiniBand ports"},
        {"dgx-a100", "DGX A100", 2020, "A100 SXM 80 GB", 8, 8 * 200 * kGigabit,
         "NVIDIA: \"DGX A100\", data sheet: eight HDR InfiniBand ports"},
        {"dgx-h100", "DGX H100", 2022, "H100 SXM", 8, 8 * 400 * kGigabit,
         "NVIDIA: \"DGX H100\", data sheet: eight NDR InfiniBand ports"},
    }};
    return clusters;
}

const Cluster& cluster(std::string_view key) {
    const auto all = knownClusters();
    const auto found = std::ranges::find(all, key, &Cluster::key);
    if (found != all.end())
        return *found;
    std::vector<std::string_view> keys;
    for (const auto& each : all)
        keys.push_back(each.key);
    throw Error("there is no cluster \"{}\"; there are {}", key, fmt::join(keys, ", "));
}

const Card& cardOf(const Cluster& cluster) {
    return *std::ranges::find(knownCards(), cluster.card, &Card::name);
}

ScalingForecast predictScaling(const Cluster& cluster, int nodes, int gpus,
                               const ScalingLoad& load) {
    if (nodes < 1 || gpus < 1 || gpus > cluster.gpus || (nodes > 1 && gpus != cluster.gpus))
        throw Error("a {} has {} GPUs: 1 to {} of one node, or all of several", cluster.name,
                    cluster.gpus, cluster.gpus);
    if (load.batch < 1 || load.utilization <= 0 || load.utilization > 1)
        throw Error("a batch holds at least one sample, and the share of the peak lies between 0 "
                    "and 1");
    const auto& card = cardOf(cluster);
    const auto format = formatOf(load.precision);
    const double peak = card.peaks[static_cast<std::size_t>(format)];
    if (peak <= 0)
        throw Error("a {} has no peak in {}", card.name, nameOf(format));
    ScalingForecast result;
    result.gpus = std::int64_t{nodes} * gpus;
    const double samples = static_cast<double>(load.batch);
    result.compute =
        kPasses * 2 * static_cast<double>(load.macs) * samples / (peak * load.utilization);
    const double bytes = static_cast<double>(load.parameters) * load.wireBytes;
    result.communication = sumTime(bytes, gpus, card.nvlink / 2, load.latency) +
                           sumTime(bytes, nodes, cluster.network, load.latency);
    result.step =
        result.compute + std::max(0.0, result.communication - kBackwardShare * result.compute);
    result.samplesPerSecond = samples * static_cast<double>(result.gpus) / result.step;
    result.efficiency = result.compute / result.step;
    return result;
}

} // namespace gradwright
