// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/text_pool.h"

#include "engine/support/error.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kFirstSlots = 64;
/// Before so many texts nobody can tell whether more of them will be new.
constexpr std::size_t kLeastTexts = 16'384;

template <typename Word>
std::uint64_t wordAt(const char* place) {
    Word word = 0;
    std::memcpy(&word, place, sizeof word);
    return word;
}

/// Of texts that are mostly short: all their bytes in a few steps, the last ones twice where their
/// number is no multiple.
std::uint32_t hashOf(std::string_view text) {
    constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;
    constexpr std::size_t kWord = 8;
    const auto mixed = [](std::uint64_t value) {
        value *= kFactor;
        return value ^ (value >> 32);
    };
    const char* const begin = text.data();
    const auto size = text.size();
    auto hash = mixed(size + 1);
    if (size >= kWord) {
        for (std::size_t at = 0; at + kWord < size; at += kWord)
            hash = mixed(hash ^ wordAt<std::uint64_t>(begin + at));
        hash = mixed(hash ^ wordAt<std::uint64_t>(begin + size - kWord));
    } else if (size >= kWord / 2) {
        hash = mixed(hash ^ wordAt<std::uint32_t>(begin) ^
                     (wordAt<std::uint32_t>(begin + size - kWord / 2) << 32));
    } else if (size > 0) {
        hash = mixed(hash ^ wordAt<std::uint8_t>(begin) ^
                     (wordAt<std::uint8_t>(begin + size / 2) << 8) ^
                     (wordAt<std::uint8_t>(begin + size - 1) << 16));
    }
    return static_cast<std::uint32_t>(hash);
}

} // namespace

std::size_t TextPool::add(std::string_view text) {
    if (text.empty())
        return 0;
    if (!isUnique_)
        return append(text);
    ++asked_;
    if (slots_.empty())
        slots_.resize(kFirstSlots);
    const auto hash = hashOf(text);
    const auto mask = slots_.size() - 1;
    auto slot = hash & mask;
    for (; slots_[slot].index != 0; slot = (slot + 1) & mask)
        if (slots_[slot].hash == hash && (*this)[slots_[slot].index] == text)
            return slots_[slot].index;
    const auto index = append(text);
    if (size() > kLeastTexts && 4 * size() > 3 * asked_) {
        isUnique_ = false;
        slots_ = {};
        return index;
    }
    slots_[slot] = {hash, static_cast<std::uint32_t>(index)};
    if (2 * size() > slots_.size())
        grow();
    return index;
}

void TextPool::clear() {
    text_.clear();
    ends_.clear();
    std::ranges::fill(slots_, Slot{});
    asked_ = 0;
    isUnique_ = true;
}

void TextPool::reserve(std::size_t texts, std::size_t bytes) {
    ends_.reserve(texts);
    text_.reserve(bytes);
}

std::size_t TextPool::append(std::string_view text) {
    if (text.size() > std::numeric_limits<std::uint32_t>::max() - text_.size())
        throw Error("the texts of one column take more than 4 GiB");
    text_ += text;
    ends_.push_back(static_cast<std::uint32_t>(text_.size()));
    return ends_.size();
}

void TextPool::grow() {
    auto before = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    const auto mask = slots_.size() - 1;
    for (const auto& each : before) {
        if (each.index == 0)
            continue;
        auto slot = each.hash & mask;
        while (slots_[slot].index != 0)
            slot = (slot + 1) & mask;
        slots_[slot] = each;
    }
}

void TextSet::add(const TextPool& pool, std::size_t index) {
    if (2 * texts_.size() >= slots_.size())
        grow();
    const auto text = pool[index];
    const auto hash = hashOf(text);
    const auto mask = slots_.size() - 1;
    auto slot = hash & mask;
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
        const auto& other = texts_[slots_[slot] - 1];
        if (other.hash == hash && pool[other.index] == text)
            return;
    }
    texts_.push_back({hash, static_cast<std::uint32_t>(index)});
    slots_[slot] = static_cast<std::uint32_t>(texts_.size());
}

void TextSet::grow() {
    slots_.assign(slots_.empty() ? kFirstSlots : 4 * slots_.size(), 0);
    const auto mask = slots_.size() - 1;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
        auto slot = texts_[i].hash & mask;
        while (slots_[slot] != 0)
            slot = (slot + 1) & mask;
        slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
}

} // namespace gradwright
