// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/distance.h"
#include "engine/classical/method.h"
#include "engine/support/simd.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kTile = 32;  ///< training samples whose products are computed together
constexpr std::size_t kGroup = 4;  ///< rows that are asked together
constexpr std::size_t kAsked = 64; ///< rows that pass a tile while it is in the cache

/// The products of kGroup rows, one behind the other, with the kTile samples of a tile, whose
/// features lie one behind the other: [kGroup, kTile].
GRADWRIGHT_CLONES
void multiply(const float* rows, const float* tile, std::size_t features, float* products) {
    float sums[kGroup][kTile] = {};
    for (std::size_t f = 0; f < features; ++f) {
        const float* values = tile + f * kTile;
        for (std::size_t r = 0; r < kGroup; ++r) {
            const float factor = rows[r * features + f];
            for (std::size_t i = 0; i < kTile; ++i)
                sums[r][i] += factor * values[i];
        }
    }
    for (std::size_t r = 0; r < kGroup; ++r)
        std::copy_n(sums[r], kTile, products + r * kTile);
}

double squareOf(const float* values, std::size_t size) {
    double square = 0;
    for (std::size_t i = 0; i < size; ++i)
        square += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    return square;
}

/// The least of many numbers, the largest of them first.
template <class Number>
class Least {
public:
    explicit Least(std::size_t most)
        : most_(most) {
        heap_.reserve(most + 1);
    }
    [[nodiscard]] bool isFull() const { return heap_.size() == most_; }
    [[nodiscard]] const Number& largest() const { return heap_.front(); }
    [[nodiscard]] const std::vector<Number>& all() const { return heap_; }
    void add(const Number& number) {
        if (isFull() && !(number < heap_.front()))
            return;
        heap_.push_back(number);
        std::ranges::push_heap(heap_);
        if (heap_.size() > most_) {
            std::ranges::pop_heap(heap_);
            heap_.pop_back();
        }
    }

private:
    std::size_t most_;
    std::vector<Number> heap_;
};

/// The samples that lie nearest, by Euclidean distance, have one vote each; of equally far ones the
/// earlier sample counts as nearer.
///
/// |a - b|² = |a|² + |b|² - 2ab, and the products of many rows with many samples are one product
/// of matrices in FP32. How far its sums can be off is known (Higham 2002, section 3.1), so only
/// samples that may be among the nearest are measured exactly.
class NearestNeighbours final : public ClassicalModel {
public:
    NearestNeighbours(Samples samples, std::size_t neighbours)
        : samples_(std::move(samples))
        , neighbours_(std::min(neighbours, samples_.count())) {
        makeTiles();
    }

    void answer(std::span<const float> row, std::span<double> out) const override {
        answerRows(row, 1, out);
    }

    void answerRows(std::span<const float> rows, std::size_t count,
                    std::span<double> out) const override {
        const auto outputs = out.size() / count;
        const auto features = samples_.features;
        for (std::size_t first = 0; first < count; first += kAsked) {
            const auto asked = std::min(kAsked, count - first);
            std::vector<Search> searches;
            std::vector<float> moved((asked + kGroup - 1) / kGroup * kGroup * features);
            for (std::size_t i = 0; i < asked; ++i) {
                const auto row = rows.subspan((first + i) * features, features);
                const std::span place(moved.data() + i * features, features);
                move(row, place);
                searches.emplace_back(neighbours_, slackOf(place));
            }
            passTiles(moved, searches);
            for (std::size_t i = 0; i < asked; ++i)
                vote(nearestOf(rows.subspan((first + i) * features, features), searches[i]),
                     out.subspan((first + i) * outputs, outputs));
        }
    }

    [[nodiscard]] std::size_t rowsAtOnce() const override { return kAsked; }

    [[nodiscard]] ModelParts parts() const override {
        ModelParts parts;
        parts.put("neighbours", static_cast<std::int64_t>(neighbours_));
        parts.put("inputs", samples_.inputs);
        if (samples_.classes > 0)
            parts.put("labels",
                      std::vector<std::int64_t>(samples_.labels.begin(), samples_.labels.end()));
        else
            parts.put("targets", samples_.targets);
        return parts;
    }

    static std::unique_ptr<ClassicalModel> open(const ModelParts& parts, const RowOutline& rows) {
        Samples samples;
        samples.features = rows.features;
        samples.classes = rows.classes;
        samples.width = rows.width;
        const auto numbers = parts.count("inputs");
        const auto count = numbers / rows.features;
        samples.inputs = parts.singles("inputs", count * rows.features);
        if (rows.classes > 0) {
            const auto labels =
                parts.whole("labels", count, 0, static_cast<std::int64_t>(rows.classes) - 1);
            samples.labels.assign(labels.begin(), labels.end());
        } else {
            samples.targets = parts.singles("targets", count * rows.width);
        }
        const auto neighbours =
            parts.wholeNumber("neighbours", 1, static_cast<std::int64_t>(count));
        return std::make_unique<NearestNeighbours>(std::move(samples),
                                                   static_cast<std::size_t>(neighbours));
    }

private:
    using Neighbour = std::pair<double, std::size_t>; ///< squared distance, number

    /// What may be near one row. Squares are less |row|² here, which is the same for all samples.
    struct Search {
        Search(std::size_t neighbours, double most)
            : nearest(neighbours)
            , slack(most) {}

        Least<float> nearest;
        double slack; ///< how far two squares can be off together; no number: unknown
        std::vector<std::pair<float, std::size_t>> candidates{};

        [[nodiscard]] double limit() const {
            return nearest.isFull() ? static_cast<double>(nearest.largest()) + slack
                                    : std::numeric_limits<double>::infinity();
        }
    };

