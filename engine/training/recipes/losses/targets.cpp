// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses/targets.h"

#include "engine/support/error.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace gradwright::recipes {

ValueId targetValues(OpGraph& graph, ValueId prediction, ValueId target, const std::string& path) {
    if (graph.type(target).element != DType::I32)
        return target;
    const auto& shape = graph.type(prediction).sample();
    if (shape.rank() != 1)
        throw Error(
            "{}: a comparison with classes takes a vector with one number per class, not {}", path,
            toString(shape));
    if (shape[0] > 1)
        return graph.add(OneHotOp{.classes = shape[0]}, {target}, path);
    const auto both = graph.add(OneHotOp{.classes = 2}, {target}, path);
    const AxisMap second{.kind = AxisMap::Kind::Shift, .size = 1, .first = 1};
    return graph.add(ResampleOp::ofSample({second}), {both}, path);
}

std::vector<double> classWeightsFrom(const std::string& text) {
    std::vector<double> weights;
    std::string_view rest = text;
    constexpr std::string_view kBetween = ", \t";
    for (;;) {
        rest.remove_prefix(std::min(rest.find_first_not_of(kBetween), rest.size()));
        if (rest.empty())
            return weights;
        const auto word = rest.substr(0, rest.find_first_of(kBetween));
        double value = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (error != std::errc{} || end != word.data() + word.size() || !(value >= 0) ||
            !std::isfinite(value))
            throw Error("class weights must be numbers of 0 or more, separated by commas, not "
                        "\"{}\"",
                        word);
        weights.push_back(value);
        rest.remove_prefix(word.size());
    }
}

} // namespace gradwright::recipes
