// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/memory/execution.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace gradwright {
namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
/// Parts that are tried, by what they make: the forward pass in halves, thirds, …
constexpr std::size_t kDivisors[] = {2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64};

/// The steps of the forward pass that use one buffer.
struct ForwardUse {
    std::size_t first = kNever, last = 0;
};

/// `isDropped` says of a buffer whether it has two lives when both passes use it.
template <class IsDropped>
void findLives(const Outline& outline, Execution& execution, IsDropped isDropped) {
    execution.lives.resize(outline.bytes.size());
    for (std::size_t at = 0; at < execution.order.size(); ++at)
        for (const auto buffer : outline.steps[execution.order[at]].uses) {
            auto& lives = execution.lives[buffer];
            const bool isNew =
                lives.empty() || (at >= execution.backward &&
                                  lives.back().first < execution.backward && isDropped(buffer));
            if (isNew)
                lives.push_back({at, at});
            lives.back().last = at;
        }
    for (std::size_t buffer = 0; buffer < outline.kept.size(); ++buffer)
        if (outline.kept[buffer] && !execution.lives[buffer].empty())
            execution.lives[buffer].back().last = execution.order.size();
}

class Recomputer {
public:
    explicit Recomputer(const Outline& outline)
        : outline_(outline)
        , uses_(outline.bytes.size()) {
        for (std::size_t i = 0; i < outline.backward; ++i)
            for (const auto buffer : outline.steps[i].uses) {
                uses_[buffer].first = std::min(uses_[buffer].first, i);
                uses_[buffer].last = i;
            }
        neededBackward_.resize(outline.bytes.size());
        for (auto i = outline.backward; i < outline.steps.size(); ++i)
            for (const auto buffer : outline.steps[i].uses)
                neededBackward_[buffer] = true;
        findPlaces();
    }

    Execution best() {
        auto best = runOnce(outline_);
        auto least = peakBytes(outline_, best);
        for (const auto divisor : kDivisors) {
            auto tried = execute(cutsFor(divisor));
            const auto peak = peakBytes(outline_, tried);
            if (peak >= least)
                continue;
            least = peak;
            best = std::move(tried);
        }
        return best;
    }

private:
    /// Where the forward pass may be cut: between two ops.
    struct Place {
        std::size_t step;     ///< the first behind the cut
        std::size_t made;     ///< bytes before it that the backward pass needs
        std::size_t crossing; ///< bytes that later steps of the forward pass need
    };

    void findPlaces() {
        std::vector<std::ptrdiff_t> change(outline_.backward + 1);
        std::vector<std::size_t> made(outline_.backward + 1);
        for (std::size_t buffer = 0; buffer < uses_.size(); ++buffer) {
            const auto [first, last] = uses_[buffer];
            if (first == kNever || outline_.kept[buffer])
                continue;
            const auto bytes = outline_.bytes[buffer];
            change[first + 1] += static_cast<std::ptrdiff_t>(bytes);
            change[last + 1] -= static_cast<std::ptrdiff_t>(bytes);
            if (neededBackward_[buffer])
                made[first + 1] += bytes;
        }
        std::partial_sum(change.begin(), change.end(), change.begin());
        std::partial_sum(made.begin(), made.end(), made.begin());
        for (std::size_t i = 1; i < outline_.backward; ++i)
            if (outline_.steps[i].op != outline_.steps[i - 1].op)
                places_.push_back({i, made[i], static_cast<std::size_t>(change[i])});
        allMade_ = made.back();
    }

    /// Parts of about equal size, each cut where little crosses.
    [[nodiscard]] std::vector<std::size_t> cutsFor(std::size_t divisor) const {
        std::vector<std::size_t> cuts;
        const auto size = std::max<std::size_t>(allMade_ / divisor, 1);
        std::size_t start = 0; // bytes made before the last cut
        const Place* best = nullptr;
        for (const auto& place : places_) {
            const auto made = place.made - start;
            if (best && made > size + size / 4) {
                cuts.push_back(best->step);
                start = best->made;
                best = nullptr;
            }
            if (place.made - start < size / 2)
                continue;
            if (!best || place.crossing < best->crossing)
                best = &place;
        }
        return cuts;
    }

