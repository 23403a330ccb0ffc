// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_model.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <cmath>

namespace gradwright {
namespace {

constexpr std::size_t kMostNumbers = 1 << 20;

[[noreturn]] void refuseSetting(std::string_view key, const Json& value, std::string_view wanted) {
    throw Error("its {} is {}, and should be {}", key, dumpExcerpt(value), wanted);
}

std::int64_t integerOf(std::string_view key, const Json& value) {
    constexpr double kMost = 1 << 30; // so that products of two are whole numbers, too
    if (!value.is_number() || !(std::abs(value.get<double>()) <= kMost) ||
        value.get<double>() != std::floor(value.get<double>()))
        refuseSetting(key, value, "a whole number of at most 2^30");
    return static_cast<std::int64_t>(value.get<double>());
}

void collectReals(std::string_view key, const Json& value, std::vector<double>& reals) {
    if (value.is_number() && reals.size() < kMostNumbers)
        reals.push_back(value.get<double>());
    else if (value.is_array())
        for (const auto& each : value)
            collectReals(key, each, reals);
    else
        refuseSetting(key, value, "numbers");
}

/// {"class_name": …, "config": {…}}.
const Json& innerLayer(std::string_view key, const Json& value) {
    if (!value.is_object() || !value.contains("class_name") || !value["class_name"].is_string() ||
        !value.contains("config") || !value["config"].is_object())
        refuseSetting(key, value, "a layer");
    return value;
}

} // namespace

bool KerasSettings::has(std::string_view key) const {
    return json_ && json_->is_object() && json_->contains(key) && !(*json_)[key].is_null();
}

const Json& KerasSettings::at(std::string_view key) const {
    if (!has(key))
        throw Error("it has no {}", key);
    return (*json_)[key];
}

std::int64_t KerasSettings::integer(std::string_view key) const {
    return integerOf(key, at(key));
}

std::int64_t KerasSettings::integer(std::string_view key, std::int64_t otherwise) const {
    return has(key) ? integer(key) : otherwise;
}

double KerasSettings::real(std::string_view key) const {
    const auto& value = at(key);
    if (!value.is_number())
        refuseSetting(key, value, "a number");
    return value.get<double>();
}

double KerasSettings::real(std::string_view key, double otherwise) const {
    return has(key) ? real(key) : otherwise;
}

bool KerasSettings::boolean(std::string_view key, bool otherwise) const {
    if (!has(key))
        return otherwise;
    const auto& value = at(key);
    if (!value.is_boolean())
        refuseSetting(key, value, "true or false");
    return value.get<bool>();
}

std::string KerasSettings::text(std::string_view key, std::string_view otherwise) const {
    if (!has(key))
        return std::string(otherwise);
    const auto& value = at(key);
    if (!value.is_string())
        refuseSetting(key, value, "a text");
    return value.get<std::string>();
}

std::vector<std::int64_t> KerasSettings::integers(std::string_view key) const {
    const auto& value = at(key);
    if (!value.is_array())
        return {integerOf(key, value)};
    std::vector<std::int64_t> result;
    for (const auto& each : value)
        result.push_back(integerOf(key, each));
    return result;
}

std::vector<double> KerasSettings::reals(std::string_view key) const {
    std::vector<double> result;
    collectReals(key, at(key), result);
    return result;
}

KerasSettings KerasSettings::inner(std::string_view key) const {
    return KerasSettings(std::make_shared<const Json>(innerLayer(key, at(key))["config"]));
}

std::string KerasSettings::innerKind(std::string_view key) const {
    return innerLayer(key, at(key))["class_name"].get<std::string>();
}

} // namespace gradwright
