// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/class_balance.h"

#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

bool isToBeBalanced(const Objective& objective) {
    const auto found = objective.loss.params.find("class_weights");
    const auto* const text =
        found == objective.loss.params.end() ? nullptr : std::get_if<std::string>(&found->second);
    return text && *text == kBalanced;
}

} // namespace

bool wantsBalance(const TrainingSettings& settings) {
    return std::ranges::any_of(settings.objectives, isToBeBalanced);
}

std::string classWeightsText(const PartCounts& counts) {
    std::string text;
    for (const double weight : counts.balancedWeights())
        text += fmt::format("{}{:.6g}", text.empty() ? "" : ", ", weight);
    return text;
}

void balanceClasses(TrainingSettings& settings, const PartCounts& counts) {
    if (!wantsBalance(settings))
        return;
    if (counts.classes.empty())
        throw Error("class weights can be balanced where each sample has one class");
    for (auto& objective : settings.objectives)
        if (isToBeBalanced(objective))
            objective.loss.params["class_weights"] = classWeightsText(counts);
}

} // namespace gradwright
