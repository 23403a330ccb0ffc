// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/training_options.h"

#include "app/cli/exit_codes.h"
#include "engine/project/setting_groups.h"
#include "engine/support/json.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

namespace gradwright::cli {
namespace {

ParamValue parse(const ParamSpec& spec, const std::string& text, std::string_view option) {
    try {
        return settingFromText(spec, text, option);
    } catch (const Error& error) {
        throw UsageError("{}", error.what());
    }
}

void applyParam(TrainingSettings& settings, std::string_view key,
                const std::optional<std::string>& text, std::string_view option) {
    if (text)
        settings.params.insert_or_assign(std::string(key),
                                         parse(*findParam(trainingParams(), key), *text, option));
}

void assign(ParamValues& values, const ParamSpecs& specs, const std::string& key,
            const std::string& text, std::string_view option) {
    const auto* spec = findParamToRead(specs, key);
    if (!spec) {
        std::vector<std::string_view> keys;
        for (const auto& known : specs)
            keys.emplace_back(known.key);
        throw UsageError("{}: there is no \"{}\"; known are {}", option, key,
                         keys.empty() ? "none" : fmt::format("{}", fmt::join(keys, ", ")));
    }
    values.insert_or_assign(spec->key, parse(*spec, text, option));
}

/// What a DataChoice holds beside the parameters of its data set.
ParamSpecs choiceParams() {
    return {realParam("validation_fraction", "Validation", 0.1, 0, 0.9, ""),
            intParam("split_seed", "Split seed", 1, 0, 9e15, ""),
            intParam("limit", "Samples", 0, 0, 1e12, ""),
            boolParam("reconstruct", "Reconstruct", false, "")};
}

/// What is between commas.
std::vector<std::string> listFrom(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        if (end > begin)
            parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

/// "inputs.NAME=PART,PART", where nothing takes away what the Input had, or "left_out=PART,PART".
/// False for another key.
bool assignInputs(InputAssignment& assignment, const std::string& key, const std::string& text) {
    constexpr std::string_view kInputs = "inputs.";
    auto parts = listFrom(text);
    if (key == "left_out") {
        assignment.leftOut = std::move(parts);
        return true;
    }
    if (!key.starts_with(kInputs) || key.size() == kInputs.size())
        return false;
    const auto input = key.substr(kInputs.size());
    if (parts.empty())
        assignment.inputs.erase(input);
    else
        assignment.inputs.insert_or_assign(input, std::move(parts));
    return true;
}

void assignData(DataChoice& data, const std::string& key, const std::string& text,
                std::string_view option) {
    if (assignInputs(data.assignment, key, text))
        return;
    auto specs = choiceParams();
    if (!findParam(specs, key)) {
        auto known = dataset(data.dataset).params;
        const auto* spec = findParamToRead(known, key);
        const bool isPath = spec && spec->type == ParamType::Path && !text.empty();
        known.insert(known.end(), specs.begin(), specs.end());
        // The run must find it again from anywhere.
        return assign(data.params, known, key,
                      isPath ? std::filesystem::absolute(text).string() : text, option);
    }
    const auto value = parse(*findParam(specs, key), text, option);
    if (key == "validation_fraction")
        data.validationFraction = std::get<double>(value);
    else if (key == "split_seed")
        data.splitSeed = static_cast<std::uint64_t>(std::get<std::int64_t>(value));
    else if (key == "reconstruct")
        data.reconstruct = std::get<bool>(value);
    else
        data.limit = std::get<std::int64_t>(value);
}

/// "key=value" of the training, or "optimizer.key=value", "schedule.…", "loss.…" (of every
/// objective), "data.…", "augmentation.…".
void assign(TrainingSettings& settings, DataChoice& data, const std::string& assignment) {
    const auto option = "--set " + assignment;
    const auto equals = assignment.find('=');
    if (equals == std::string::npos)
        throw UsageError("{}: expected key=value", option);
    const auto key = assignment.substr(0, equals);
    const auto text = assignment.substr(equals + 1);
    const auto prefix = key.substr(0, key.find('.') + 1); // none without a point
    if (prefix == "data.")
        return assignData(data, key.substr(prefix.size()), text, option);
    bool isGroup = prefix == "loss."; // which nothing may be trained for
    for (const auto& group : settingGroups(settings, data)) {
        if (group.prefix != prefix)
            continue;
        isGroup = true;
        for (auto* values : group.values)
            assign(*values, group.specs, key.substr(prefix.size()), text, option);
    }
    if (!isGroup)
        throw UsageError("{}: the groups are optimizer, schedule, loss, data and augmentation, not "
                         "\"{}\"",
                         option, prefix.substr(0, prefix.size() - 1));
}

/// The key when another than `recipe`'s is asked for; then its definition.
template <class Find>
auto chosen(const std::optional<std::string>& key, const Recipe& recipe, std::string_view option,
            Find&& find) -> decltype(&find(*key)) {
    if (!key || *key == recipe.key)
        return nullptr;
    try {
        return &find(*key);
    } catch (const Error& error) {
        throw UsageError("{}: {}", option, error.what());
    }
}

template <class Def>
std::string keysOf(const std::vector<Def>& catalog) {
    std::vector<std::string_view> keys;
    for (const auto& def : catalog)
        keys.emplace_back(def.key);
    return fmt::format("{}", fmt::join(keys, ", "));
}

} // namespace

void applyDataSettings(DataChoice& data, const std::vector<std::string>& assignments) {
    constexpr std::string_view kGroup = "data.";
    for (const auto& assignment : assignments) {
        const auto option = "--set " + assignment;
        const auto equals = assignment.find('=');
        if (equals == std::string::npos || !assignment.starts_with(kGroup))
            throw UsageError("{}: expected data.key=value", option);
        assignData(data, assignment.substr(kGroup.size(), equals - kGroup.size()),
                   assignment.substr(equals + 1), option);
    }
}

void TrainingOptions::addTo(CLI::App& command) {
    command.add_option("--epochs", epochs_, "Passes over the training data");
    command.add_option("--batch", batch_, "Samples per step");
    command.add_option("--learning-rate", learningRate_, "Step size");
    command.add_option("--optimizer", optimizer_,
                       keysOf(optimizers()) +
                           "; one other than the project's comes with its defaults");
    command.add_option("--schedule", schedule_,
                       "Learning-rate schedule: " + keysOf(schedules()) + "; as for --optimizer");
    command.add_option("--loss", loss_, keysOf(losses()) + "; as for --optimizer");
    command
        .add_option("--set", assignments_,
                    "Any setting, as key=value, e.g. warmup_epochs=1, optimizer.beta1=0.8, "
                    "schedule.gamma=0.5, data.file=my.csv, data.inputs.NAME=COLUMN,COLUMN of an "
                    "Input, data.left_out=COLUMN, augmentation.rotation=10; may be repeated")
        ->expected(1)
        ->take_all();
    command.add_option("--data", data_,
                       "Data set: " + keysOf(datasets()) +
                           "; one other than the project's comes with its defaults");
    command.add_option("--seed", seed_, "Seed of all random numbers");
    command.add_option("--threads", threads_, "Processor threads; 0 = all");
    command.add_option("--precision", precision_,
                       "fp32, bf16 or fp64; on a GPU fp32, tf32, bf16 or fp16");
    command.add_option("--integers", integers_,
                       "Train for the integers that the network is going to compute in: int8, or "
                       "int4 for the kernels of dense layers; with --from RUN");
    command.add_option("--device", device_,
                       "cpu, or cuda:0, cuda:1 … for NVIDIA GPUs (cuda is the first), which "
                       "devices lists");
}

void TrainingOptions::applyTo(TrainingSettings& settings, DataChoice& data) const {
    applyParam(settings, "epochs", epochs_, "--epochs");
    applyParam(settings, "batch", batch_, "--batch");
    applyParam(settings, "learning_rate", learningRate_, "--learning-rate");
    applyParam(settings, "seed", seed_, "--seed");
    applyParam(settings, "threads", threads_, "--threads");
    applyParam(settings, "precision", precision_, "--precision");
    applyParam(settings, "integers", integers_, "--integers");
    applyParam(settings, "device", device_, "--device");
    chooseRecipes(settings);
    if (data_ && *data_ != data.dataset) {
        try {
            data = {.dataset = dataset(*data_).key,
                    .params = {},
                    .validationFraction = data.validationFraction,
                    .splitSeed = data.splitSeed};
        } catch (const Error& error) {
            throw UsageError("--data: {}", error.what());
        }
    }
    for (const auto& assignment : assignments_)
        assign(settings, data, assignment);
}

void TrainingOptions::chooseRecipes(TrainingSettings& settings) const {
    if (const auto* def = chosen(optimizer_, settings.optimizer, "--optimizer", optimizer)) {
        settings.optimizer = {def->key, {}};
        // The project's rate belongs to the optimizer that was replaced.
        if (!learningRate_)
            settings.params.insert_or_assign("learning_rate", def->defaultLearningRate);
    }
    if (const auto* def = chosen(schedule_, settings.schedule, "--schedule", schedule))
        settings.schedule = {def->key, {}};
    for (auto& objective : settings.objectives)
        if (const auto* def = chosen(loss_, objective.loss, "--loss", loss))
            objective.loss = {def->key, {}};
}

void TrainingOptions::requireResumable() const {
    const std::pair<std::string_view, const std::optional<std::string>*> fixed[] = {
        {"--batch", &batch_}, {"--optimizer", &optimizer_}, {"--schedule", &schedule_},
        {"--loss", &loss_},   {"--seed", &seed_},           {"--precision", &precision_},
        {"--data", &data_},   {"--integers", &integers_}};
    constexpr std::string_view kFree =
        "--epochs, --learning-rate, --threads, --device and --set with "
        "early_stopping, patience, checkpoint_seconds, where or processes";
    constexpr std::string_view kFreeKeys[] = {"early_stopping", "patience", "checkpoint_seconds",
                                              "where", "processes"};
    for (const auto& assignment : assignments_)
        if (const auto key = assignment.substr(0, assignment.find('='));
            std::ranges::find(kFreeKeys, key) == std::end(kFreeKeys))
            throw UsageError("--set {} cannot change a run once it has begun; --resume takes {}",
                             assignment, kFree);
    for (const auto& [option, value] : fixed)
        if (*value)
            throw UsageError("{} cannot change within a run; --resume takes {}", option, kFree);
}

} // namespace gradwright::cli
