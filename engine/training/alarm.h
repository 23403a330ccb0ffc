// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json_fwd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What can go wrong in a training that runs.
enum class AlarmKind {
    NotFinite,          ///< a loss or a gradient is NaN or infinite
    RateTooHigh,        ///< steps make the loss larger, or have destroyed layers
    ExplodingGradients, ///< the gradient is large before any step could be at fault
    VanishingGradients, ///< the first layers get next to none of the gradient
    DeadUnits,          ///< units of a layer answer 0 whatever they are shown
    ClassCollapse,      ///< every sample gets one and the same class
    StuckLoss,          ///< nothing has been learned, for none of these reasons
    Overfitting         ///< the validation loss rises while the training loss falls
};

/// What the program itself can do about it.
enum class RemedyKind {
    None,
    SetRate,       ///< the learning rate becomes `value`
    ClipGradients, ///< the gradient's norm is clipped to `value`
    Rectify,       ///< ReLU in place of activations that saturate
    Initialize,    ///< initial weights that fit the activations, in all layers
    Leak,          ///< leaky ReLU in place of the layer's ReLU
    WeighClasses,  ///< class weights of `text`
    StopEarly,     ///< early stopping is turned on
    Penalize       ///< the L2 penalty becomes `value`
};

struct Remedy {
    RemedyKind kind = RemedyKind::None;
    double value = 0;
    std::string text = {};
    bool operator==(const Remedy&) const = default;
};

struct Alarm {
    AlarmKind kind = AlarmKind::StuckLoss;
    std::string path;       ///< of the layer that it is about; empty: the whole network
    std::int64_t epoch = 0; ///< in which it was raised, counted from 1
    std::int64_t step = 0;  ///< after which it was raised
    std::int64_t time = 0;  ///< when, in seconds since 1970 (UTC)
    double value = 0;       ///< as measured; NaN where there is no number
    double limit = 0;       ///< what it was compared with
    std::string cause;      ///< in plain words, as sentences
    Remedy remedy;
    /// The epoch at whose end the cause was gone; none while it is there.
    std::optional<std::int64_t> goneAfter = {};
};

/// "Learning rate too high".
std::string titleOf(AlarmKind kind);
/// What files hold: "rate-too-high".
std::string_view keyOf(AlarmKind kind);
/// As a button reads: "Set the learning rate to 0.001"; empty where there is nothing to press.
std::string titleOf(const Remedy& remedy);
/// "Epoch 3: Learning rate too high. <cause> Remedy: set the learning rate to 0.001." or that it is
/// gone; `c1: ` in front of the cause where it is about a layer.
std::string lineOf(const Alarm& alarm);

Json toJson(const std::vector<Alarm>& alarms);
/// Leaves out what it does not know: a run of a newer version.
std::vector<Alarm> alarmsFromJson(const Json& json);
/// Those of a run, from its run.json.
std::vector<Alarm> alarmsOfRecord(const Json& record);

} // namespace gradwright
