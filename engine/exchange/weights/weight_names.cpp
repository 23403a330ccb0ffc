// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/weights/weight_names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

namespace gradwright {
namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

char lowered(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) { return lowered(c); });
    return result;
}

std::vector<std::string_view> partsOfName(std::string_view name) {
    std::vector<std::string_view> parts;
    while (!name.empty()) {
        const auto end = name.find_first_of("./");
        parts.push_back(name.substr(0, end));
        name = end == std::string_view::npos ? std::string_view() : name.substr(end + 1);
    }
    return parts;
}

/// Where in a network a part of a name belongs; most say nothing.
int placeOf(std::string_view part) {
    constexpr std::array<std::pair<std::string_view, int>, 20> places = {{
        {"stem", -3},       {"embed", -3},     {"patch_embed", -3}, {"embeddings", -3},
        {"embedder", -3},   {"conv_stem", -3}, {"backbone", -2},    {"features", -2},
        {"encoder", -1},    {"decoder", 1},    {"neck", 1},         {"head", 2},
        {"heads", 2},       {"fc", 2},         {"classifier", 2},   {"logits", 2},
        {"predictions", 2}, {"conv_head", 1},  {"pooler", 1},       {"aux", 3},
    }};
    const auto name = lowered(part);
    for (const auto& [word, place] : places)
        if (name == word)
            return place;
    return 0;
}

/// A run of digits without leading zeros, or a single character.
std::string_view nextPiece(std::string_view text) {
    if (!isDigit(text.front()))
        return text.substr(0, 1);
    const auto end = std::ranges::find_if_not(text, isDigit);
    return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::string_view withoutZeros(std::string_view digits) {
    const auto first = digits.find_first_not_of('0');
    return first == std::string_view::npos ? digits.substr(digits.size() - 1)
                                           : digits.substr(first);
}

int comparedParts(std::string_view a, std::string_view b) {
    if (const auto difference = placeOf(a) - placeOf(b); difference != 0)
        return difference;
    while (!a.empty() && !b.empty()) {
        const auto left = nextPiece(a);
        const auto right = nextPiece(b);
        a.remove_prefix(left.size());
        b.remove_prefix(right.size());
        if (isDigit(left.front()) && isDigit(right.front())) {
            const auto x = withoutZeros(left);
            const auto y = withoutZeros(right);
            if (x.size() != y.size())
                return x.size() < y.size() ? -1 : 1;
            if (x != y)
                return x < y ? -1 : 1;
            continue;
        }
        if (left != right)
            return left < right ? -1 : 1;
    }
    return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

/// A name's last part, without the ":0" of TensorFlow.
std::pair<std::string_view, std::string_view> splitLast(std::string_view name) {
    if (name.ends_with(":0"))
        name.remove_suffix(2);
    const auto at = name.find_last_of("./");
    return at == std::string_view::npos ? std::pair{std::string_view(), name}
                                        : std::pair{name.substr(0, at), name.substr(at + 1)};
}

constexpr std::array<std::string_view, 9> kLeaves = {
    "weight",    "bias",    "running_mean", "running_var",        "weight_ih",
    "weight_hh", "bias_ih", "bias_hh",      "num_batches_tracked"};

bool isLeaf(std::string_view leaf) {
    constexpr std::string_view reverse = "_reverse";
    if (leaf.ends_with(reverse))
        leaf.remove_suffix(reverse.size());
    return std::ranges::count(kLeaves, leaf) > 0;
}

bool saysShortcut(std::string_view name) {
    constexpr std::array<std::string_view, 6> words = {"downsample", "shortcut", "skip",
                                                       "residual",   "identity", "match"};
    for (const auto part : partsOfName(name)) {
        const auto lower = lowered(part);
        if (std::ranges::any_of(words, [&](auto word) { return lower.starts_with(word); }))
            return true;
        // Keras's residual networks call it "conv2_block1_0_conv".
        if (lower.find("_block") != std::string::npos && lower.find("_0_") != std::string::npos)
            return true;
    }
    return false;
}

bool saysAuxiliary(std::string_view name) {
    return std::ranges::any_of(
        partsOfName(name), [](std::string_view part) { return lowered(part).starts_with("aux"); });
}

/// The number at the end of a text and what stands before it.
std::pair<std::string_view, std::optional<int>> splitNumber(std::string_view text) {
    auto begin = text.size();
    while (begin > 0 && isDigit(text[begin - 1]))
        --begin;
    int number = 0;
    const auto digits = text.substr(begin);
    const auto* const end = digits.data() + digits.size();
    if (digits.empty() || std::from_chars(digits.data(), end, number).ec != std::errc{})
        return {text, {}};
    return {text.substr(0, begin), number};
}

} // namespace

bool comesBefore(std::string_view a, std::string_view b) {
    const auto left = partsOfName(a);
    const auto right = partsOfName(b);
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i)
        if (const auto order = comparedParts(left[i], right[i]); order != 0)
            return order < 0;
    return left.size() != right.size() ? left.size() < right.size() : a < b;
}

