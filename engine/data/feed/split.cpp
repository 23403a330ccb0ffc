// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"
#include "engine/data/feed/split_order.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace gradwright {
namespace {

std::vector<std::int64_t> countClasses(std::span<const std::int32_t> labels, std::size_t classes) {
    std::vector<std::int64_t> counts(classes, 0);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes)
            throw Error("label {} of sample {} is outside 0 to {}", labels[i], i,
                        static_cast<std::int64_t>(classes) - 1);
        ++counts[static_cast<std::size_t>(labels[i])];
    }
    return counts;
}

std::vector<std::int32_t> labelsOfSamples(const DataSource& source) {
    std::vector<std::int32_t> labels(static_cast<std::size_t>(source.size()));
    for (std::size_t i = 0; i < labels.size(); ++i)
        labels[i] = source.label(static_cast<std::int64_t>(i));
    return labels;
}

/// How many of each class go to validation: proportional, summing to `total`; what rounding down
/// leaves goes to the classes with the largest remainders, the lower label first.
std::vector<std::int64_t> quotas(const std::vector<std::int64_t>& counts, std::int64_t total) {
    const auto samples = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    std::vector<std::int64_t> quota(counts.size());
    std::vector<std::int64_t> remainder(counts.size());
    auto left = total;
    for (std::size_t c = 0; c < counts.size(); ++c) {
        quota[c] = counts[c] * total / samples;
        remainder[c] = counts[c] * total % samples;
        left -= quota[c];
    }
    std::vector<std::size_t> order(counts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(
        order, [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
    for (std::size_t i = 0; i < static_cast<std::size_t>(left); ++i)
        ++quota[order[i]];
    return quota;
}

void requireSplittable(std::size_t samples, double validationFraction) {
    if (!(validationFraction >= 0 && validationFraction < 1))
        throw Error("the part kept for validation must be at least 0 and less than 1, not {}",
                    validationFraction);
    if (samples == 0)
        throw Error("there are no samples to train on");
    if (samples > std::numeric_limits<std::uint32_t>::max())
        throw Error("a data set of {} samples is too large; the most is {}", samples,
                    std::numeric_limits<std::uint32_t>::max());
    if (splitOff(samples, validationFraction) >= samples)
        throw Error("with a part of {} kept for validation, nothing of {} samples is left to train "
                    "on",
                    validationFraction, samples);
}

void limitTraining(Split& split, const DataChoice& choice) {
    if (choice.limit > 0 && static_cast<std::size_t>(choice.limit) < split.training.size())
        split.training.resize(static_cast<std::size_t>(choice.limit));
}

/// Goes through the samples in order: the first of each class, as many as its quota says, are for
/// validation.
template <typename Label>
void shareOut(const std::vector<std::uint32_t>& order, std::span<const Label> labels,
              std::vector<std::int64_t> quota, Split& split) {
    constexpr std::size_t kLabelsAhead = 24; // labels that are fetched meanwhile
    std::array<std::uint32_t*, 2> parts = {split.training.data(), split.validation.data()};
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i + kLabelsAhead < order.size())
            __builtin_prefetch(labels.data() + order[i + kLabelsAhead]);
        auto& left = quota[static_cast<std::size_t>(labels[order[i]])];
        *parts[left > 0 ? 1 : 0]++ = order[i];
        --left;
    }
}

} // namespace

std::size_t splitOff(std::size_t samples, double validationFraction) {
    return static_cast<std::size_t>(
        std::llround(validationFraction * static_cast<double>(samples)));
}

std::vector<std::uint32_t> splitOrder(std::size_t samples, std::uint64_t seed) {
    std::vector<std::uint32_t> order(samples);
    std::iota(order.begin(), order.end(), 0U);
    shuffle(order, Rng(seed, RngStream::Split));
    return order;
}

Split stratifiedSplit(std::span<const std::int32_t> labels, std::size_t classes,
                      double validationFraction, std::uint64_t seed) {
    requireSplittable(labels.size(), validationFraction);
    static_cast<void>(countClasses(labels, classes)); // labels are looked at first
    return stratifiedSplit(labels, classes, validationFraction, splitOrder(labels.size(), seed));
}

