// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/onnx_models.h"
#include "app/cli/output.h"
#include "engine/exchange/keras/keras_import.h"
#include "engine/graph/analysis.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"

#include <map>

namespace gradwright::cli {
namespace {

/// Of the model and of those within it.
void countKinds(const KerasGraph& graph, std::map<std::string, std::int64_t>& counts) {
    for (const auto& layer : graph.layers) {
        ++counts[layer.kind];
        if (layer.graph)
            countKinds(*layer.graph, counts);
    }
}

struct KerasOpening {
    OnnxImport import{};
    std::string problem{}; ///< why there is none
};

KerasOpening openingOfKeras(const KerasModel& model, const OnnxImportOptions& options) {
    try {
        return {importKeras(model, options), {}};
    } catch (const Error& error) {
        return {{}, error.what()};
    }
}

std::int64_t arrayBytes(const KerasModel& model) {
    std::int64_t bytes = 0;
    for (const auto& [path, array] : model.arrays->datasets())
        bytes += array.shape.elements() * static_cast<std::int64_t>(sizeOf(array.dtype));
    return bytes;
}

} // namespace

void inspectKeras(const std::filesystem::path& file, const std::vector<std::string>& lengths,
                  bool asJson) {
    const auto options = importOptionsOf(lengths);
    const auto model = readKerasFile(file);
    std::map<std::string, std::int64_t> kinds;
    countKinds(model.graph, kinds);
    const auto [import, problem] = openingOfKeras(model, options);
    const bool opens = problem.empty() && import.problems.empty();
    const auto layers = import.network.main.nodes().size();
    const auto parameters = opens ? analyze(import.network).parameters : 0;
    if (asJson) {
        Json json = {{"keras_version", model.version},
                     {"name", model.graph.name},
                     {"file_bytes", model.fileBytes},
                     {"weight_bytes", arrayBytes(model)},
                     {"classes", kinds},
                     {"opens", opens},
                     {"problems", Json::array()},
                     {"notes", import.notes}};
        for (const auto& each : import.problems)
            json["problems"].push_back(
                {{"layer", each.node}, {"class", each.op}, {"reason", each.reason}});
        if (!problem.empty())
            json["problems"].push_back({{"layer", ""}, {"class", ""}, {"reason", problem}});
        if (opens) {
            json["layers"] = layers;
            json["parameters"] = parameters;
        }
        return printJson(json);
    }
    printLine(fmt::format("Keras model \"{}\"{}, {} of weights", model.graph.name,
                          model.version.empty() ? "" : ", saved by Keras " + model.version,
                          bytesText(arrayBytes(model))));
    for (const auto& [kind, count] : kinds)
        printLine(fmt::format("  {}  {}", padded(kind, 28), count));
    for (const auto& note : import.notes)
        printLine(note);
    if (!problem.empty())
        printLine("It cannot be opened: " + problem);
    else if (!opens)
        printLine("It cannot be opened, because of these layers:\n" +
                  problemLines(import.problems));
    else
        printLine(
            fmt::format("It opens as {} layers with {} parameters.", layers, grouped(parameters)));
}

} // namespace gradwright::cli
