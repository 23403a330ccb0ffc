// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/step_trace.h"
#include "engine/distributed/communicator.h"
#include "engine/distributed/exchange_thread.h"
#include "engine/ops/op_graph.h"

#include <vector>

namespace gradwright {

/// One of several batches whose gradients are averaged before the weights move once. By default a
/// batch is alone, and a step of its own.
struct Accumulation {
    double share = 1; ///< this batch's samples, of those of all batches together
    bool isFirst = true;
    bool isLast = true;

    [[nodiscard]] bool isAlone() const { return isFirst && isLast; }
};

/// Hears, during a backward pass, which weights' gradients are final. Called from the threads that
/// compute, once for each of the weights that it is called for.
class GradientWatch {
public:
    GradientWatch() = default;
    virtual ~GradientWatch() = default;
    GradientWatch(const GradientWatch&) = delete;
    GradientWatch& operator=(const GradientWatch&) = delete;

    virtual void isFinal(WeightId weight) = 0;
};

/// A message below it is not worth its way.
constexpr std::size_t kGradientBucket = std::size_t{4} << 20;

/// How gradients are summed over ranks.
struct GradientSharing {
    Communicator& ranks;
    double share = 1;        ///< what this rank's gradients count
    Wire wire = Wire::Full;  ///< FP64 always travels whole
    Accumulation place = {}; ///< but for the first batch, what was kept of those before is added
    /// Sums while the backward pass runs; null: all is summed after it, by the caller.
    ExchangeThread* beside = nullptr;
    std::size_t bucketBytes = kGradientBucket; ///< of the gradients that travel together, at least
    TraceSink* trace = nullptr;                ///< may be null
};

/// Replaces gradients by their sums over the ranks, each weighted with its rank's share. Those that
/// become final one after the other go together in buckets, and a bucket goes as soon as it is full
/// and those before it have gone, so that all ranks send the same buckets in the same order. What
/// is summed is the same to the bit, whenever it is.
class GradientExchange : public GradientWatch {
public:
    /// Sums what is left; returns when all is summed. Throws RankLost.
    virtual void finish() = 0;
};

/// The weights that learn in the order in which a program's backward pass makes their gradients,
/// those without one last. `ops`: as programGraph() gives them for training.
std::vector<WeightId> orderOfGradients(const OpGraph& ops);

} // namespace gradwright
