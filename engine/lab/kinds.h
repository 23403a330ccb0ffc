// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/procedure.h"
#include "engine/support/param.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

struct Experiment;
struct Project;

/// A kind of experiment: form, options of the terminal and files are made from its params.
struct ExperimentKind {
    std::string key;   ///< "seeds"
    std::string title; ///< "Luck of the seed"
    std::string doc;   ///< which question it answers, in a sentence or two
    ParamSpecs params;
    /// Throws Error, in the words of what a person can change, where project or settings do not
    /// suit. Reads no data.
    std::function<std::unique_ptr<Procedure>(const Experiment&)> make;
    /// Settings that a form begins with for a project; none: the defaults.
    std::function<ParamValues(const Project&)> suggest = {};
};

/// In the order in which lists show them.
const std::vector<ExperimentKind>& experimentKinds();
/// Throws Error naming the kinds there are.
const ExperimentKind& experimentKind(std::string_view key);

} // namespace gradwright
