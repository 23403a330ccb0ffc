// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/precision/layout_trial.h"

#include "engine/backend/compute_threads.h"
#include "engine/backend/conv_layouts.h"
#include "engine/training/compute_plan.h"
#include "engine/training/objective.h"

#include <fmt/format.h>

#include <algorithm>

namespace gradwright {
namespace {

/// Convolutions that are alike are measured once.
struct ConvCase {
    std::string path; ///< of the first one
    ConvOp op;
    Shape input, output;
    std::int64_t count = 1;
};

std::vector<ConvCase> convolutionsOf(const OpGraph& graph) {
    std::vector<ConvCase> cases;
    for (const auto& op : graph.ops()) {
        const auto* const conv = std::get_if<ConvOp>(&op.attributes);
        if (!conv || op.isBackward)
            continue;
        const auto input = graph.type(op.inputs[0]).sample();
        const auto found = std::ranges::find_if(
            cases, [&](const ConvCase& each) { return each.op == *conv && each.input == input; });
        if (found != cases.end())
            ++found->count;
        else
            cases.push_back({op.path, *conv, input, graph.type(op.output()).sample()});
    }
    return cases;
}

Json timeJson(const ConvLayoutTime& time) {
    Json json = {{"layout", time.layout},
                 {"memory", time.memory},
                 {"implementation", time.implementation},
                 {"reorders", time.reorders},
                 {"reorder_seconds", time.reorderSeconds}};
    json["seconds"] = time.seconds ? Json(*time.seconds) : Json();
    return json;
}

std::string kernelText(const ConvCase& each) {
    std::string text;
    for (std::size_t i = 0; i + 1 < each.input.rank(); ++i)
        text += (i > 0 ? "×" : "") + std::to_string(each.op.kernel[i]);
    return text;
}

/// What the engine makes of a layer in a step of training.
Json engineJson(const ProgramReport& report, const std::string& path) {
    Json json = Json::object();
    std::size_t reorders = 0;
    for (const auto* pass : {&report.ops, &report.backward})
        for (const auto& op : *pass)
            if (op.path == path)
                reorders += op.reorders;
    for (const auto& op : report.ops)
        if (op.path == path) {
            json["layout"] = op.layout;
            json["implementation"] = op.implementation;
            break;
        }
    json["reorders"] = reorders;
    return json;
}

} // namespace

std::optional<Json> measureLayouts(const Project& project, const TrialContext& context) {
    auto settings = project.training;
    settings.params.insert_or_assign("device", std::string("cpu"));
    settings.params.insert_or_assign("precision", std::string("fp32"));
    const auto training = trainingGraph(project.network, openDataset(project.data).info, settings);
    const auto plan = planFor(training.graph, settings);
    const auto threads = setComputeThreads(settings.threads());
    const auto report =
        trainingBackend(settings, plan)->plan(training.graph, trainingOptions(settings));
    const auto cases = convolutionsOf(training.graph);
    Json list = Json::array();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto& each = cases[i];
        if (context.progress)
            context.progress(static_cast<double>(i) / static_cast<double>(cases.size()), each.path);
        const auto times =
            measureConvLayouts(each.op, each.input, each.output, settings.batch(), context.stop);
        if (context.stop.stop_requested())
            return {};
        Json measured = Json::array();
        for (const auto& time : times)
            measured.push_back(timeJson(time));
        list.push_back({{"path", each.path},
                        {"count", each.count},
                        {"kernel", kernelText(each)},
                        {"input", toString(each.input)},
                        {"output", toString(each.output)},
                        {"times", std::move(measured)},
                        {"engine", engineJson(report, each.path)}});
    }
    return Json{{"convolutions", std::move(list)},
                {"reorders", report.reorders},
                {"batch", settings.batch()},
                {"threads", threads}};
}

} // namespace gradwright
