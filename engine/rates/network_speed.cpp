// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/rates/network_speed.h"

#include "engine/backend/compute_threads.h"
#include "engine/rates/measure.h"
#include "engine/rates/processor.h"
#include "engine/support/error.h"
#include "engine/support/system_memory.h"
#include "engine/training/calibration.h"

#include <algorithm>
#include <limits>

namespace gradwright {

double LayerSpeed::intensity() const {
    return bytes > 0 ? static_cast<double>(operations) / static_cast<double>(bytes)
                     : std::numeric_limits<double>::infinity();
}

std::vector<LayerSpeed> layerSpeeds(const ProgramReport& report, double peak, double bandwidth) {
    std::vector<LayerSpeed> layers;
    for (const auto* pass : {&report.ops, &report.backward})
        for (const auto& op : *pass) {
            auto layer = std::ranges::find(layers, op.path, &LayerSpeed::path);
            if (layer == layers.end())
                layer = layers.insert(layers.end(), LayerSpeed{.path = op.path});
            layer->operations += op.operations;
            layer->bytes += static_cast<std::int64_t>(op.bytes);
        }
    std::erase_if(
        layers, [](const LayerSpeed& layer) { return layer.operations == 0 && layer.bytes == 0; });
    for (auto& layer : layers) {
        layer.attainable = std::min(peak, layer.intensity() * bandwidth);
        layer.seconds = std::max(static_cast<double>(layer.operations) / peak,
                                 static_cast<double>(layer.bytes) / bandwidth);
    }
    return layers;
}

std::int64_t NetworkSpeed::operations() const {
    std::int64_t sum = 0;
    for (const auto& layer : layers)
        sum += layer.operations;
    return sum;
}

double NetworkSpeed::predicted() const {
    double sum = 0;
    for (const auto& layer : layers)
        sum += layer.seconds;
    return sum;
}

double NetworkSpeed::shareOfPeak() const {
    return static_cast<double>(operations()) / (measured * product.perSecond);
}

std::optional<NetworkSpeed> measureNetwork(const OpGraph& training,
                                           const TrainingSettings& settings,
                                           const std::stop_token& stop) {
    if (settings.target().isGpu())
        throw Error("the layers are compared with what the processor was measured to do; the "
                    "project trains on {}. Choose the CPU",
                    settings.target().device);
    const auto calibration = calibrate(training, settings, stop);
    if (!calibration)
        return {};
    NetworkSpeed speed;
    speed.batch = settings.batch();
    const auto best =
        std::ranges::find(calibration->trials, calibration->best, &CalibrationTrial::plan);
    speed.measured = static_cast<double>(speed.batch) / best->samplesPerSecond;
    setComputeThreads(0);
    const auto backend = trainingBackend(settings, calibration->best);
    constexpr std::int64_t kLargest = 2048;
    const auto product = measureProduct(*backend, settings.precision(), kLargest, stop);
    if (!product)
        return {};
    const auto free = availableMemory();
    const auto processor = thisProcessor();
    const auto triad = measureTriad(
        triadBytes(processor.cache, free ? static_cast<std::size_t>(*free) : processor.memory),
        stop);
    if (!triad)
        return {};
    speed.product = *product;
    speed.memory = *triad;
    speed.layers = layerSpeeds(backend->plan(training, trainingOptions(settings)),
                               speed.product.perSecond, speed.memory.perSecond);
    return speed;
}

} // namespace gradwright
