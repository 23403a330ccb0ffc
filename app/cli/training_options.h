// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace gradwright::cli {

/// Takes "data.key=value" for each; throws UsageError naming the first that is none, or its rule.
void applyDataSettings(DataChoice& data, const std::vector<std::string>& assignments);

/// Settings given on the command line; they replace the project's.
class TrainingOptions {
public:
    void addTo(CLI::App& command);
    /// Throws UsageError naming the option and its rule.
    void applyTo(TrainingSettings& settings, DataChoice& data) const;
    /// Throws UsageError when one is given that a run cannot change once it has begun.
    void requireResumable() const;
    [[nodiscard]] bool hasLearningRate() const { return learningRate_.has_value(); }

private:
    void chooseRecipes(TrainingSettings& settings) const;

    std::optional<std::string> epochs_, batch_, learningRate_, seed_, threads_, precision_, device_,
        optimizer_, schedule_, loss_, data_, integers_;
    std::vector<std::string> assignments_; ///< "key=value"
};

} // namespace gradwright::cli
