// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/onnx_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/output.h"
#include "app/cli/training_options.h"
#include "engine/data/dataset.h"
#include "engine/data/own_data.h"
#include "engine/data/tables/table_params.h"
#include "engine/graph/analysis.h"
#include "engine/layers/catalog.h"
#include "engine/project/own_project.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/training/settings.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gradwright::cli {
namespace {

const CategoryInfo& infoOf(Category category) {
    return *std::ranges::find(categories(), category, &CategoryInfo::category);
}

Json paramJson(const ParamSpec& spec) {
    Json json = {{"key", spec.key}, {"title", spec.title}, {"default", toJson(spec.defaultValue)}};
    if (spec.type == ParamType::Int || spec.type == ParamType::Real ||
        spec.type == ParamType::Tuple) {
        json["minimum"] = spec.minimum;
        json["maximum"] = spec.maximum;
    }
    for (const auto& choice : spec.choices)
        json["choices"].push_back(choice.key);
    json["doc"] = spec.doc;
    return json;
}

Json paramsJson(const ParamSpecs& specs) {
    Json params = Json::array();
    for (const auto& spec : specs)
        params.push_back(paramJson(spec));
    return params;
}

void listLayers(bool asJson) {
    Json list = Json::array();
    for (const auto& def : layerCatalog()) {
        if (!asJson) {
            printLine(fmt::format("{}  {}  {}", padded(def.key, 20),
                                  padded(infoOf(def.category).title, 17), def.doc));
            continue;
        }
        list.push_back({{"key", def.key},
                        {"title", def.title},
                        {"category", infoOf(def.category).key},
                        {"doc", def.doc},
                        {"formula", def.formula},
                        {"source", def.source},
                        {"params", paramsJson(def.params)}});
    }
    if (asJson)
        printJson(list);
}

void listTemplates(bool asJson) {
    Json list = Json::array();
    std::string section;
    for (const auto& info : templates()) {
        const auto project = openTemplate(info.key);
        const auto parameters = analyze(project.network).parameters;
        if (asJson) {
            list.push_back({{"key", info.key},
                            {"name", project.name},
                            {"section", info.section},
                            {"parameters", parameters},
                            {"description", project.description},
                            {"try", info.tryThis}});
            continue;
        }
        if (std::exchange(section, info.section) != info.section)
            printLine((info.key == templateKeys().front() ? "" : "\n") + section);
        printLine(fmt::format("  {}  {:>11} parameters  {}", padded(info.key, 23),
                              grouped(parameters), project.description));
    }
    if (asJson)
        printJson(list);
}

void listDatasets(bool asJson) {
    Json list = Json::array();
    for (const auto& def : datasets()) {
        if (!asJson) {
            printLine(fmt::format("{}  {}", padded(def.key, 16), def.doc));
            for (const auto& spec : def.params)
                printLine(fmt::format("  {}  {} ({})", padded("data." + spec.key, 24), spec.doc,
                                      toString(spec.defaultValue).empty()
                                          ? "none"
                                          : "default " + toString(spec.defaultValue)));
            continue;
        }
        list.push_back({{"key", def.key},
                        {"title", def.title},
                        {"doc", def.doc},
                        {"origin", def.origin},
                        {"licence", def.licence},
                        {"params", paramsJson(def.params)}});
    }
    if (asJson)
        printJson(list);
}

/// What `new` is asked for.
struct NewProject {
    std::string key; ///< names a template, or an ONNX model's file
    std::string data;
    std::vector<std::string> settings; ///< each sets one of the data's, "data.key=value"
    std::vector<std::string> lengths;  ///< each sets that of an axis, "height=224"
    std::string file;
    bool force = false;
    bool json = false;
};

/// From a template or a model, or for data of the user's.
void makeProject(const NewProject& wanted) {
    const auto& [key, data, settings, lengths, output, force, asJson] = wanted;
    const std::filesystem::path file = output;
    if (key.empty() == data.empty())
        throw UsageError("new: name a template or --data, one of them");
    if (data.empty() && !settings.empty())
        throw UsageError("new: --set belongs to --data");
    if (!force && std::filesystem::exists(file))
        throw Error("{} exists already; --force replaces it", file.string());
    if (isOnnxName(key))
        return makeProjectOfModel(key, file, lengths, force, asJson);
    const auto project =
        data.empty() ? openTemplate(key) : projectForData(data, [&](DataChoice& choice) {
            applyDataSettings(choice, wanted.settings);
        });
    saveProject(file, project);
    if (data.empty()) {
        if (asJson)
            printJson({{"file", file.string()}, {"template", key}});
        else
            printLine(fmt::format("Wrote {}", file.string()));
        return;
    }
    const auto ignored =
        project.data.dataset == "csv" ? ignoredBy(project.data) : std::vector<std::string>{};
    if (asJson)
        printJson({{"file", file.string()},
                   {"data", project.data.dataset},
                   {"task", project.description},
                   {"left_out", ignored}});
    else {
        printLine(fmt::format("Wrote {}. {}", file.string(), project.description));
        if (!ignored.empty())
            printLine(fmt::format("Left out: {}", columnList(ignored)));
    }
}

} // namespace

void addCatalogCommands(CLI::App& app, int&) {
    auto options = std::make_shared<NewProject>();
    const auto addJson = [&](CLI::App* command) {
        command->add_flag("--json", options->json, "One JSON document on standard output");
    };

    auto* layers = app.add_subcommand("layers", "List the layers");
    addJson(layers);
    layers->callback([options] { listLayers(options->json); });

    auto* templates = app.add_subcommand("templates", "List the bundled networks");
    addJson(templates);
    templates->callback([options] { listTemplates(options->json); });

    auto* data = app.add_subcommand("datasets", "List the data sets and their settings");
    addJson(data);
    data->callback([options] { listDatasets(options->json); });

    auto* make = app.add_subcommand("new", "Write a project file from a template, an ONNX model or "
                                           "for your own data");
    make->add_option("template", options->key,
                     "Key of a template, or an ONNX model (NAME.onnx), whose weights are written "
                     "beside the project");
    make->add_option("--data", options->data,
                     "A table (CSV, TSV), a folder with one folder of images per class, IDX files "
                     "or a text, in place of a template: the network is made to fit");
    make->add_option(
            "--set", options->settings,
            "With --data, how it is read, as data.key=value, e.g. data.target=price; may be "
            "repeated")
        ->expected(1)
        ->take_all();
    make->add_option("--length", options->lengths,
                     "Length of an axis that an ONNX model only names: height=224");
    make->add_option("-o,--output", options->file, "The file to write")->required();
    make->add_flag("--force", options->force, "Replace the file if it exists");
    addJson(make);
    make->callback([options] { makeProject(*options); });
}

} // namespace gradwright::cli
