// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/baseline.h"
#include "engine/lab/procedure.h"
#include "engine/project/project.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// A classical method with its parameters.
struct ChosenMethod {
    const MethodDef* method = nullptr;
    ParamValues params = {};
    bool isNamed = true; ///< else it was taken along and is passed over where it does not fit
};

/// Whether the project's loss takes classes alone; others take values, and classes as well.
bool learnsClassesAlone(const Project& project);

/// The methods that a text names ("forest,knn"), with the parameters of another one ("forest.trees=
/// 50; knn.neighbours=3"); without names all that may fit the project's loss and whose library is
/// there. Throws Error naming what is wrong.
std::vector<ChosenMethod> chosenMethods(const Project& project, std::string_view names,
                                        std::string_view settings = {});

/// What a method makes of the project's test set after it has learned its training samples, in the
/// targets' units.
struct MeasuredMethod {
    Baseline baseline;
    std::size_t learned = 0; ///< samples
    DataInfo info;           ///< of the data that it has learned
    bool isUnfit = false;    ///< the data have classes and it learns values, or the other way round
};

/// Reads the data, learns and measures. Nothing when stopped. Throws Error where the method cannot
/// learn such data.
std::optional<MeasuredMethod> measureMethod(const Project& project, const ChosenMethod& chosen,
                                            std::uint64_t seed, const TrialContext& context);

/// Quality and, of classes that are few enough to be shown, the confusion matrix: "metric",
/// "quality", "samples", "balanced", "uneven", "classes", "confusion".
Json outcomesJson(const Outcomes& outcomes, const std::vector<std::string>& classes);

} // namespace gradwright
