// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/device_memory.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/training/activity_probe.h"

#include <algorithm>

namespace gradwright {
namespace {

/// For what no plan counts: kernels, sums of the optimizer's pass, and what the driver keeps.
constexpr std::int64_t kReserve = 64 << 20;

/// What the programs of a training take on the device, by its batch size.
class DeviceNeed {
public:
    DeviceNeed(const Backend& backend, const OpGraph& graph, const CompileOptions& options,
               std::int64_t samples)
        : backend_(backend)
        , graph_(graph)
        , options_(options)
        , samples_(samples) {
        auto evaluation = options;
        evaluation.mode = Mode::Inference;
        evaluation.update.reset();
        evaluation.batch = evaluationBatch(graph);
        // The last batch of a set is a program of its own.
        fixed_ = kReserve + 2 * arena(evaluation);
        evaluation.batch = probeBatch(graph); // whose graph is a part of this one
        fixed_ += arena(evaluation);
        auto single = options;
        single.batch = 1;
        fixed_ += static_cast<std::int64_t>(backend.plan(graph, single).weightBytes);
    }

    /// But for what depends on the batch.
    [[nodiscard]] std::int64_t atNone() const { return fixed_; }

    [[nodiscard]] std::int64_t at(std::int64_t batch) const {
        auto options = options_;
        options.batch = std::min(batch, samples_);
        auto bytes = fixed_ + arena(options);
        options.batch = samples_ % options.batch;
        if (options.batch > 0)
            bytes += arena(options);
        return bytes;
    }

private:
    [[nodiscard]] std::int64_t arena(const CompileOptions& options) const {
        return static_cast<std::int64_t>(backend_.plan(graph_, options).arenaBytes);
    }

    const Backend& backend_;
    const OpGraph& graph_;
    const CompileOptions& options_;
    std::int64_t samples_;
    std::int64_t fixed_ = 0;
};

} // namespace

void requireDeviceMemory(const Backend& backend, const OpGraph& graph,
                         const CompileOptions& options, std::int64_t samples) {
    const auto available = backend.freeMemory();
    if (!available)
        return;
    const DeviceNeed need(backend, graph, options, samples);
    const auto free = static_cast<std::int64_t>(*available);
    const auto batch = std::min(options.batch, samples);
    const auto wanted = need.at(batch);
    if (wanted <= free)
        return;
    // What is beyond the rest grows with the batch, so a few tries find one that fits.
    const auto rest = need.atNone();
    auto fitting = free > rest ? batch : 0;
    while (fitting > 0) {
        const auto bytes = need.at(fitting);
        if (bytes <= free)
            break;
        const auto share = static_cast<double>(free - rest) / static_cast<double>(bytes - rest);
        fitting =
            std::min(fitting - 1, static_cast<std::int64_t>(share * static_cast<double>(fitting)));
    }
    const auto name = backend.device().name;
    if (fitting <= 0)
        throw Error("{} has {} of memory free, and this network takes {} at batch {}: not even a "
                    "batch of 1 fits; train it on the CPU",
                    name, bytesText(free), bytesText(wanted), batch);
    throw Error("{} has {} of memory free, and this network takes {} at batch {}; a batch of {} "
                "fits",
                name, bytesText(free), bytesText(wanted), batch, fitting);
}

} // namespace gradwright
