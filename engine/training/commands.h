// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace gradwright {

/// What other threads ask of a training, taken by it between two steps.
class TrainingCommands {
public:
    void pause() {
        const std::lock_guard lock(mutex_);
        paused_ = true;
    }
    void resume() {
        const std::lock_guard lock(mutex_);
        paused_ = false;
        changed_.notify_all();
    }
    void step() {
        const std::lock_guard lock(mutex_);
        singleStep_ = true;
        changed_.notify_all();
    }
    void setLearningRate(double learningRate) {
        const std::lock_guard lock(mutex_);
        learningRate_ = learningRate;
        changed_.notify_all();
    }
    void requestSnapshot() {
        const std::lock_guard lock(mutex_);
        snapshot_ = true;
        changed_.notify_all();
    }

    struct Pending {
        bool paused = false;     ///< and no single step is due
        bool singleStep = false; ///< one step is due while paused
        std::optional<double> learningRate;
        bool snapshot = false;
    };

    /// Takes what is pending, without waiting.
    Pending take() {
        const std::lock_guard lock(mutex_);
        return takeLocked();
    }

    /// While paused: waits until something is pending or `stop` is requested.
    void wait(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, stop, [this] {
            return !paused_ || singleStep_ || learningRate_.has_value() || snapshot_;
        });
    }

private:
    Pending takeLocked() {
        Pending pending;
        pending.singleStep = paused_ && singleStep_;
        pending.paused = paused_ && !singleStep_;
        pending.learningRate = std::exchange(learningRate_, std::nullopt);
        pending.snapshot = std::exchange(snapshot_, false);
        singleStep_ = false;
        return pending;
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    bool paused_ = false;
    bool singleStep_ = false;
    std::optional<double> learningRate_;
    bool snapshot_ = false;
};

} // namespace gradwright
