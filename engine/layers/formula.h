// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/formula_expression.h"
#include "engine/layers/layer.h"

namespace gradwright::layers {

/// What the parameters of a Formula layer say.
struct Formula {
    formula::Expression expression; ///< its parameters are the learned ones
    std::vector<double> starts;     ///< of these
};

/// The layer's formula, or what is wrong with it.
std::variant<Formula, LayerProblem> formulaOf(const Params& params);

/// The shape of a learned parameter, to be repeated to that of the layer's output.
Shape formulaParameterShape(const Params& params, const Shape& output);

// The layer in Python.
PyTorchCode pytorchFormula(const CodeContext& context);
std::string kerasFormula(const CodeContext& context);
/// What it becomes there, and how its weights come to it.
extern const std::string_view kKerasFormulaClass;
extern const std::string_view kKerasFormulaFitting;

} // namespace gradwright::layers
