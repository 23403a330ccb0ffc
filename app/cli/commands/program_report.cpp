// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/program_report.h"

#include "app/cli/output.h"
#include "engine/backend/compute_threads.h"
#include "engine/backend/devices.h"
#include "engine/support/byte_text.h"
#include "engine/support/counted.h"
#include "engine/support/json.h"
#include "engine/training/compute_plan.h"
#include "engine/training/objective.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace gradwright::cli {
namespace {

Json opsJson(const std::vector<OpReport>& ops) {
    Json list = Json::array();
    for (const auto& op : ops) {
        list.push_back({{"path", op.path},
                        {"op", op.op},
                        {"implementation", op.implementation},
                        {"layout", op.layout},
                        {"fused", op.fused},
                        {"macs", op.macs},
                        {"operations", op.operations},
                        {"bytes", op.bytes},
                        {"reorders", op.reorders}});
        if (!op.formula.empty())
            list.back()["formula"] = op.formula;
    }
    return list;
}

std::string implementationText(const OpReport& op) {
    if (!op.formula.empty())
        return fmt::format("{}: {}", op.implementation, op.formula);
    return op.fused.empty() ? op.implementation
                            : fmt::format("{} + {}", op.implementation, fmt::join(op.fused, " + "));
}

std::int64_t operationsOf(const std::vector<OpReport>& ops) {
    std::int64_t sum = 0;
    for (const auto& op : ops)
        sum += op.operations;
    return sum;
}

/// What it saves and what it costs.
std::string recomputationText(const ProgramReport& report) {
    const auto& again = *report.recomputation;
    if (again.parts == 0)
        return "Recomputation          would save nothing; everything is kept";
    const auto once = operationsOf(report.ops) + operationsOf(report.backward);
    return fmt::format(
        "Recomputation          {} of the forward pass run again: {:.1f} % more operations, {} "
        "instead of {}",
        counted(again.parts, "part"),
        100 * static_cast<double>(again.operations) / static_cast<double>(once),
        bytesText(static_cast<std::int64_t>(report.arenaBytes)),
        bytesText(static_cast<std::int64_t>(again.arenaBytesOnce)));
}

/// The widest text of a column.
template <class Text>
std::size_t widthOf(const ProgramReport& report, std::size_t least, const Text& text) {
    for (const auto* ops : {&report.ops, &report.backward})
        for (const auto& op : *ops)
            least = std::max(least, columnsOf(text(op)));
    return least;
}

} // namespace

ProgramReport compiledReport(const Project& project) {
    const auto& settings = project.training;
    const auto training = trainingGraph(project.network, openDataset(project.data).info, settings);
    const auto plan = planFor(training.graph, settings);
    setComputeThreads(plan.threads);
    const auto backend = trainingBackend(settings, plan);
    if (settings.target().isGpu()) // which is not at hand in this process
        return backend->plan(training.graph, trainingOptions(settings));
    return backend->compile(training.graph, trainingOptions(settings))->report();
}

Json toJson(const ProgramReport& report) {
    Json json = {{"forward", opsJson(report.ops)},
                 {"backward", opsJson(report.backward)},
                 {"parts", report.parts},
                 {"reorders", report.reorders},
                 {"arena_bytes", report.arenaBytes},
                 {"weight_bytes", report.weightBytes}};
    if (const auto& again = report.recomputation)
        json["recomputation"] = {{"parts", again->parts},
                                 {"operations", again->operations},
                                 {"arena_bytes_once", again->arenaBytesOnce}};
    return json;
}

void printReport(const Project& project, const ProgramReport& report) {
    const auto path = widthOf(report, 5, [](const OpReport& op) { return op.path; });
    const auto name = widthOf(report, 2, [](const OpReport& op) { return op.op; });
    const auto implementation = widthOf(report, 14, implementationText);
    const auto layout = widthOf(report, 6, [](const OpReport& op) { return op.layout; });
    const std::array passes = {std::pair("Forward", &report.ops),
                               std::pair("Backward", &report.backward)};
    for (const auto& [title, ops] : passes) {
        printLine(fmt::format("\n{} pass, batch {}, {}", title, project.training.batch(),
                              nameOf(project.training.precision())));
        printLine(fmt::format("{}  {}  {}  {}  {:>10}  {:>10}  {:>8}", padded("Layer", path),
                              padded("Op", name), padded("Implementation", implementation),
                              padded("Layout", layout), "MFLOP", "KiB", "Reorders"));
        for (const auto& op : *ops)
            printLine(
                fmt::format("{}  {}  {}  {}  {:>10.3f}  {:>10.1f}  {:>8}", padded(op.path, path),
                            padded(op.op, name), padded(implementationText(op), implementation),
                            padded(op.layout, layout), static_cast<double>(op.operations) / 1e6,
                            static_cast<double>(op.bytes) / 1024, op.reorders));
    }
    printLine("");
    if (report.parts > 1)
        printLine(fmt::format("Batch parts            {}", report.parts));
    printLine(fmt::format("Layout changes/step    {}", report.reorders));
    printLine(fmt::format("Arena                  {}",
                          bytesText(static_cast<std::int64_t>(report.arenaBytes))));
    if (report.recomputation)
        printLine(recomputationText(report));
    printLine(fmt::format("Weights and optimizer  {}",
                          bytesText(static_cast<std::int64_t>(report.weightBytes))));
}

} // namespace gradwright::cli
