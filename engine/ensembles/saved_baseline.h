// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/method.h"
#include "engine/inference/predictor.h"
#include "engine/project/project.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

inline constexpr int kBaselineSchema = 1;
/// The ending of files of fitted methods.
inline constexpr const char* kBaselineEnding = ".baseline";

/// A classical method that has learned a project's data, with all that is needed to answer new
/// samples.
struct SavedBaseline {
    const MethodDef* method = nullptr;
    ParamValues params;
    std::uint64_t seed = 1;
    std::size_t learned = 0; ///< samples
    /// On the test set or the validation part, with its metric; nothing where it was not measured.
    std::optional<double> quality;
    std::string metric;
    /// Whose data it has learned; without its network.
    Project project;
    DataInfo info;
    std::shared_ptr<const ClassicalModel> model; ///< null in what listBaselines() gives

    /// "Random forest, 93.50 %"
    [[nodiscard]] std::string title() const;
    /// What it says of prepared samples; the model lives as long as the answers.
    [[nodiscard]] SampleAnswers answers() const;
};

/// Replaces the file atomically. Throws Error.
void saveBaseline(const std::filesystem::path& file, const SavedBaseline& baseline);
/// Throws Error naming the file and what is wrong with it.
SavedBaseline openBaseline(const std::filesystem::path& file);

struct ListedBaseline {
    std::filesystem::path file;
    SavedBaseline baseline; ///< without its model
};
/// The fitted methods for a project: those of its experiments in `lab`, the newest first, and those
/// beside its file that have learned the same data set. What cannot be read is left out.
std::vector<ListedBaseline> listBaselines(const Project& project,
                                          const std::optional<std::filesystem::path>& file,
                                          const std::filesystem::path& lab);

} // namespace gradwright
