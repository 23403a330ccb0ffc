// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "engine/training/evaluation.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace gradwright {

/// Which samples of a data set.
enum class DataPart { Training, Validation, Test };

/// "training", "validation", "test"; throws Error for another name.
DataPart dataPart(std::string_view name);
/// What splitOf() gives, or all samples of the test part. Throws Error where there are none.
std::vector<std::uint32_t> indicesOf(const Dataset& data, const DataChoice& choice, DataPart part);
const std::shared_ptr<const DataSource>& sourceOf(const Dataset& data, DataPart part);

/// A trained run, as one of several that answer together or are compared.
class Member {
public:
    /// Throws Error naming the path when it is no run or cannot be read.
    explicit Member(const std::filesystem::path& run);

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] const Project& project() const { return project_; }
    [[nodiscard]] const DataInfo& info() const { return info_; }
    /// Opens its data set, as training read it.
    [[nodiscard]] Dataset data() const;
    /// What its best weights say of these samples of its data, as the data set scaled the targets:
    /// of classes their probabilities. The same numbers as evaluate's and predict's. Nothing when
    /// stopped.
    [[nodiscard]] std::optional<Evaluation> measure(const std::shared_ptr<const DataSource>& source,
                                                    std::vector<std::uint32_t> indices,
                                                    const std::stop_token& stop,
                                                    const EvaluationProgress& progress = {}) const;
    /// The same with other weights of its network.
    [[nodiscard]] std::optional<Evaluation> measure(const Weights& weights,
                                                    const std::shared_ptr<const DataSource>& source,
                                                    std::vector<std::uint32_t> indices,
                                                    const std::stop_token& stop,
                                                    const EvaluationProgress& progress = {}) const;
    /// What its best weights say of all samples of its own test set, in the targets' units. Nothing
    /// when stopped.
    [[nodiscard]] std::optional<Outcomes>
    testAnswers(const std::stop_token& stop,
                const std::function<void(double)>& progress = {}) const;

private:
    std::filesystem::path path_;
    std::filesystem::path weights_;
    Project project_;
    DataInfo info_;
};

} // namespace gradwright
