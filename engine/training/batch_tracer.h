// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/feed/batcher.h"
#include "engine/training/batch_trace.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

namespace gradwright {

/// What a BatchTracer is made from.
struct TraceJob {
    Network network;
    DataChoice data;
    TrainingSettings settings;
    /// A checkpoint of a run of this network, whose weights, optimizer state and position are the
    /// first batch's; empty: the weights that a training of these settings starts with.
    std::filesystem::path checkpoint = {};
    /// The optimizer's state and the position are another optimizer's and left alone. So they are
    /// where the state does not fit.
    bool weightsOnly = false;
};

/// Trains on a few samples at a time and keeps every value and gradient: what a person looks at
/// step by step. It computes in FP64 by the reference, on a copy of the weights, and writes
/// nothing. Samples come in the order in which the first epoch shuffles them, without augmentation.
/// Used by one thread at a time.
class BatchTracer {
public:
    static constexpr std::int64_t kMostSamples = 4;
    /// Multiply-accumulates of a batch of several samples, of which the reference does about 270
    /// million per second, …
    static constexpr double kQuickMacs = 1e9;
    /// … and of one sample.
    static constexpr double kMostMacs = 8e9;
    /// Of values, gradients, weights and their copies.
    static constexpr double kMostBytes = 1536.0 * 1024 * 1024;

    /// Opens the data and compiles. Throws Error when the network cannot be trained like that, is
    /// too large for one sample (with its figure and the limit), or the checkpoint is another
    /// network's.
    explicit BatchTracer(const TraceJob& job);

    /// The next few samples: forward, backward, the optimizer's step, and the cost once more. The
    /// weights that it leaves are those that the next call begins with. Nothing when stopped; then
    /// the tracer must not be used again.
    std::optional<BatchTrace> next(const std::stop_token& stop = {});

    [[nodiscard]] const TracedNetwork& network() const { return *network_; }

private:
    void chooseSamples(std::int64_t available);
    void compile();
    void readPosition(const TraceJob& job, std::int64_t trainingSamples);
    void readValues(BatchTrace& trace) const;
    void readGradients(BatchTrace& trace) const;

    std::shared_ptr<const TracedNetwork> network_;
    UpdateRule rule_;
    std::int64_t samples_ = kMostSamples;
    std::unique_ptr<Program> program_;
    std::unique_ptr<Batcher> batcher_;
    std::uint64_t epoch_ = 0;
    std::int64_t batch_ = 0; ///< done
    std::int64_t step_ = 0;  ///< the optimizer's, done
    double learningRate_ = 0;
};

} // namespace gradwright
