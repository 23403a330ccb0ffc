// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/alarm.h"

#include "engine/support/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace gradwright {
namespace {

struct AlarmName {
    AlarmKind kind;
    std::string_view key;
    std::string_view title;
};
constexpr std::array kAlarmNames = {
    AlarmName{AlarmKind::NotFinite, "not-finite", "Not a number"},
    AlarmName{AlarmKind::RateTooHigh, "rate-too-high", "Learning rate too high"},
    AlarmName{AlarmKind::ExplodingGradients, "exploding-gradients", "Exploding gradients"},
    AlarmName{AlarmKind::VanishingGradients, "vanishing-gradients", "Vanishing gradients"},
    AlarmName{AlarmKind::DeadUnits, "dead-units", "Dead units"},
    AlarmName{AlarmKind::ClassCollapse, "class-collapse", "One class for all"},
    AlarmName{AlarmKind::StuckLoss, "stuck-loss", "Nothing learned"},
    AlarmName{AlarmKind::Overfitting, "overfitting", "Overfitting"},
};

struct RemedyName {
    RemedyKind kind;
    std::string_view key;
};
constexpr std::array kRemedyNames = {
    RemedyName{RemedyKind::None, "none"},
    RemedyName{RemedyKind::SetRate, "set-rate"},
    RemedyName{RemedyKind::ClipGradients, "clip-gradients"},
    RemedyName{RemedyKind::Rectify, "rectify"},
    RemedyName{RemedyKind::Initialize, "initialize"},
    RemedyName{RemedyKind::Leak, "leak"},
    RemedyName{RemedyKind::WeighClasses, "weigh-classes"},
    RemedyName{RemedyKind::StopEarly, "stop-early"},
    RemedyName{RemedyKind::Penalize, "penalize"},
};

const AlarmName& nameOf(AlarmKind kind) {
    return *std::ranges::find(kAlarmNames, kind, &AlarmName::kind);
}

template <class Value>
Value valueAt(const Json& json, const char* key, Value otherwise) {
    const auto found = json.find(key);
    if (found == json.end())
        return otherwise;
    if constexpr (std::is_same_v<Value, std::string>)
        return found->is_string() ? found->get<std::string>() : otherwise;
    else
        return found->is_number() ? found->get<Value>() : otherwise;
}

std::optional<Alarm> alarmFromJson(const Json& json) {
    if (!json.is_object())
        return {};
    const auto known =
        std::ranges::find(kAlarmNames, valueAt(json, "kind", std::string()), &AlarmName::key);
    if (known == kAlarmNames.end())
        return {};
    constexpr auto kNaN = std::numeric_limits<double>::quiet_NaN();
    Alarm alarm;
    alarm.kind = known->kind;
    alarm.path = valueAt(json, "layer", std::string());
    alarm.epoch = valueAt(json, "epoch", std::int64_t{0});
    alarm.step = valueAt(json, "step", std::int64_t{0});
    alarm.time = valueAt(json, "time", std::int64_t{0});
    alarm.value = valueAt(json, "value", kNaN);
    alarm.limit = valueAt(json, "limit", kNaN);
    alarm.cause = valueAt(json, "cause", std::string());
    if (json.contains("gone_after"))
        alarm.goneAfter = valueAt(json, "gone_after", std::int64_t{0});
    const auto remedy = json.find("remedy");
    if (remedy == json.end() || !remedy->is_object())
        return alarm;
    const auto named =
        std::ranges::find(kRemedyNames, valueAt(*remedy, "kind", std::string()), &RemedyName::key);
    if (named != kRemedyNames.end())
        alarm.remedy = {named->kind, valueAt(*remedy, "value", 0.0),
                        valueAt(*remedy, "text", std::string())};
    return alarm;
}

} // namespace

std::string_view keyOf(AlarmKind kind) {
    return nameOf(kind).key;
}

std::string titleOf(AlarmKind kind) {
    return std::string(nameOf(kind).title);
}

std::string titleOf(const Remedy& remedy) {
    switch (remedy.kind) {
    case RemedyKind::None:
        break;
    case RemedyKind::SetRate:
        return fmt::format("Set the learning rate to {:.3g}", remedy.value);
    case RemedyKind::ClipGradients:
        return fmt::format("Clip the gradient norm to {:.3g}", remedy.value);
    case RemedyKind::Rectify:
        return "Use ReLU instead";
    case RemedyKind::Initialize:
        return "Let initial weights fit the activations";
    case RemedyKind::Leak:
        return "Use leaky ReLU instead";
    case RemedyKind::WeighClasses:
        return "Weigh rare classes more";
    case RemedyKind::StopEarly:
        return "Turn on early stopping";
    case RemedyKind::Penalize:
        return fmt::format("Set the L2 penalty to {:.3g}", remedy.value);
    }
    return {};
}

std::string lineOf(const Alarm& alarm) {
    const auto where = alarm.path.empty() ? std::string() : alarm.path + ": ";
    if (alarm.goneAfter)
        return fmt::format("Epoch {}: No longer: {}{}.", *alarm.goneAfter, where,
                           titleOf(alarm.kind));
    auto line =
        fmt::format("Epoch {}: {}{}. {}", alarm.epoch, where, titleOf(alarm.kind), alarm.cause);
    if (auto remedy = titleOf(alarm.remedy); !remedy.empty()) {
        remedy.front() = static_cast<char>(remedy.front() - 'A' + 'a');
        line += fmt::format(" Remedy: {}.", remedy);
    }
    return line;
}

Json toJson(const std::vector<Alarm>& alarms) {
    Json list = Json::array();
    for (const auto& alarm : alarms) {
        Json json = {{"kind", std::string(nameOf(alarm.kind).key)},
                     {"epoch", alarm.epoch},
                     {"step", alarm.step},
                     {"time", alarm.time},
                     {"value", alarm.value},
                     {"limit", alarm.limit},
                     {"cause", alarm.cause}};
        if (!alarm.path.empty())
            json["layer"] = alarm.path;
        if (alarm.goneAfter)
            json["gone_after"] = *alarm.goneAfter;
        if (alarm.remedy.kind != RemedyKind::None) {
            const auto& name =
                *std::ranges::find(kRemedyNames, alarm.remedy.kind, &RemedyName::kind);
            json["remedy"] = {{"kind", std::string(name.key)},
                              {"title", titleOf(alarm.remedy)},
                              {"value", alarm.remedy.value}};
            if (!alarm.remedy.text.empty())
                json["remedy"]["text"] = alarm.remedy.text;
        }
        list.push_back(std::move(json));
    }
    return list;
}

std::vector<Alarm> alarmsFromJson(const Json& json) {
    std::vector<Alarm> alarms;
    if (json.is_array())
        for (const auto& each : json)
            if (auto alarm = alarmFromJson(each))
                alarms.push_back(*std::move(alarm));
    return alarms;
}

std::vector<Alarm> alarmsOfRecord(const Json& record) {
    const auto health = record.find("health");
    if (health == record.end() || !health->is_object() || !health->contains("alarms"))
        return {};
    return alarmsFromJson((*health)["alarms"]);
}

} // namespace gradwright
