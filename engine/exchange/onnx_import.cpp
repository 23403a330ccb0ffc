// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_import.h"

#include "engine/exchange/einsum_parts.h"
#include "engine/exchange/layer_import.h"
#include "engine/exchange/node_layers.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

OnnxImport importLayers(const OnnxModel& model, const OnnxImportOptions& options) {
    if (!hasEinsum(model))
        return LayerImport(model, options).run();
    auto plain = model; // which shares its tensors
    writeEinsumsOut(plain);
    return LayerImport(plain, options).run();
}

} // namespace

std::string groupOf(const OnnxNode& node) {
    const auto slash = node.name.rfind('/');
    if (slash == std::string::npos || slash == 0)
        return {};
    const auto last = node.name.substr(slash + 1);
    if (last != "BiasAdd" && !last.starts_with(node.op))
        return {};
    const auto rest = last == "BiasAdd" ? std::string() : last.substr(node.op.size());
    const bool isNumbered = rest.size() > 1 && rest[0] == '_' &&
                            rest.find_first_not_of("0123456789", 1) == std::string::npos;
    // Keras calls them Conv2D and the like.
    const bool isKind = rest == "1D" || rest == "2D" || rest == "3D";
    return rest.empty() || isNumbered || isKind ? node.name.substr(0, slash) : std::string();
}

Tensor usedRows(const Tensor& values) {
    const auto& shape = values.shape();
    if (shape.rank() == 0 || shape.elements() == 0)
        return values;
    const auto width = shape.elements() / shape[0];
    const auto numbers = values.to(DType::F64);
    std::int64_t rows = 0;
    while (rows < shape[0] && numbers.span<double>()[static_cast<std::size_t>(rows * width)] >= 0)
        ++rows;
    auto dims = shape.dims();
    dims[0] = rows;
    Tensor used(values.dtype(), Shape(std::move(dims)));
    std::ranges::copy(values.bytes().first(used.bytes().size()), used.bytes().begin());
    return used;
}

std::string problemLines(const std::vector<OnnxProblem>& problems) {
    std::string lines;
    for (const auto& problem : problems)
        lines += fmt::format("{}{} ({}): {}", lines.empty() ? "" : "\n", problem.node, problem.op,
                             problem.reason);
    return lines;
}

OnnxImport importOnnx(const OnnxModel& model, const OnnxImportOptions& options) {
    if (!options.nodes)
        return importLayers(model, options);
    std::vector<OnnxProblem> mixing;
    try {
        auto layersOnly = options;
        layersOnly.nodes = false;
        for (const auto& each : {layersOnly, options}) {
            auto made = importLayers(model, each);
            if (made.problems.empty() && options.constants.empty())
                return made;
            mixing = std::move(made.problems);
        }
    } catch (const Error& error) { // its inputs or outputs are none of samples
        mixing = {{"", "", error.what()}};
    }
    auto made = importRun(model, options);
    made.mixing = std::move(mixing);
    return made;
}

OnnxImport importOnnxWhole(const OnnxModel& model, const OnnxImportOptions& options) {
    auto made = importOnnx(model, options);
    if (made.problems.empty())
        return made;
    throw OnnxNodesRefused(std::move(made.problems));
}

OnnxImport importOnnxFreeing(OnnxModel model, const std::function<OnnxModel()>& again,
                             const OnnxImportOptions& options) {
    if (options.constants.empty()) {
        auto layersOnly = options;
        layersOnly.nodes = false;
        try {
            writeEinsumsOut(model);
            LayerImport import(model, layersOnly);
            import.freeConstantsOf(model);
            auto made = import.run();
            if (made.problems.empty())
                return made;
        } catch (const Error&) {
            // It is told below, where it stays one.
        }
    }
    model = {};
    return importOnnxWhole(again(), options);
}

OnnxNodesRefused::OnnxNodesRefused(std::vector<OnnxProblem> problems, std::string_view part)
    : Error("{} of the model cannot be opened{}:\n{}",
            problems.size() == 1 ? fmt::format("One {}", part)
                                 : fmt::format("{} {}s", problems.size(), part),
            part == "node" ? " as layers" : "", problemLines(problems))
    , problems_(std::move(problems)) {}

} // namespace gradwright
