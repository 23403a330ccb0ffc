// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/project_import.h"

#include "engine/data/catalog.h"
#include "engine/exchange/found_blocks.h"
#include "engine/exchange/keras/keras_import.h"
#include "engine/graph/analysis.h"
#include "engine/support/json.h"

#include <fmt/format.h>

namespace gradwright {

namespace {

/// Generated images that suit a classifier of images, so that it can be tried before its user has
/// chosen data; what the project has otherwise where they do not.
void suggestData(Project& project) {
    const auto analysis = analyze(project.network);
    const Shape* input = nullptr;
    const Shape* output = nullptr;
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const auto& key = analysis.flat.nodes[i].layer->key;
        auto*& end = key == "input" ? input : output;
        if (key != "input" && key != "output")
            continue;
        if (end)
            return; // several
        end = &analysis.nodes[i].output;
    }
    const auto ofMnist = Shape{1, 28, 28};
    if (!input || !output || input->rank() != 3 || *input == ofMnist || output->rank() != 1 ||
        (*input)[1] != (*input)[2])
        return;
    auto data = project.data;
    data.dataset = "patterns";
    data.params = {{"size", (*input)[1]},
                   {"channels", (*input)[0]},
                   {"classes", (*output)[0]},
                   {"samples", std::int64_t{4000}},
                   {"test_samples", std::int64_t{200}}};
    if (validate(dataset(data.dataset).params, data.params).empty())
        project.data = std::move(data);
}

/// How much of the model is nodes of ONNX, and what cannot run.
void addNotes(OnnxImport& import) {
    const auto count = import.kept.size();
    if (count > 0)
        import.notes.push_back(
            import.isWholeRun
                ? fmt::format("{} node(s) of ONNX are shown as they are: the model does not keep "
                              "samples apart, so that a sample of this network is all that the "
                              "model takes in one run. It predicts and does not train.",
                              count)
                : fmt::format("{} node(s) of ONNX that no layer stands for are shown as they are.",
                              count));
    if (import.isWholeRun && !import.mixing.empty()) {
        const auto& [node, op, reason] = import.mixing.front();
        import.notes.push_back(
            node.empty()
                ? fmt::format("Samples are not kept apart since {}.", reason)
                : fmt::format("Samples are not kept apart by {} ({}): {}.", node, op, reason));
    }
    for (const auto& each : import.unable)
        import.notes.push_back(
            fmt::format("{} ({}) cannot run: {}.", each.node, each.op, each.reason));
}

std::string namesOfBlocks(const Network& network) {
    std::string names;
    for (const auto& [name, block] : network.blocks)
        names += (names.empty() ? "" : ", ") + name;
    return names;
}

ImportedProject named(OnnxImport import, const std::filesystem::path& file,
                      const std::string& writer) {
    ImportedProject made{newProject(), std::move(import.weights), std::move(import.notes)};
    made.project.name = file.stem().string();
    made.project.description = fmt::format("Opened from {}{}.", file.filename().string(),
                                           writer.empty() ? "" : ", which " + writer + " wrote");
    made.project.network = std::move(import.network);
    const auto instances = findBlocks(made.project.network, made.weights);
    if (instances > 0) {
        requireWhole(made.project.network, made.weights);
        const auto blocks = made.project.network.blocks.size();
        made.notes.push_back(
            fmt::format("{} that {} again {} {} now: {}.", instances == 1 ? "A part" : "Parts",
                        instances == 1 ? "comes" : "come", instances == 1 ? "is" : "are",
                        blocks == 1 ? "a block" : "blocks", namesOfBlocks(made.project.network)));
    }
    suggestData(made.project);
    return made;
}

} // namespace

ImportedProject projectFromOnnx(const std::filesystem::path& file,
                                const OnnxImportOptions& options) {
    const auto read = [&] { return readOnnxFile(file, options.look); };
    auto model = read();
    const auto producer = model.producer;
    const auto description = model.description;
    auto withNodes = options;
    withNodes.nodes = true;
    auto import = importOnnxFreeing(std::move(model), read, withNodes);
    addNotes(import);
    auto made = named(std::move(import), file, producer);
    if (!description.empty())
        made.project.description = description;
    return made;
}

ImportedProject projectFromKeras(const std::filesystem::path& file,
                                 const OnnxImportOptions& options) {
    const auto model = readKerasFile(file);
    auto import = importKeras(model, options);
    if (!import.problems.empty())
        throw OnnxNodesRefused(std::move(import.problems), "layer");
    return named(std::move(import), file,
                 model.version.empty() ? "Keras" : "Keras " + excerpt(model.version));
}

bool isForeignModel(const std::filesystem::path& file) {
    return isKerasName(file) || isOnnxName(file);
}

ImportedProject projectFromModel(const std::filesystem::path& file,
                                 const OnnxImportOptions& options) {
    return isKerasName(file) ? projectFromKeras(file, options) : projectFromOnnx(file, options);
}

} // namespace gradwright
