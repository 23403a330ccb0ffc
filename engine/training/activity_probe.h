// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/data/feed/batcher.h"
#include "engine/training/health.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

/// An inference graph that tells of each ReLU, instead of its answer, every unit's largest value in
/// a sample; for layers whose units are channels, that of the whole channel. The values are reduced
/// where they are made, so that little is kept.
struct ActivityGraph {
    struct Watched {
        std::string path;
        ValueId peaks; ///< [samples, units]
        std::int64_t units = 0;
    };
    OpGraph graph;
    std::vector<Watched> watched; ///< in the order of the network; empty without ReLUs
};

/// How many samples an ActivityProbe computes at once: few, since its pass takes memory beside the
/// training's. `graph`: whichever of the network's.
std::int64_t probeBatch(const OpGraph& graph);

/// `inference` is an inferenceGraph().
ActivityGraph activityGraph(OpGraph inference);

/// Counts the units of ReLUs that are 0 for every one of a few training samples: gradients no
/// longer reach the weights in front of them.
class ActivityProbe {
public:
    /// As many samples as a fiftieth of the epoch, within these bounds.
    static constexpr std::size_t kFewest = 16;
    static constexpr std::size_t kMost = 64;

    /// `options` are those of the training. Samples are taken evenly from `indices`, as they are
    /// before augmentation.
    ActivityProbe(std::shared_ptr<const Backend> backend, ActivityGraph graph,
                  CompileOptions options, std::shared_ptr<const DataSource> source,
                  const std::vector<std::uint32_t>& indices);

    /// In the order of the network; empty without ReLUs. Nothing when stopped. Compiles at the
    /// first call, on weights of the same network.
    std::optional<std::vector<Activity>> measure(const std::shared_ptr<WeightStore>& weights,
                                                 const std::stop_token& stop);

private:
    std::shared_ptr<const Backend> backend_;
    ActivityGraph graph_;
    CompileOptions options_;
    std::unique_ptr<Batcher> batcher_; ///< in whole batches
    std::unique_ptr<Program> program_;
};

} // namespace gradwright
