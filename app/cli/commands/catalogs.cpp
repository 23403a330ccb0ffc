// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/onnx_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "app/cli/training_options.h"
#include "engine/data/dataset.h"
#include "engine/data/own_data.h"
#include "engine/data/tables/table_params.h"
#include "engine/exchange/project_import.h"
#include "engine/exchange/transfer.h"
#include "engine/graph/analysis.h"
#include "engine/layers/catalog.h"
#include "engine/project/own_project.h"
#include "engine/project/project_file.h"
#include "engine/project/start_file.h"
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
    std::string from;       ///< whose trained weights it starts with; empty: none
    std::string freezeUpTo; ///< the layer; empty: none
    std::string statistics = "fixed";
    double bodyRate = 1;
    bool force = false;
    bool json = false;
};

/// With a trained network's layers and weights, for other data where these are named.
void makeProjectFrom(const NewProject& wanted) {
    const std::filesystem::path file = wanted.file;
    const auto weights = startWeightsOfFile(file);
    if (!wanted.force)
        for (const auto& each : {file, weights})
            if (std::filesystem::exists(each))
                throw Error("{} exists already; --force replaces it", each.string());
    TransferOptions options;
    options.data = wanted.data;
    options.adjust = [&](DataChoice& choice) { applyDataSettings(choice, wanted.settings); };
    if (!wanted.freezeUpTo.empty())
        options.freezeUpTo = wanted.freezeUpTo;
    options.statistics =
        wanted.statistics == "fixed" ? FrozenStatistics::Fixed : FrozenStatistics::OfBatch;
    options.bodyRate = wanted.bodyRate;
    const auto source = naming(wanted.from, [&] {
        auto found = transferSource(wanted.from);
        if (options.freezeUpTo == "all") // in front of the last layer, whatever it is called
            options.freezeUpTo =
                found.project.network.main.find(lastDense(found.project.network))->name;
        return found;
    });
    auto made = startFrom(source, options);
    keepStartWeights(made.project, made.weights, weights);
    saveProject(file, made.project);
    if (wanted.json) {
        printJson({{"file", file.string()},
                   {"from", wanted.from},
                   {"weights", weights.string()},
                   {"weights_kept", made.weights.values.size()},
                   {"notes", made.notes}});
        return;
    }
    printLine(
        fmt::format("Wrote {}, and its first weights in {}", file.string(), weights.string()));
    for (const auto& note : made.notes)
        printLine(note);
}

/// From a template or a model, or for data of the user's.
void makeProject(const NewProject& wanted) {
    const auto& key = wanted.key;
    const auto& data = wanted.data;
    const auto& settings = wanted.settings;
    const bool asJson = wanted.json;
    const std::filesystem::path file = wanted.file;
    if (wanted.from.empty() &&
        (!wanted.freezeUpTo.empty() || wanted.bodyRate != 1 || wanted.statistics != "fixed"))
        throw UsageError("new: --freeze, --statistics and --body-rate belong to --from");
    if (!wanted.from.empty()) {
        if (!key.empty())
            throw UsageError("new: name a template or --from, one of them");
        return makeProjectFrom(wanted);
    }
    if (key.empty() == data.empty())
        throw UsageError("new: name a template or --data, one of them");
    if (data.empty() && !settings.empty())
        throw UsageError("new: --set belongs to --data");
    if (!wanted.force && std::filesystem::exists(file))
        throw Error("{} exists already; --force replaces it", file.string());
    if (isForeignModel(key))
        return makeProjectOfModel(key, file, wanted.lengths, wanted.force, asJson);
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

    auto* make = app.add_subcommand("new", "Write a project file from a template, an ONNX or Keras "
                                           "model or for your own data");
    make->add_option("template", options->key,
                     "Key of a template, or a model (NAME.onnx, NAME.keras), whose weights are "
                     "written beside the project");
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
                     "Length of an axis that a model leaves open: height=224");
    make->add_option(
        "--from", options->from,
        "Start with the layers and weights of a run's folder, an ONNX or Keras model "
        "or a trained project; with --data, the last Dense layer begins anew for these");
    make->add_option("--freeze", options->freezeUpTo,
                     "With --from: freeze the layers up to this one or this block; \"all\": all "
                     "in front of the last Dense layer");
    make->add_option("--statistics", options->statistics,
                     "With --freeze: batch normalizations keep their running statistics (fixed), "
                     "or take those of each batch")
        ->check(CLI::IsMember({"fixed", "batch"}))
        ->capture_default_str();
    make->add_option("--body-rate", options->bodyRate,
                     "With --from: the learning-rate factor of all layers but the last, such as "
                     "0.1");
    make->add_option("-o,--output", options->file, "The file to write")->required();
    make->add_flag("--force", options->force, "Replace the file if it exists");
    addJson(make);
    make->callback([options] { makeProject(*options); });
}

} // namespace gradwright::cli
