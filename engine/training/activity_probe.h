// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/data/feed/batcher.h"
#include "engine/training/health.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace gradwright {

/// Counts the units of ReLUs that are 0 for every one of a few training samples: gradients no
/// longer reach the weights in front of them. For layers whose units are channels the whole channel
/// has to be 0. One forward pass in inference mode, whose values are reduced to their maximum where
/// they are made, so that little is kept: [samples, units] of each layer.
class ActivityProbe {
public:
    /// As many samples as a fiftieth of the epoch, within these bounds.
    static constexpr std::size_t kFewest = 16;
    static constexpr std::size_t kMost = 64;

    /// `graph` is an inferenceGraph(); `options` those of the training. Samples are taken evenly
    /// from `indices`, as they are before augmentation.
    ActivityProbe(std::shared_ptr<const Backend> backend, OpGraph graph, CompileOptions options,
                  std::shared_ptr<const DataSource> source,
                  const std::vector<std::uint32_t>& indices);

    /// In the order of the network; empty without ReLUs. Nothing when stopped. Compiles at the
    /// first call, on weights of the same network.
    std::optional<std::vector<Activity>> measure(const std::shared_ptr<WeightStore>& weights,
                                                 const std::stop_token& stop);

private:
    struct Watched {
        std::string path;
        ValueId peaks; ///< [samples, units]: each unit's largest value
        std::int64_t units = 0;
    };

    std::shared_ptr<const Backend> backend_;
    OpGraph graph_;
    CompileOptions options_;
    std::vector<Watched> watched_;
    std::unique_ptr<Batcher> batcher_;
    std::unique_ptr<Program> program_;
};

} // namespace gradwright