    [[nodiscard]] std::size_t partOf(std::size_t step) const {
        return static_cast<std::size_t>(std::ranges::upper_bound(cuts_, step) - cuts_.begin());
    }
    /// Made in a part and gone at its end; of the last part nothing is.
    [[nodiscard]] bool isDropped(std::size_t buffer) const {
        const auto& use = uses_[buffer];
        if (use.first == kNever || outline_.kept[buffer])
            return false;
        const auto part = partOf(use.first);
        return part < cuts_.size() && part == partOf(use.last);
    }

    Execution execute(std::vector<std::size_t> cuts) {
        cuts_ = std::move(cuts);
        Execution execution;
        execution.order.resize(outline_.backward);
        std::iota(execution.order.begin(), execution.order.end(), std::size_t{0});
        execution.backward = outline_.backward;
        again_.assign(outline_.backward, false);
        std::vector<bool> done(cuts_.size());
        for (auto i = outline_.backward; i < outline_.steps.size(); ++i) {
            for (const auto buffer : outline_.steps[i].uses) {
                if (!isDropped(buffer))
                    continue;
                const auto part = partOf(uses_[buffer].first);
                if (done[part])
                    continue;
                done[part] = true;
                ++execution.parts;
                repeat(part, execution.order);
            }
            execution.order.push_back(i);
        }
        // What is made again is gone in between.
        findLives(outline_, execution, [this](std::size_t buffer) { return isDropped(buffer); });
        return execution;
    }

    /// Appends the steps of a part that make what the backward pass needs of it.
    void repeat(std::size_t part, std::vector<std::size_t>& order) {
        const auto first = part == 0 ? 0 : cuts_[part - 1];
        const auto end = cuts_[part];
        std::vector<bool> wanted(outline_.bytes.size());
        for (auto i = first; i < end; ++i)
            for (const auto buffer : outline_.steps[i].uses)
                wanted[buffer] = neededBackward_[buffer] && isDropped(buffer);
        // What a step writes beside, an earlier or later one of its op may have to complete.
        for (bool changed = true; changed;) {
            changed = false;
            for (auto i = end; i-- > first;) {
                const auto& step = outline_.steps[i];
                if (again_[i] ||
                    std::ranges::none_of(step.changes, [&](auto b) { return wanted[b]; }))
                    continue;
                again_[i] = true;
                changed = true;
                for (const auto buffer : step.changes)
                    wanted[buffer] = true;
                for (const auto buffer : step.uses)
                    if (isDropped(buffer))
                        wanted[buffer] = true;
            }
        }
        for (auto i = first; i < end; ++i)
            if (again_[i])
                order.push_back(i);
    }

    const Outline& outline_;
    std::vector<ForwardUse> uses_; ///< by buffer
    std::vector<bool> neededBackward_;
    std::vector<Place> places_;
    std::size_t allMade_ = 0;
    std::vector<std::size_t> cuts_; ///< the first steps of all parts but the first
    std::vector<bool> again_;       ///< by step
};

} // namespace

bool Execution::runsAgain(std::size_t step) const {
    return std::ranges::find(order.begin() + static_cast<std::ptrdiff_t>(backward), order.end(),
                             step) != order.end();
}

Execution runOnce(const Outline& outline) {
    Execution execution;
    execution.order.resize(outline.steps.size());
    std::iota(execution.order.begin(), execution.order.end(), std::size_t{0});
    execution.backward = std::min(outline.backward, outline.steps.size());
    findLives(outline, execution, [](std::size_t) { return false; });
    return execution;
}

Execution runAgain(const Outline& outline) {
    return Recomputer(outline).best();
}

std::size_t peakBytes(const Outline& outline, const Execution& execution) {
    std::vector<std::ptrdiff_t> change(execution.order.size() + 2);
    for (std::size_t buffer = 0; buffer < outline.bytes.size(); ++buffer)
        for (const auto& [first, last] : execution.lives[buffer]) {
            change[first] += static_cast<std::ptrdiff_t>(outline.bytes[buffer]);
            change[last + 1] -= static_cast<std::ptrdiff_t>(outline.bytes[buffer]);
        }
    std::partial_sum(change.begin(), change.end(), change.begin());
    return static_cast<std::size_t>(std::ranges::max(change));
}

} // namespace gradwright
