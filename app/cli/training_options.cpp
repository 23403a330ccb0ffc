// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/training_options.h"

#include "app/cli/exit_codes.h"
#include "engine/training/recipes/optimizers.h"

#include <CLI/CLI.hpp>

#include <utility>

namespace gradwright::cli {
namespace {

void applyParam(TrainingSettings& settings, std::string_view key,
                const std::optional<std::string>& text, std::string_view option) {
    if (!text)
        return;
    const auto& spec = *findParam(trainingParams(), key);
    ParamValue value;
    try {
        value = paramFromText(spec, *text);
    } catch (const Error& error) {
        throw UsageError("{}: {}", option, error.what());
    }
    if (const auto why = whyInvalid(spec, value))
        throw UsageError("{}: {}", option, *why);
    settings.params.insert_or_assign(std::string(key), std::move(value));
}

} // namespace

void TrainingOptions::addTo(CLI::App& command) {
    command.add_option("--epochs", epochs_, "Passes over the training data");
    command.add_option("--batch", batch_, "Samples a step");
    command.add_option("--learning-rate", learningRate_, "Length of a step");
    command.add_option("--optimizer", optimizer_,
                       "sgd or adam; another than the project's with its defaults");
    command.add_option("--seed", seed_, "Start of all random numbers");
    command.add_option("--threads", threads_, "Processor threads; 0 = all");
    command.add_option("--precision", precision_, "fp32 or fp64");
}

void TrainingOptions::applyTo(TrainingSettings& settings) const {
    applyParam(settings, "epochs", epochs_, "--epochs");
    applyParam(settings, "batch", batch_, "--batch");
    applyParam(settings, "learning_rate", learningRate_, "--learning-rate");
    applyParam(settings, "seed", seed_, "--seed");
    applyParam(settings, "threads", threads_, "--threads");
    applyParam(settings, "precision", precision_, "--precision");
    if (!optimizer_ || *optimizer_ == settings.optimizer.key)
        return;
    try {
        const auto& def = optimizer(*optimizer_);
        settings.optimizer = {def.key, {}};
        // The project's rate belongs to the optimizer that was replaced.
        if (!learningRate_)
            settings.params.insert_or_assign("learning_rate", def.standardLearningRate);
    } catch (const Error& error) {
        throw UsageError("--optimizer: {}", error.what());
    }
}

void TrainingOptions::requireResumable() const {
    const std::pair<std::string_view, const std::optional<std::string>*> fixed[] = {
        {"--batch", &batch_},
        {"--optimizer", &optimizer_},
        {"--seed", &seed_},
        {"--precision", &precision_}};
    for (const auto& [option, value] : fixed)
        if (*value)
            throw UsageError("{} cannot change within a run; --resume takes --epochs, "
                             "--learning-rate and --threads",
                             option);
}

} // namespace gradwright::cli
