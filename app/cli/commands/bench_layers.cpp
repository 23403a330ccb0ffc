// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/bench_layers.h"

#include "app/cli/output.h"
#include "engine/support/byte_text.h"
#include "engine/support/counted.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cmath>

namespace gradwright::cli {
namespace {

constexpr std::size_t kWidestLayer = 44;

std::string layerMs(double seconds) {
    return fmt::format("{:.4f} ms", 1e3 * seconds);
}

std::string megabytes(std::size_t bytes) {
    return fmt::format("{:.3f} MB", 1e-6 * static_cast<double>(bytes));
}

/// Of names that are too long the end, which tells them apart.
std::string shortName(const std::string& name) {
    return name.size() <= kWidestLayer ? name : "…" + name.substr(name.size() - kWidestLayer + 1);
}

/// In tenths of a percent, rounded so that all of them are 100.0 % together (largest remainders).
std::vector<int> tenthsOf(const std::vector<LayerTime>& layers) {
    std::vector<int> tenths;
    std::vector<std::pair<double, std::size_t>> rests;
    int sum = 0;
    for (const auto& layer : layers) {
        const double exact = 1000 * layer.share;
        tenths.push_back(static_cast<int>(std::floor(exact)));
        rests.emplace_back(exact - std::floor(exact), rests.size());
        sum += tenths.back();
    }
    std::ranges::sort(rests, std::ranges::greater{});
    for (std::size_t i = 0; i < rests.size() && sum < 1000; ++i, ++sum)
        ++tenths[rests[i].second];
    return tenths;
}

} // namespace

Json layersJson(const MeasuredLayers& measured) {
    const auto& times = measured.times;
    Json layers = Json::array();
    for (const auto& layer : times.layers)
        layers.push_back({{"layer", layer.path},
                          {"parts", layer.parts},
                          {"op", layer.op},
                          {"implementation", layer.implementation},
                          {"median_seconds", layer.median},
                          {"share", layer.share},
                          {"operations", layer.operations},
                          {"weight_bytes", layer.weights},
                          {"result_bytes", layer.results}});
    return {{"network", measured.key},
            {"precision", measured.precision},
            {"batch", times.batch},
            {"runs", times.runs},
            {"sum_seconds", times.sum},
            {"weight_bytes", times.weights},
            {"activation_bytes", times.activations},
            {"layers", std::move(layers)}};
}

void printLayers(const MeasuredLayers& measured) {
    const auto& times = measured.times;
    printLine(fmt::format("{}, {}, batch {}: {}, {} in all. Weights {}, activations {} as "
                          "planned.",
                          measured.title, measured.precision, times.batch,
                          counted(times.layers.size(), "layer"), layerMs(times.sum),
                          megabytes(times.weights), megabytes(times.activations)));
    std::size_t width = 5;
    for (const auto& layer : times.layers)
        width = std::max(width, std::min(kWidestLayer, layer.path.size()));
    printLine(fmt::format("{}  {:10}  {:>12}  {:>7}  {:>11}  {:>11}  {}", padded("Layer", width),
                          "Op", "Median", "Share", "Weights", "Results", "Implementation"));
    const auto tenths = tenthsOf(times.layers);
    for (std::size_t i = 0; i < times.layers.size(); ++i) {
        const auto& layer = times.layers[i];
        printLine(fmt::format("{}  {:10}  {:>12}  {:>5}.{} %  {:>11}  {:>11}  {}",
                              padded(shortName(layer.path), width), layer.op.substr(0, 10),
                              layerMs(layer.median), tenths[i] / 10, tenths[i] % 10,
                              megabytes(layer.weights), megabytes(layer.results),
                              layer.implementation));
        if (layer.parts.size() > 1)
            for (const auto& part : layer.parts)
                printLine("    " + part);
    }
}

} // namespace gradwright::cli
