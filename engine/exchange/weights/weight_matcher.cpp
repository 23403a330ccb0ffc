// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/weights/weight_matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace gradwright {
namespace {

std::string exactly(const std::string& leaf, const Shape& shape) {
    return fmt::format("{}={};", leaf, toString(shape));
}

Shape withoutOnes(const Shape& shape) {
    std::vector<std::int64_t> dims;
    std::ranges::copy_if(shape, std::back_inserter(dims), [](std::int64_t n) { return n != 1; });
    return Shape(dims);
}

/// A product of matrices is a convolution of one position, and PyTorch's files have either.
std::string roughly(const std::string& leaf, const Shape& shape) {
    return exactly(leaf, withoutOnes(shape));
}

/// A bias that one of both lacks is no reason against all else.
std::string byWeightAlone(const std::string& leaf, const Shape& shape) {
    return leaf == "bias" ? std::string() : roughly(leaf, shape);
}

std::string ordinal(std::size_t number) {
    const auto last = number % 10;
    const bool isTeen = number / 10 % 10 == 1;
    const auto* ending = isTeen || last == 0 || last > 3 ? "th"
                         : last == 1                     ? "st"
                         : last == 2                     ? "nd"
                                                         : "rd";
    return fmt::format("{}{}", number, ending);
}

/// The first parts that all names have and say nothing: "module.", "model.".
std::size_t commonPrefix(const std::vector<ForeignModule>& modules) {
    std::size_t length = 0;
    for (;;) {
        const auto& first = modules.front().name;
        const auto end = first.find('.', length);
        if (end == std::string::npos)
            return length;
        const auto prefix = first.substr(0, end + 1);
        if (!std::ranges::all_of(modules,
                                 [&](const auto& each) { return each.name.starts_with(prefix); }))
            return length;
        length = end + 1;
    }
}

} // namespace

PlainTensor plainTensor(const ForeignTensor& tensor) {
    auto name = std::string_view(tensor.name);
    if (name.ends_with(":0"))
        name.remove_suffix(2);
    const bool isDepthwise = name.ends_with("depthwise_kernel");
    const auto rank = tensor.shape.rank();
    const bool isKernel =
        name == "kernel" || name.ends_with("/kernel") || name.ends_with(".kernel");
    if ((!isKernel && !isDepthwise) || rank < 2)
        return {tensor.shape, {}};
    AxisOrder axes{rank - 1, rank - 2};
    if (isDepthwise)
        axes = {rank - 2, rank - 1}; // a channel's filters stay together
    for (std::size_t i = 0; i + 2 < rank; ++i)
        axes.push_back(i);
    std::vector<std::int64_t> dims;
    for (const auto axis : axes)
        dims.push_back(tensor.shape[axis]);
    if (isDepthwise) {
        dims[0] *= dims[1];
        dims[1] = 1;
    }
    return {Shape(dims), axes};
}

WeightMatcher::WeightMatcher(const OpGraph& graph, const std::vector<WeightUnit>& units,
                             const std::vector<ForeignTensor>& tensors,
                             const std::vector<ForeignModule>& modules)
    : graph_(graph)
    , units_(units)
    , tensors_(tensors)
    , modules_(modules)
    , matches_(units.size())
    , taken_(modules.size()) {}

std::vector<UnitMatch> WeightMatcher::run() {
    if (modules_.empty())
        return matches_;
    takeByName();
    for (const auto& describe : {Describe(exactly), Describe(roughly), Describe(byWeightAlone)})
        takeByShape(describe);
    explainRest();
    return std::move(matches_);
}

const Shape& WeightMatcher::shapeOf(const UnitLeaf& leaf) const {
    return graph_.weight(leaf.weight).shape;
}

Shape WeightMatcher::shapeOf(const ForeignLeaf& leaf) const {
    return plainTensor(tensors_[leaf.tensor]).shape;
}

std::optional<Shape> WeightMatcher::weightOf(const ForeignModule& module) const {
    const auto tensor = module.tensorOf("weight");
    return tensor ? std::optional(plainTensor(tensors_[*tensor]).shape) : std::nullopt;
}

std::string WeightMatcher::describeUnit(std::size_t unit, const Describe& describe) const {
    std::string text;
    for (const auto& leaf : units_[unit].leaves)
        text += describe(leaf.leaf, shapeOf(leaf));
    return text;
}

std::string WeightMatcher::describeModule(std::size_t module, const Describe& describe) const {
    std::string text;
    for (const auto& leaf : modules_[module].leaves)
        text += describe(leaf.leaf, shapeOf(leaf));
    return text;
}

std::map<std::string, WeightMatcher::Class>
WeightMatcher::classesBy(const Describe& describe) const {
    std::map<std::string, Class> classes;
    for (std::size_t i = 0; i < units_.size(); ++i)
        if (!matches_[i].module)
            classes[describeUnit(i, describe)].units.push_back(i);
    for (std::size_t i = 0; i < modules_.size(); ++i)
        if (!taken_[i])
            classes[describeModule(i, describe)].modules.push_back(i);
    std::erase_if(classes, [](const auto& entry) {
        return entry.first.empty() || entry.second.units.empty() || entry.second.modules.empty();
    });
    return classes;
}

void WeightMatcher::take(std::size_t unit, std::size_t module, MatchedBy by, std::string why) {
    matches_[unit] = {module, by, std::move(why)};
    taken_[module] = true;
}

void WeightMatcher::takeByName() {
    const auto prefix = commonPrefix(modules_);
    std::map<std::string, std::size_t> byName;
    for (std::size_t i = 0; i < modules_.size(); ++i)
        byName.emplace(plainName(modules_[i].name.substr(prefix)), i);
    for (std::size_t i = 0; i < units_.size(); ++i) {
        const auto found = byName.find(plainName(units_[i].path));
        if (found != byName.end() && !taken_[found->second] &&
            describeUnit(i, roughly) == describeModule(found->second, roughly))
            take(i, found->second, MatchedBy::Name, "the layer is called the same");
    }
}

