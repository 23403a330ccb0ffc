// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/baselines/method_trial.h"

#include "engine/ensembles/member.h"
#include "engine/lab/key_list.h"
#include "engine/metrics/confusion.h"
#include "engine/metrics/quality_json.h"
#include "engine/support/error.h"
#include "engine/training/recipes/losses.h"

#include <algorithm>

namespace gradwright {
namespace {

/// A matrix with more classes says nothing as a picture.
constexpr std::size_t kShownClasses = 40;

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

/// "forest.trees=50"
void assignTo(std::vector<ChosenMethod>& chosen, std::string_view assignment) {
    const auto equals = assignment.find('=');
    const auto dot = assignment.find('.');
    if (equals == std::string_view::npos || dot == std::string_view::npos || dot > equals)
        throw Error("parameters are written as METHOD.PARAMETER=VALUE with semicolons between "
                    "them, such as svm-rbf.c=10, not \"{}\"",
                    assignment);
    const auto name = trimmed(assignment.substr(0, dot));
    const auto key = trimmed(assignment.substr(dot + 1, equals - dot - 1));
    const auto found = std::ranges::find_if(
        chosen, [&](const ChosenMethod& each) { return each.method->key == name; });
    if (found == chosen.end())
        throw Error("parameters: {} is not among the methods", name);
    const auto* const spec = findParam(found->method->params, key);
    if (!spec) {
        std::string known;
        for (const auto& each : found->method->params)
            known += (known.empty() ? "" : ", ") + each.key;
        throw Error("parameters: {} has no \"{}\"; it has {}", name, key,
                    known.empty() ? "none" : known);
    }
    auto value = paramFromText(*spec, trimmed(assignment.substr(equals + 1)));
    if (const auto why = whyInvalid(*spec, value))
        throw Error("parameters: {}: {}", name, *why);
    found->params.insert_or_assign(spec->key, std::move(value));
}

} // namespace

bool learnsClassesAlone(const Project& project) {
    const auto& objectives = project.training.objectives;
    return objectives.empty() || loss(objectives.front().loss.key).target == TargetKind::ClassIndex;
}

std::vector<ChosenMethod> chosenMethods(const Project& project, std::string_view names,
                                        std::string_view settings) {
    const bool classesAlone = learnsClassesAlone(project);
    std::vector<ChosenMethod> chosen;
    for (const auto& key : keyList(names)) {
        const auto& method = classicalMethod(key);
        if (classesAlone && !method.forClasses)
            throw Error("{} learns values, and the project's loss is for classes", method.title);
        chosen.push_back({&method});
    }
    if (chosen.empty())
        for (const auto& method : classicalMethods())
            if ((method.forClasses || !classesAlone) &&
                (!method.whyMissing || method.whyMissing().empty()))
                chosen.push_back({&method, {}, false});
    while (!settings.empty()) {
        const auto end = std::min(settings.find(';'), settings.size());
        if (const auto part = trimmed(settings.substr(0, end)); !part.empty())
            assignTo(chosen, part);
        settings.remove_prefix(std::min(end + 1, settings.size()));
    }
    return chosen;
}

std::optional<MeasuredMethod> measureMethod(const Project& project, const ChosenMethod& chosen,
                                            std::uint64_t seed, const TrialContext& context) {
    constexpr double kReadShare = 0.2; // of the progress
    const auto watch = [&](const char* what, double from, double to) {
        return Watch{context.stop, [&context, what, from, to](double share) {
                         if (context.progress)
                             context.progress(from + (to - from) * share, what);
                     }};
    };
    try {
        const auto data = openDataset(project.data);
        if (!chosen.isNamed &&
            !(data.info.hasClasses() ? chosen.method->forClasses : chosen.method->forValues))
            return MeasuredMethod{{}, 0, {}, true};
        const auto learned = indicesOf(data, project.data, DataPart::Training);
        const auto asked = indicesOf(data, project.data, DataPart::Test);
        const auto training = samplesOf(*data.training, learned, data.info,
                                        watch("reading samples", 0, kReadShare / 2));
        const auto test = samplesOf(*data.test, asked, data.info,
                                    watch("reading samples", kReadShare / 2, kReadShare));
        auto made = measureBaseline(*chosen.method, chosen.params, training, test, seed,
                                    watch("fitting", kReadShare, 1));
        if (!made)
            return {};
        restoreUnits(made->outcomes, data.info.targetScaling);
        return MeasuredMethod{std::move(*made), learned.size(), data.info, false};
    } catch (const FitStopped&) {
        return {};
    }
}

Json outcomesJson(const Outcomes& outcomes, const std::vector<std::string>& classes) {
    const auto& judged = qualityMetric(outcomes.kind());
    Json json = {{"metric", judged.key}, {"samples", outcomes.samples()}};
    const auto quality = judged.value(outcomes);
    json["quality"] = quality ? Json(*quality) : Json();
    if (const auto balanced = balancedAccuracy(outcomes)) {
        json["balanced"] = *balanced;
        json["uneven"] = hasUnevenClasses(outcomes);
    }
    if (outcomes.kind() != MetricKind::Classes || classes.size() > kShownClasses)
        return json;
    const ConfusionMatrix matrix(outcomes.elements, readingsOf(outcomes));
    json["confusion"] = confusionJson(matrix);
    json["classes"] = classes;
    return json;
}

} // namespace gradwright