std::string plainName(std::string_view name) {
    auto plain = lowered(name);
    std::ranges::replace(plain, '/', '.');
    std::ranges::replace(plain, '_', '.');
    std::ranges::replace(plain, '-', '.');
    return plain;
}

std::string plainLeaf(std::string_view leaf) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> others = {
        {{"kernel", "weight"},
         {"depthwise_kernel", "weight"},
         {"embeddings", "weight"},
         {"gamma", "weight"},
         {"beta", "bias"},
         {"moving_mean", "running_mean"},
         {"moving_variance", "running_var"},
         {"in_proj_weight", "weight"},
         {"in_proj_bias", "bias"}}};
    for (const auto& [other, ours] : others)
        if (leaf == other)
            return std::string(ours);
    auto plain = std::string(leaf);
    // The cells of PyTorch's recurrent layers are numbered.
    if (const auto level = plain.find("_l0"); level != std::string::npos)
        plain.erase(level, 3);
    return plain;
}

std::optional<std::size_t> ForeignModule::tensorOf(std::string_view leaf) const {
    const auto found = std::ranges::find(leaves, leaf, &ForeignLeaf::leaf);
    return found == leaves.end() ? std::nullopt : std::optional(found->tensor);
}

ForeignModules modulesOf(const std::vector<ForeignTensor>& tensors) {
    ForeignModules result;
    std::map<std::string, std::size_t, std::less<>> places;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        auto [name, last] = splitLast(tensors[i].name);
        auto leaf = plainLeaf(last);
        if (leaf == "num_batches_tracked") {
            result.counters.push_back(i);
            continue;
        }
        std::string module(name);
        // What is no usual weight of a module is a parameter by itself, such as "pos_embed".
        if (!isLeaf(leaf)) {
            module = tensors[i].name;
            leaf = "weight";
        }
        const auto [place, isNew] = places.emplace(module, result.modules.size());
        if (isNew)
            result.modules.push_back({module, {}, saysShortcut(module), saysAuxiliary(module)});
        auto& leaves = result.modules[place->second].leaves;
        if (std::ranges::count(leaves, leaf, &ForeignLeaf::leaf) > 0)
            continue; // "weight" beside "gamma": named as what nothing takes
        leaves.push_back({std::move(leaf), i});
    }
    for (auto& module : result.modules)
        std::ranges::sort(module.leaves, {}, &ForeignLeaf::leaf);
    std::ranges::sort(result.modules, comesBefore, &ForeignModule::name);
    return result;
}

int pairing(std::string_view normalization, std::string_view layer, bool isBefore) {
    const auto [parent, norm] = splitLast(normalization);
    const auto [otherParent, other] = splitLast(layer);
    if (parent != otherParent)
        return 0;
    const auto [word, number] = splitNumber(norm);
    const auto [otherWord, otherNumber] = splitNumber(other);
    if (number && otherNumber) {
        if (word == otherWord) // "0" and "1" of a sequence
            return *number - *otherNumber == (isBefore ? -1 : 1) ? 3 : 0;
        return *number == *otherNumber ? 3 : 0;
    }
    if (!number && !otherNumber)
        return 2;
    return 1;
}

} // namespace gradwright
