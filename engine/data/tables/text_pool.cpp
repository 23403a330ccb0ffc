// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/text_pool.h"

#include "engine/support/error.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace gradwright {
namespace {

constexpr std::size_t kFirstSlots = 64;
/// Before so many texts nobody can tell whether more of them will be new.
constexpr std::size_t kLeastTexts = 16'384;

} // namespace

std::size_t TextPool::add(std::string_view text) {
    if (text.empty())
        return 0;
    if (!isUnique_)
        return append(text);
    ++asked_;
    if (slots_.empty())
        slots_.resize(kFirstSlots);
    const auto hash = static_cast<std::uint32_t>(std::hash<std::string_view>()(text));
    const auto mask = slots_.size() - 1;
    auto slot = hash & mask;
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
        const auto index = slots_[slot];
        if (hashes_[index - 1] == hash && (*this)[index] == text)
            return index;
    }
    const auto index = append(text);
    if (size() > kLeastTexts && 4 * size() > 3 * asked_) {
        isUnique_ = false;
        slots_ = {};
        hashes_ = {};
        return index;
    }
    hashes_.push_back(hash);
    slots_[slot] = static_cast<std::uint32_t>(index);
    if (2 * size() > slots_.size())
        grow();
    return index;
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
    slots_.assign(2 * slots_.size(), 0);
    const auto mask = slots_.size() - 1;
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
        auto slot = hashes_[i] & mask;
        while (slots_[slot] != 0)
            slot = (slot + 1) & mask;
        slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
}

void TextSet::add(const TextPool& pool, std::size_t index) {
    if (2 * texts_.size() >= slots_.size())
        grow();
    const auto text = pool[index];
    const auto hash = static_cast<std::uint32_t>(std::hash<std::string_view>()(text));
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
