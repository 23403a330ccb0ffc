// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/experiment.h"

#include <QListWidget>
#include <QString>

#include <filesystem>
#include <optional>
#include <vector>

namespace gradwright {

class ThemeManager;

struct ListedExperiment {
    std::filesystem::path folder;
    QString name;
    ExperimentState state = ExperimentState::Planned;
    std::size_t trials = 0; ///< finished ones
};

/// The experiments of a project, newest first. What cannot be read is left out, and `problem` says
/// why.
std::vector<ListedExperiment> readExperiments(const Project& project,
                                              const std::optional<std::filesystem::path>& file,
                                              QString& problem);

/// Experiments with their state, and when they were begun.
class ExperimentList : public QListWidget {
    Q_OBJECT

public:
    explicit ExperimentList(ThemeManager& theme, QWidget* parent = nullptr);

    /// Shows these, where `active` has a state of its own, and chooses `wanted`, or else what was
    /// chosen before, or else the first one. currentRowChanged() is not emitted.
    void setExperiments(const std::vector<ListedExperiment>& experiments,
                        const std::filesystem::path& active, const QString& activeState,
                        const std::filesystem::path& wanted);
    void setState(const std::filesystem::path& folder, const QString& state);
    /// Empty: none.
    [[nodiscard]] std::filesystem::path chosen() const;
    /// Its name; empty: none.
    [[nodiscard]] QString chosenName() const;

private:
    ThemeManager* theme_;
};

} // namespace gradwright
