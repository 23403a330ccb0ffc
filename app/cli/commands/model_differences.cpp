// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/model_differences.h"

#include "app/cli/exit_codes.h"
#include "app/cli/output.h"
#include "engine/exchange/onnx_differences.h"
#include "engine/support/counted.h"
#include "engine/support/json.h"

namespace gradwright::cli {
namespace {

void printDifference(const OnnxDifference& each) {
    printLine(fmt::format("{} {}", nameOf(each.kind), each.name));
    printLine(fmt::format("  first:  {}", each.first.empty() ? "not there" : each.first));
    printLine(fmt::format("  second: {}", each.second.empty() ? "not there" : each.second));
}

} // namespace

void printModelDifferences(const std::filesystem::path& first, const std::filesystem::path& second,
                           bool asJson) {
    for (const auto& file : {first, second})
        if (!isOnnxName(file))
            throw UsageError("inspect --against compares two ONNX models, and {} is none by its "
                             "name",
                             file.string());
    const auto found = onnxDifferences(readOnnxFile(first), readOnnxFile(second));
    if (asJson) {
        Json list = Json::array();
        for (const auto& each : found)
            list.push_back({{"kind", nameOf(each.kind)},
                            {"name", each.name},
                            {"first", each.first.empty() ? Json() : Json(each.first)},
                            {"second", each.second.empty() ? Json() : Json(each.second)}});
        return printJson({{"equal", found.empty()}, {"differences", std::move(list)}});
    }
    if (found.empty())
        return printLine("The models are alike.");
    for (const auto& each : found)
        printDifference(each);
    printLine(fmt::format("{}.", counted(found.size(), "difference")));
}

} // namespace gradwright::cli
