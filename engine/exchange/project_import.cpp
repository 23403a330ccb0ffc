// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/project_import.h"

#include "engine/data/catalog.h"
#include "engine/graph/analysis.h"

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

} // namespace

ImportedProject projectFromOnnx(const std::filesystem::path& file,
                                const OnnxImportOptions& options) {
    const auto model = readOnnxFile(file);
    auto import = importOnnxWhole(model, options);
    ImportedProject made{newProject(), std::move(import.weights), std::move(import.notes)};
    made.project.name = file.stem().string();
    made.project.description =
        model.description.empty()
            ? fmt::format("Opened from {}{}.", file.filename().string(),
                          model.producer.empty() ? "" : ", which " + model.producer + " wrote")
            : model.description;
    made.project.network = std::move(import.network);
    suggestData(made.project);
    return made;
}

} // namespace gradwright
