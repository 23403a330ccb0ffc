// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/method.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {

const std::vector<MethodDef>& classicalMethods() {
    static const std::vector<MethodDef> all = {
        naiveBayesMethod(),         linearRegressionMethod(), ridgeRegressionMethod(),
        logisticRegressionMethod(), linearSvmMethod(),        kernelSvmMethod(),
        nearestNeighboursMethod(),  decisionTreeMethod(),     randomForestMethod(),
        boostingMethod(),
    };
    return all;
}

const MethodDef& classicalMethod(std::string_view key) {
    const auto found = std::ranges::find(classicalMethods(), key, &MethodDef::key);
    if (found != classicalMethods().end())
        return *found;
    std::string known;
    for (const auto& def : classicalMethods())
        known += (known.empty() ? "" : ", ") + def.key;
    throw Error("there is no method \"{}\"; known are {}", key, known);
}

std::unique_ptr<ClassicalModel> fitMethod(const MethodDef& method, const Samples& samples,
                                          const ParamValues& params, std::uint64_t seed,
                                          const Watch& watch) {
    const bool classes = samples.classes > 0;
    if (!(classes ? method.forClasses : method.forValues))
        throw Error("{} learns {}, and the samples have {}", method.title,
                    classes ? "values" : "classes", classes ? "classes" : "values");
    if (samples.count() == 0)
        throw Error("{} has no samples to learn from", method.title);
    if (const auto problems = validate(method.params, params); !problems.empty())
        throw Error("{}: {}: {}", method.key, problems.front().param, problems.front().message);
    if (method.whyMissing)
        if (const auto reason = method.whyMissing(); !reason.empty())
            throw Error("{}", reason);
    watch.check();
    return method.fit(samples, Params(method.params, params), seed, watch);
}

std::vector<double> answersOf(const ClassicalModel& model, const Samples& samples,
                              const Watch& watch) {
    constexpr std::size_t kPieces = 32;   // between two reports of progress
    const auto rows = model.rowsAtOnce(); // of a piece of work
    const auto count = samples.count();
    const auto outputs = samples.outputs();
    std::vector<double> answers(count * outputs);
    WorkerCrew crew(usefulHelpers());
    for (std::size_t first = 0; first < count; first += rows * kPieces) {
        watch.reach(static_cast<double>(first) / static_cast<double>(count));
        const auto end = std::min(count, first + rows * kPieces);
        crew.run((end - first + rows - 1) / rows, [&](std::size_t piece) {
            watch.check();
            const auto from = first + piece * rows;
            const auto here = std::min(rows, end - from);
            model.answerRows(
                std::span(samples.inputs).subspan(from * samples.features, here * samples.features),
                here, std::span(answers).subspan(from * outputs, here * outputs));
        });
    }
    return answers;
}

} // namespace gradwright