Split stratifiedSplit(std::span<const std::int32_t> labels, std::size_t classes,
                      double validationFraction, std::vector<std::uint32_t> order) {
    requireSplittable(labels.size(), validationFraction);
    const auto counts = countClasses(labels, classes);
    const auto total = splitOff(labels.size(), validationFraction);
    Split split;
    if (classes == 1) {
        const auto first = order.begin() + static_cast<std::ptrdiff_t>(total);
        split.validation.assign(order.begin(), first);
        split.training.assign(first, order.end());
        return split;
    }
    split.training.resize(order.size() - total);
    split.validation.resize(total);
    const auto quota = quotas(counts, static_cast<std::int64_t>(total));
    constexpr std::size_t kNarrowClasses = 256;
    if (classes > kNarrowClasses) {
        shareOut(order, labels, quota, split);
        return split;
    }
    // They are read in any order, so the less memory they take the better.
    std::vector<std::uint8_t> narrow(labels.size());
    std::ranges::transform(labels, narrow.begin(),
                           [](std::int32_t label) { return static_cast<std::uint8_t>(label); });
    shareOut(order, std::span<const std::uint8_t>(narrow), quota, split);
    return split;
}

Split stratifiedSplit(const DataSource& source, std::size_t classes, double validationFraction,
                      std::uint64_t seed) {
    return stratifiedSplit(labelsOfSamples(source), classes, validationFraction, seed);
}

Split foldSplit(std::span<const std::int32_t> labels, std::size_t classes, std::int64_t folds,
                std::int64_t fold, std::uint64_t seed) {
    return foldSplit(labels, classes, folds, fold, splitOrder(labels.size(), seed));
}

Split foldSplit(std::span<const std::int32_t> labels, std::size_t classes, std::int64_t folds,
                std::int64_t fold, const std::vector<std::uint32_t>& order) {
    if (folds < 2 || fold < 0 || fold >= folds)
        throw Error("fold {} of {} is none: there have to be at least 2, counted from 0", fold,
                    folds);
    if (static_cast<std::int64_t>(labels.size()) < folds)
        throw Error("{} samples cannot be cut into {} folds", labels.size(), folds);
    requireSplittable(labels.size(), 0);
    // Samples in the order of classes, dealt to the folds one after the other: each class in
    // proportion, and no fold larger than another by more than one.
    const auto counts = countClasses(labels, classes);
    std::vector<std::int64_t> next(classes, 0);
    for (std::size_t c = 1; c < classes; ++c)
        next[c] = next[c - 1] + counts[c - 1];
    Split split;
    for (const auto sample : order) {
        const auto place = next[static_cast<std::size_t>(labels[sample])]++;
        (place % folds == fold ? split.validation : split.training).push_back(sample);
    }
    return split;
}

Split splitOf(std::span<const std::int32_t> labels, std::size_t classes, const DataChoice& choice) {
    if (choice.limit < 0)
        throw Error("the number of samples to train on must be at least 0 (all), not {}",
                    choice.limit);
    classes = std::max<std::size_t>(1, classes);
    auto split =
        choice.folds > 0
            ? foldSplit(labels, classes, choice.folds, choice.fold, choice.splitSeed)
            : stratifiedSplit(labels, classes, choice.validationFraction, choice.splitSeed);
    limitTraining(split, choice);
    return split;
}

Split splitOf(const Dataset& dataset, const DataChoice& choice) {
    const auto& made = dataset.split;
    if (made && made->of == dataset.training.get() &&
        made->validationFraction == choice.validationFraction && made->seed == choice.splitSeed &&
        made->folds == choice.folds && made->fold == choice.fold && choice.limit >= 0) {
        auto split = made->split;
        limitTraining(split, choice);
        return split;
    }
    const auto labels = labelsOfSamples(*dataset.training);
    const auto own = labels.size() - static_cast<std::size_t>(dataset.added);
    auto split = splitOf(std::span(labels).first(own), dataset.info.classes.size(), choice);
    for (auto sample = own; sample < labels.size(); ++sample)
        split.training.push_back(static_cast<std::uint32_t>(sample));
    return split;
}

} // namespace gradwright
