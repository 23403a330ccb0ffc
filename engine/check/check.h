// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <cstddef>
#include <functional>
#include <string>

namespace gradwright {

/// What an engine made of one of the op cases (engine/check/op_cases.h).
struct CheckedCase {
    enum class Outcome {
        Passed,
        Failed,
        LeftOut ///< the engine does not compute one of its ops
    };
    std::size_t number = 0; ///< from 1
    std::size_t count = 0;  ///< of all cases
    std::string name = {};
    Outcome outcome = Outcome::Passed;
    double difference = 0; ///< the largest of its values, |a - b| / |b| by Euclidean norms
    /// What differs most; where it failed otherwise or was left out, the reason.
    std::string detail = {};
    bool operator==(const CheckedCase&) const = default;
};
/// Returns false to stop.
using CheckSink = std::function<bool(const CheckedCase&)>;

struct CheckOptions {
    Precision precision = Precision::F32;
    double tolerance = 1e-5; ///< of CheckedCase::difference
};

/// Runs every op case on an engine, a training step with momentum and inference, and compares
/// outputs, losses, gradients and updated weights with those of the reference in FP64. An engine
/// that throws fails the case; a fault that lasts (DeviceFault) ends the check and is thrown on.
void checkBackend(const Backend& backend, const CheckSink& sink, const CheckOptions& options = {});

} // namespace gradwright
