// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/inference_session.h"

#include "engine/backend/compute_threads.h"
#include "engine/support/scheduling.h"

#include <chrono>
#include <exception>
#include <utility>

namespace gradwright {

InferenceSession::InferenceSession(OpGraph graph, std::shared_ptr<const Weights> weights,
                                   InferenceSink sink, ComputeTarget target)
    : graph_(std::move(graph))
    , target_(std::move(target))
    , sink_(std::move(sink))
    , weights_(std::move(weights))
    , thread_([this](const std::stop_token& stop) { work(stop); }) {}

InferenceSession::InferenceSession(std::shared_ptr<const InferenceModel> optimized,
                                   InferenceSink sink, ComputeTarget target)
    : optimized_(std::move(optimized))
    , target_(std::move(target))
    , sink_(std::move(sink))
    , thread_([this](const std::stop_token& stop) { work(stop); }) {}

InferenceSession::InferenceSession(SampleAnswers answers, InferenceSink sink)
    : answers_(std::move(answers))
    , sink_(std::move(sink))
    , thread_([this](const std::stop_token& stop) { work(stop); }) {}

InferenceSession::~InferenceSession() = default;

void InferenceSession::setWeights(std::shared_ptr<const Weights> weights) {
    const std::lock_guard lock(mutex_);
    weights_ = std::move(weights);
    newWeights_ = true;
}

std::uint64_t InferenceSession::request(Tensor input) {
    const std::lock_guard lock(mutex_);
    waiting_ = Request{++lastNumber_, std::move(input)};
    changed_.notify_one();
    return lastNumber_;
}

void InferenceSession::work(const std::stop_token& stop) {
    // One digit is too little work to share, and training may want the other cores.
    setComputeThreads(1);
    setScheduling(Scheduling::Responsive);
    for (;;) {
        std::optional<Request> request;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [this] { return waiting_.has_value(); }))
                return;
            request = std::exchange(waiting_, std::nullopt);
        }
        sink_(answer(*request));
    }
}

InferenceAnswer InferenceSession::answer(const Request& request) {
    const auto start = std::chrono::steady_clock::now();
    InferenceAnswer answer;
    answer.request = request.number;
    try {
        std::shared_ptr<const Weights> fresh;
        {
            const std::lock_guard lock(mutex_);
            if (std::exchange(newWeights_, false))
                fresh = weights_;
        }
        if (!predictor_ && answers_)
            predictor_ = std::make_unique<Predictor>(*answers_);
        else if (!predictor_ && optimized_)
            predictor_ = std::make_unique<Predictor>(*optimized_, target_);
        else if (!predictor_)
            predictor_ = std::make_unique<Predictor>(graph_, *fresh, target_);
        else if (fresh && !optimized_)
            predictor_->setWeights(*fresh);
        answer.prediction = predictor_->predict(request.input);
    } catch (const std::exception& error) {
        answer.error = error.what();
        predictor_.reset();
        const std::lock_guard lock(mutex_);
        newWeights_ = true;
    }
    answer.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return answer;
}

} // namespace gradwright
