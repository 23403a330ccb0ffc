// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/input_assignment.h"

#include "engine/support/error.h"
#include "engine/support/json.h"

namespace gradwright {
namespace {

constexpr auto kInputsKey = "inputs";
constexpr auto kLeftOutKey = "left_out";

std::vector<std::string> partsFrom(const Json& json, std::string_view what) {
    if (!json.is_array())
        throw Error("{} must be a list of names, not {}", what, dumpExcerpt(json));
    std::vector<std::string> parts;
    for (const auto& part : json) {
        if (!part.is_string())
            throw Error("{} must name parts of a sample, not {}", what, dumpExcerpt(part));
        parts.push_back(part.get<std::string>());
    }
    return parts;
}

} // namespace

void writeAssignment(const InputAssignment& assignment, Json& object) {
    for (const auto& [input, parts] : assignment.inputs)
        object[kInputsKey][input] = parts;
    if (!assignment.leftOut.empty())
        object[kLeftOutKey] = assignment.leftOut;
}

InputAssignment readAssignment(const Json& object) {
    InputAssignment assignment;
    if (const auto inputs = object.find(kInputsKey); inputs != object.end()) {
        if (!inputs->is_object())
            throw Error("{} must be an object, not {}", kInputsKey, dumpExcerpt(*inputs));
        for (const auto& [input, parts] : inputs->items())
            assignment.inputs.emplace(
                input, partsFrom(parts, fmt::format("{} of \"{}\"", kInputsKey, excerpt(input))));
    }
    if (const auto leftOut = object.find(kLeftOutKey); leftOut != object.end())
        assignment.leftOut = partsFrom(*leftOut, kLeftOutKey);
    return assignment;
}

} // namespace gradwright