/// Whether the file's normalizations come before the layers that have their numbers, as in
/// DenseNet, told by channels that differ.
bool WeightMatcher::normalizesBefore() const {
    int before = 0;
    int behind = 0;
    for (const auto& norm : modules_) {
        const auto channels = weightOf(norm);
        if (!channels || channels->rank() != 1)
            continue;
        for (const auto& other : modules_) {
            const auto weight = weightOf(other);
            if (!weight || weight->rank() < 2 || (*weight)[0] == (*weight)[1] ||
                pairing(norm.name, other.name, false) != 3)
                continue;
            behind += (*channels)[0] == (*weight)[0] ? 1 : 0;
            before += (*channels)[0] == (*weight)[1] ? 1 : 0;
        }
    }
    return before > behind;
}

/// Normalizations go with the layers beside them, which are told apart better.
void WeightMatcher::takeBesideOthers(const Describe& describe) {
    const bool isBefore = normalizesBefore();
    for (const auto& [text, found] : classesBy(describe))
        for (const auto unit : found.units) {
            const auto neighbour = isBefore ? units_[unit].reader : units_[unit].source;
            if (!units_[unit].isNormalization || !neighbour || !matches_[*neighbour].module)
                continue;
            const auto& layer = modules_[*matches_[*neighbour].module].name;
            int best = 0;
            std::vector<std::size_t> nearest;
            for (const auto module : found.modules) {
                const auto value =
                    taken_[module] ? 0 : pairing(modules_[module].name, layer, isBefore);
                if (value > best)
                    nearest.clear();
                best = std::max(best, value);
                if (value > 0 && value == best)
                    nearest.push_back(module);
            }
            if (nearest.size() == 1)
                take(unit, nearest.front(), MatchedBy::Structure, fmt::format("beside {}", layer));
        }
}

/// By what names and places in the network say, where they agree about how many there are of each.
std::vector<WeightMatcher::Class> WeightMatcher::byRole(const Class& found) const {
    const auto unitRole = [&](std::size_t i) {
        return (units_[i].isShortcut ? 1 : 0) + (units_[i].isAuxiliary ? 2 : 0);
    };
    const auto moduleRole = [&](std::size_t i) {
        return (modules_[i].isShortcut ? 1 : 0) + (modules_[i].isAuxiliary ? 2 : 0);
    };
    std::map<int, Class> roles;
    for (const auto unit : found.units)
        roles[unitRole(unit)].units.push_back(unit);
    for (const auto module : found.modules)
        roles[moduleRole(module)].modules.push_back(module);
    const bool isAgreed = std::ranges::all_of(roles, [](const auto& role) {
        return role.second.units.size() == role.second.modules.size();
    });
    if (!isAgreed)
        return {found};
    std::vector<Class> classes;
    for (auto& [role, each] : roles)
        classes.push_back(std::move(each));
    return classes;
}

void WeightMatcher::takeInOrder(const Class& found) {
    const auto wanted = found.units.size();
    const auto there = found.modules.size();
    for (std::size_t i = 0; i < std::min(wanted, there); ++i) {
        if (wanted == 1 && there == 1)
            take(found.units[i], found.modules[i], MatchedBy::Structure, "the only one that fits");
        else if (wanted == there)
            take(found.units[i], found.modules[i], MatchedBy::Order,
                 fmt::format("the {} of {} of this shape", ordinal(i + 1), wanted));
        else
            take(found.units[i], found.modules[i], MatchedBy::Doubt,
                 fmt::format("the {} of this shape, of which there are {} here and {} in the file",
                             ordinal(i + 1), wanted, there));
    }
}

void WeightMatcher::takeByShape(const Describe& describe) {
    const auto takeAll = [&](bool normalizations) {
        for (auto& [text, found] : classesBy(describe)) {
            std::erase_if(found.units, [&](std::size_t unit) {
                return units_[unit].isNormalization != normalizations;
            });
            if (!found.units.empty())
                for (const auto& role : byRole(found))
                    takeInOrder(role);
        }
    };
    takeAll(false);
    takeBesideOthers(describe);
    takeAll(true);
}

/// Of what is left, the modules that differ in one length alone are named: the last layer for other
/// classes, the first for other colours.
void WeightMatcher::explainRest() {
    for (std::size_t i = 0; i < units_.size(); ++i) {
        if (matches_[i].module)
            continue;
        const auto wanted = describeUnit(i, byWeightAlone);
        bool isThere = false;
        for (std::size_t m = 0; m < modules_.size(); ++m)
            isThere = isThere || describeModule(m, byWeightAlone) == wanted;
        matches_[i].why = isThere ? "other layers have what the file has of this shape"
                                  : "the file has nothing of this shape";
        for (const auto& leaf : units_[i].leaves) {
            const auto& shape = shapeOf(leaf);
            if (leaf.leaf != "weight" || shape.rank() < 2)
                continue;
            for (std::size_t m = modules_.size(); m-- > 0;) {
                const auto other = taken_[m] ? std::nullopt : weightOf(modules_[m]);
                if (!other || other->rank() != shape.rank())
                    continue;
                std::size_t differing = 0;
                for (std::size_t axis = 0; axis < shape.rank(); ++axis)
                    differing += shape[axis] != (*other)[axis] ? 1 : 0;
                if (differing != 1)
                    continue;
                matches_[i].why = fmt::format("{} of the file is {}, not {}", modules_[m].name,
                                              toString(*other), toString(shape));
                break;
            }
        }
    }
}

} // namespace gradwright
