// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "engine/exchange/weights/input_conventions.h"
#include "engine/exchange/weights/weight_archive.h"
#include "engine/exchange/weights/weight_plan.h"
#include "engine/graph/lower.h"
#include "engine/project/project_file.h"
#include "engine/project/start_file.h"
#include "engine/project/templates.h"
#include "engine/support/counted.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

namespace gradwright::cli {
namespace {

struct WeightOptions {
    std::string file;
    std::string into;
    std::string output;
    std::vector<std::string> corrections; ///< each "WEIGHT=TENSOR"
    std::string scaling;                  ///< empty: what is found beside the file
    std::string colours;                  ///< empty: the convention's
    bool force = false;
    bool json = false;
};

/// The file itself, or the one of a repository's folder.
std::filesystem::path weightFileOf(const std::filesystem::path& given) {
    if (!std::filesystem::is_directory(given))
        return given;
    auto file = given / "model.safetensors";
    if (!std::filesystem::exists(file))
        throw Error("{}: has no model.safetensors; name the file of the weights", given.string());
    return file;
}

void applyCorrections(WeightPlan& plan, const std::vector<std::string>& corrections) {
    for (const auto& each : corrections) {
        const auto sign = each.find('=');
        if (sign == std::string::npos || sign == 0)
            throw UsageError("--map takes WEIGHT=TENSOR or LAYER=MODULE, with nothing behind the "
                             "sign for none, not \"{}\"",
                             each);
        correct(plan, each.substr(0, sign), each.substr(sign + 1));
    }
}

constexpr std::string_view nameOf(MatchedBy by) {
    switch (by) {
    case MatchedBy::Hand:
        return "hand";
    case MatchedBy::Name:
        return "name";
    case MatchedBy::Structure:
        return "structure";
    case MatchedBy::Order:
        return "order";
    case MatchedBy::Doubt:
        return "doubt";
    case MatchedBy::Nothing:
        return "nothing";
    }
    return "";
}

std::string turnText(const WeightRow& row) {
    return row.axes.empty() ? std::string() : fmt::format(", axes {}", fmt::join(row.axes, " "));
}

Json planJson(const WeightPlan& plan) {
    Json rows = Json::array();
    for (const auto& row : plan.rows) {
        const auto* const tensor = row.tensor ? &plan.tensors[*row.tensor] : nullptr;
        rows.push_back({{"weight", row.key},
                        {"shape", row.shape.dims()},
                        {"tensor", tensor ? Json(tensor->name) : Json()},
                        {"tensor_shape", tensor ? Json(tensor->shape.dims()) : Json()},
                        {"axes", row.axes},
                        {"matched_by", nameOf(row.by)},
                        {"why", row.why}});
    }
    Json unused = Json::array();
    for (const auto& each : plan.unused())
        unused.push_back({{"tensor", plan.tensors[each.tensor].name},
                          {"shape", plan.tensors[each.tensor].shape.dims()},
                          {"why", each.why}});
    return {{"weights", rows},
            {"matched", plan.matched()},
            {"unused", unused},
            {"counters", plan.counters.size()}};
}

void printPlan(const WeightPlan& plan) {
    std::size_t keys = 0;
    std::size_t names = 0;
    for (const auto& row : plan.rows) {
        keys = std::max(keys, columnsOf(row.key));
        if (row.tensor)
            names = std::max(names, columnsOf(plan.tensors[*row.tensor].name));
    }
    for (const auto& row : plan.rows)
        printLine(fmt::format("{}  {}  {}  {}{}", padded(row.key, keys),
                              padded(row.tensor ? plan.tensors[*row.tensor].name : "-", names),
                              padded(toString(row.shape), 16), row.why, turnText(row)));
    const auto unused = plan.unused();
    printLine(fmt::format("{} of {} weights are in the file.", plan.matched(), plan.rows.size()));
    const auto missing = plan.rows.size() - plan.matched();
    if (missing > 0)
        printLine(fmt::format("{} anew:", counted(missing, "begins", "begin")));
    for (const auto& row : plan.rows)
        if (!row.tensor)
            printLine(fmt::format("  {}: {}", row.key, row.why));
    if (!unused.empty())
        printLine(fmt::format("{} not used:", counted(unused.size(), "tensor of the file is",
                                                      "tensors of the file are")));
    for (const auto& each : unused)
        printLine(fmt::format("  {} {}: {}", plan.tensors[each.tensor].name,
                              toString(plan.tensors[each.tensor].shape), each.why));
    if (!plan.counters.empty())
        printLine(
            fmt::format("{} not needed.", counted(plan.counters.size(), "counter of batches is",
                                                  "counters of batches are")));
}

/// What the options, or else the files beside the weights, say of the images.
struct InputChoice {
    std::optional<ChannelScaling> scaling;
    ColourOrder colours = ColourOrder::Rgb;
    std::string from;
};

InputChoice inputChoice(const WeightOptions& options, const std::filesystem::path& file) {
    InputChoice choice;
    if (options.scaling.empty()) {
        auto hint = inputHintBeside(file);
        choice.scaling = std::move(hint.scaling);
        choice.from = std::move(hint.file);
    } else {
        const auto& convention = inputConvention(options.scaling);
        choice.scaling = convention.scaling;
        choice.colours = convention.colours;
    }
    if (!options.colours.empty())
        choice.colours = options.colours == "bgr" ? ColourOrder::Bgr : ColourOrder::Rgb;
    return choice;
}

void runWeights(const WeightOptions& options) {
    const auto file = weightFileOf(options.file);
    const auto archive = openWeightArchive(file);
    auto project = openProject(options.into);
    auto plan = planWeights(lower(project.network), archive.tensors);
    applyCorrections(plan, options.corrections);
    if (options.output.empty()) {
        if (options.json)
            printJson(planJson(plan));
        else
            printPlan(plan);
        return;
    }
    const std::filesystem::path output = options.output;
    const auto weightsFile = startWeightsOfFile(output);
    if (!options.force)
        for (const auto& each : {output, weightsFile})
            if (std::filesystem::exists(each))
                throw Error("{} exists already; --force replaces it", each.string());
    if (plan.matched() == 0)
        throw Error("{} has no weight that fits {}; without -o, the command lists both",
                    file.string(), options.into);
    const auto choice = inputChoice(options, file);
    auto note = prepareInputs(project, choice.scaling);
    if (!choice.from.empty())
        note += fmt::format(" {} says so.", choice.from);
    const auto weights = readPlanned(archive, plan, choice.colours);
    keepStartWeights(project, *weights, weightsFile);
    saveProject(output, project);
    if (options.json) {
        auto json = planJson(plan);
        json["file"] = output.string();
        json["start_weights"] = weightsFile.string();
        json["note"] = note;
        printJson(json);
        return;
    }
    printPlan(plan);
    printLine(note);
    if (choice.colours == ColourOrder::Bgr)
        printLine("Kernels that read colours were turned round: the network takes red, green, "
                  "blue.");
    printLine(
        fmt::format("Wrote {}, and the weights in {}", output.string(), weightsFile.string()));
}

} // namespace

void addWeightsCommand(CLI::App& app, int&) {
    auto options = std::make_shared<WeightOptions>();
    auto* command = app.add_subcommand(
        "weights", "Put weights of another program into a network: which tensor becomes which "
                   "weight, and with -o the project that starts with them");
    command
        ->add_option("file", options->file,
                     "A safetensors file of PyTorch, Hugging Face or timm, a folder with "
                     "model.safetensors, or a program exported by PyTorch (.pt2)")
        ->required();
    command->add_option("--into", options->into, "A project file or template:NAME")->required();
    command->add_option("-o,--output", options->output,
                        "The project file to write; the weights are kept beside it");
    command
        ->add_option("--map", options->corrections,
                     "Correct a pair: WEIGHT=TENSOR or LAYER=MODULE, WEIGHT= for none; may be "
                     "repeated")
        ->expected(1)
        ->take_all();
    std::vector<std::string> keys;
    for (const auto& convention : inputConventions())
        keys.push_back(convention.key);
    command
        ->add_option("--scaling", options->scaling,
                     "How images were prepared when the weights were trained; by default what a "
                     "config.json or preprocessor_config.json beside the file says, else unknown")
        ->check(CLI::IsMember(keys));
    command
        ->add_option("--colours", options->colours,
                     "The order of colours that the weights expect; by default that of --scaling, "
                     "else rgb")
        ->check(CLI::IsMember({"rgb", "bgr"}));
    command->add_flag("--force", options->force, "Replace the files if they exist");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options] { runWeights(*options); });
}

} // namespace gradwright::cli