    /// Numbers near 0 have the smallest errors, so all are moved by the samples' means.
    void move(std::span<const float> row, std::span<float> out) const {
        for (std::size_t f = 0; f < row.size(); ++f)
            out[f] = static_cast<float>(static_cast<double>(row[f]) - means_[f]);
    }

    void makeTiles() {
        const auto features = samples_.features;
        const auto count = samples_.count();
        means_.resize(features);
        for (std::size_t n = 0; n < count; ++n)
            for (std::size_t f = 0; f < features; ++f)
                means_[f] += static_cast<double>(samples_.row(n)[f]) / static_cast<double>(count);
        const auto tiles = (count + kTile - 1) / kTile;
        tiles_.resize(tiles * features * kTile);
        squares_.resize(tiles * kTile);
        std::vector<float> moved(features);
        for (std::size_t n = 0; n < count; ++n) {
            move(samples_.row(n), moved);
            auto* tile = tiles_.data() + n / kTile * features * kTile;
            for (std::size_t f = 0; f < features; ++f)
                tile[f * kTile + n % kTile] = moved[f];
            const auto square = squareOf(moved.data(), features);
            squares_[n] = static_cast<float>(square);
            if (!(square <= largest_) && !std::isnan(largest_)) // what is no number stays
                largest_ = square;
        }
        largest_ = std::sqrt(largest_);
    }

    /// Twice the most that a square can be off: by the sum of a product of n terms, n u / 2 of
    /// (|a| + |b|)²; by moving both, 2 u; by rounding the square and what comes out, 3 u; the rest
    /// is for terms of higher order.
    [[nodiscard]] double slackOf(std::span<const float> row) const {
        constexpr double u = std::numeric_limits<float>::epsilon() / 2;
        constexpr double kLargest = 1e15; // so that no square leaves FP32
        const auto reach = std::sqrt(squareOf(row.data(), row.size())) + largest_;
        if (!(reach < kLargest))
            return std::numeric_limits<double>::quiet_NaN();
        return 2 * u * (static_cast<double>(row.size()) / 2 + 8) * reach * reach +
               std::numeric_limits<float>::min();
    }

    void passTiles(const std::vector<float>& moved, std::vector<Search>& searches) const {
        const auto features = samples_.features;
        float products[kGroup * kTile];
        for (std::size_t start = 0; start < samples_.count(); start += kTile)
            for (std::size_t group = 0; group < searches.size(); group += kGroup) {
                multiply(moved.data() + group * features, tiles_.data() + start * features,
                         features, products);
                const auto end = std::min(searches.size(), group + kGroup);
                for (auto i = group; i < end; ++i)
                    take(products + (i - group) * kTile, start, searches[i]);
            }
    }

    void take(const float* products, std::size_t start, Search& search) const {
        if (std::isnan(search.slack))
            return;
        float values[kTile];
        float least = std::numeric_limits<float>::infinity();
        const auto count = std::min(kTile, samples_.count() - start);
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = squares_[start + i] - 2 * products[i];
            least = std::min(least, values[i]);
        }
        if (static_cast<double>(least) > search.limit())
            return;
        for (std::size_t i = 0; i < count; ++i) {
            if (static_cast<double>(values[i]) > search.limit())
                continue;
            search.nearest.add(values[i]);
            search.candidates.emplace_back(values[i], start + i);
        }
    }

    [[nodiscard]] std::vector<Neighbour> nearestOf(std::span<const float> row,
                                                   const Search& search) const {
        Least<Neighbour> nearest(neighbours_);
        constexpr auto limit = std::numeric_limits<double>::infinity();
        const auto measure = [&](std::size_t n) {
            nearest.add(
                {squaredDistance(row.data(), samples_.row(n).data(), row.size(), limit), n});
        };
        if (std::isnan(search.slack))
            for (std::size_t n = 0; n < samples_.count(); ++n)
                measure(n);
        else
            for (const auto& [value, n] : search.candidates)
                if (static_cast<double>(value) <= search.limit())
                    measure(n);
        auto found = nearest.all();
        std::ranges::sort(found);
        return found;
    }

    void vote(const std::vector<Neighbour>& nearest, std::span<double> out) const {
        std::ranges::fill(out, 0.0);
        const auto share = 1.0 / static_cast<double>(nearest.size());
        for (const auto& [square, n] : nearest)
            if (samples_.classes > 0)
                out[static_cast<std::size_t>(samples_.labels[n])] += 1;
            else
                for (std::size_t i = 0; i < out.size(); ++i)
                    out[i] += static_cast<double>(samples_.target(n)[i]);
        for (auto& value : out)
            value *= share;
    }

    Samples samples_;
    std::size_t neighbours_;
    std::vector<double> means_;
    std::vector<float> tiles_;   ///< [tiles, features, kTile], moved by the means
    std::vector<float> squares_; ///< of the moved samples
    double largest_ = 0;         ///< the length of the longest of them
};

} // namespace

MethodDef nearestNeighboursMethod() {
    auto neighbours = intParam("neighbours", "Neighbours", 5, 1, 1e6,
                               "How many of the nearest training samples vote.");
    return {.key = "knn",
            .title = "k nearest neighbours",
            .doc = "The training samples that lie nearest, by Euclidean distance, vote for their "
                   "class; of values it is their mean (Cover, Hart 1967).",
            .givesProbabilities = true,
            .params = {neighbours},
            .fit = [](const Samples& samples, const Params& params, std::uint64_t,
                      const Watch&) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<NearestNeighbours>(
                    samples, static_cast<std::size_t>(params.integer("neighbours")));
            },
            .open = NearestNeighbours::open};
}

} // namespace gradwright
