// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/weights/weight_names.h"
#include "engine/exchange/weights/weight_plan.h"
#include "engine/exchange/weights/weight_units.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// A tensor as PyTorch would have it: Keras's kernels have their axes the other way round.
struct PlainTensor {
    Shape shape;
    AxisOrder axes;
};
PlainTensor plainTensor(const ForeignTensor& tensor);

/// What was found for a unit.
struct UnitMatch {
    std::optional<std::size_t> module{};
    MatchedBy by = MatchedBy::Nothing;
    std::string why{};
};

/// Finds the modules of a file for the units of a network, in steps from the surest to the one that
/// guesses.
class WeightMatcher {
public:
    WeightMatcher(const OpGraph& graph, const std::vector<WeightUnit>& units,
                  const std::vector<ForeignTensor>& tensors,
                  const std::vector<ForeignModule>& modules);

    std::vector<UnitMatch> run();

private:
    using Describe = std::function<std::string(const std::string& leaf, const Shape& shape)>;
    struct Class {
        std::vector<std::size_t> units, modules;
    };

    [[nodiscard]] std::string describeUnit(std::size_t unit, const Describe& describe) const;
    [[nodiscard]] std::string describeModule(std::size_t module, const Describe& describe) const;
    [[nodiscard]] std::map<std::string, Class> classesBy(const Describe& describe) const;
    [[nodiscard]] const Shape& shapeOf(const UnitLeaf& leaf) const;
    [[nodiscard]] Shape shapeOf(const ForeignLeaf& leaf) const;
    [[nodiscard]] std::optional<Shape> weightOf(const ForeignModule& module) const;

    void take(std::size_t unit, std::size_t module, MatchedBy by, std::string why);
    void takeByName();
    void takeByShape(const Describe& describe);
    void takeBesideOthers(const Describe& describe);
    void takeInOrder(const Class& found);
    [[nodiscard]] std::vector<Class> byRole(const Class& found) const;
    [[nodiscard]] bool normalizesBefore() const;
    void explainRest();

    const OpGraph& graph_;
    const std::vector<WeightUnit>& units_;
    const std::vector<ForeignTensor>& tensors_;
    const std::vector<ForeignModule>& modules_;
    std::vector<UnitMatch> matches_;
    std::vector<bool> taken_; ///< by module
};

} // namespace gradwright
