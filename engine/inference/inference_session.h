// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/predictor.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace gradwright {

struct InferenceAnswer {
    std::uint64_t request = 0; ///< number that request() returned
    Prediction prediction;
    std::string error; ///< not empty when the request failed
    double seconds = 0;
};

/// Called on the inference thread.
using InferenceSink = std::function<void(const InferenceAnswer&)>;

/// Answers on a thread of its own. Of requests that come while it computes only the latest is
/// answered; members may be called from any thread and never wait for a computation.
class InferenceSession {
public:
    InferenceSession(OpGraph graph, std::shared_ptr<const Weights> weights, InferenceSink sink,
                     ComputeTarget target = {});
    /// Of a network that the passes for inference have gone over before; it keeps its weights.
    InferenceSession(std::shared_ptr<const InferenceModel> optimized, InferenceSink sink,
                     ComputeTarget target = {});
    /// Of what is no network.
    InferenceSession(SampleAnswers answers, InferenceSink sink);
    ~InferenceSession();
    InferenceSession(const InferenceSession&) = delete;
    InferenceSession& operator=(const InferenceSession&) = delete;

    /// Used from the next computation on; of a graph alone.
    void setWeights(std::shared_ptr<const Weights> weights);
    /// Replaces a request that still waits. Returns its number.
    std::uint64_t request(Tensor input);

private:
    struct Request {
        std::uint64_t number;
        Tensor input;
    };

    void work(const std::stop_token& stop);
    InferenceAnswer answer(const Request& request);

    const OpGraph graph_;
    const std::shared_ptr<const InferenceModel> optimized_; ///< in place of graph and weights
    const std::optional<SampleAnswers> answers_;            ///< likewise
    const ComputeTarget target_;
    const InferenceSink sink_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::shared_ptr<const Weights> weights_;
    bool newWeights_ = true;
    std::optional<Request> waiting_;
    std::uint64_t lastNumber_ = 0;
    std::unique_ptr<Predictor> predictor_; ///< of the thread alone
    std::jthread thread_;                  ///< last: it uses all of the above
};

} // namespace gradwright
