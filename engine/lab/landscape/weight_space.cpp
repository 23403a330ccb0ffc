// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/weight_space.h"

#include "engine/passes/inference/inference_model.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"
#include "engine/support/stopped.h"

#include <Eigen/Dense>
#include <cmath>

namespace gradwright {
namespace {

using Vector = Eigen::Map<const Eigen::VectorXd>;

Vector asVector(std::span<const double> numbers) {
    return {numbers.data(), static_cast<Eigen::Index>(numbers.size())};
}

std::vector<double> asNumbers(const Eigen::VectorXd& vector) {
    return {vector.data(), vector.data() + vector.size()};
}

} // namespace

WeightSpace::WeightSpace(const std::vector<WeightSpec>& specs) {
    for (const auto& spec : specs) {
        if (!spec.learns())
            continue;
        parts_.push_back({spec.key, spec.shape, size_});
        const auto elements = static_cast<std::size_t>(spec.shape.elements());
        if (spec.shape.rank() > 1) {
            const auto count = static_cast<std::size_t>(spec.shape[0]);
            for (std::size_t i = 0; i < count; ++i)
                filters_.push_back({size_ + i * (elements / count), elements / count});
        }
        size_ += elements;
    }
}

std::vector<double> WeightSpace::flat(const Weights& weights) const {
    std::vector<double> numbers;
    numbers.reserve(size_);
    for (const auto& part : parts_) {
        const auto* const found = weights.find(part.key);
        if (!found || found->shape() != part.shape)
            throw Error("the weight {} is {}, and the network's has the shape {}", part.key,
                        found ? "of the shape " + toString(found->shape()) : "missing",
                        toString(part.shape));
        const auto values = numbersOf(*found);
        numbers.insert(numbers.end(), values.begin(), values.end());
    }
    return numbers;
}

Weights WeightSpace::weights(std::span<const double> numbers, const Weights& others) const {
    auto made = others;
    for (const auto& part : parts_)
        for (auto& [key, tensor] : made.values)
            if (key == part.key) {
                const auto values =
                    numbers.subspan(part.first, static_cast<std::size_t>(part.shape.elements()));
                setNumbers(tensor, {values.begin(), values.end()});
            }
    return made;
}

std::vector<double> filterNormalizedDirection(const WeightSpace& space,
                                              std::span<const double> center, std::uint64_t seed,
                                              std::uint32_t number, const std::stop_token& stop) {
    const Rng rng(seed, RngStream::Directions, number);
    std::vector<double> direction(space.size());
    for (const auto& [first, size] : space.filters()) {
        throwIfStopped(stop);
        double norm = 0;
        double wanted = 0;
        for (auto i = first; i < first + size; ++i) {
            direction[i] = rng.normal(i);
            norm += direction[i] * direction[i];
            wanted += center[i] * center[i];
        }
        for (auto i = first; i < first + size; ++i)
            direction[i] *= std::sqrt(wanted / norm);
    }
    return direction;
}

PrincipalDirections principalDirections(const std::vector<std::vector<double>>& path,
                                        std::span<const double> center) {
    const auto points = static_cast<Eigen::Index>(path.size());
    Eigen::MatrixXd off(static_cast<Eigen::Index>(center.size()), points);
    for (Eigen::Index i = 0; i < points; ++i)
        off.col(i) = asVector(path[static_cast<std::size_t>(i)]) - asVector(center);
    // Points are few and weights many, so the small matrix of their products is decomposed.
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(off.transpose() * off);
    const auto& shares = solver.eigenvalues(); // ascending
    const double whole = shares.sum();
    constexpr double kLeast = 1e-12; // a share below that is rounding
    if (points < 2 || !(whole > 0) || shares(points - 2) < kLeast * whole)
        throw Error("the path has no two directions: it has to leave the line through its end; "
                    "train for more epochs");
    PrincipalDirections made;
    made.first = asNumbers((off * solver.eigenvectors().col(points - 1)).normalized());
    made.second = asNumbers((off * solver.eigenvectors().col(points - 2)).normalized());
    made.firstShare = shares(points - 1) / whole;
    made.secondShare = shares(points - 2) / whole;
    return made;
}

PlanePoint projected(std::span<const double> weights, std::span<const double> center,
                     std::span<const double> first, std::span<const double> second) {
    const Eigen::VectorXd off = asVector(weights) - asVector(center);
    const auto a = asVector(first);
    const auto b = asVector(second);
    Eigen::Matrix2d products;
    products << a.dot(a), a.dot(b), a.dot(b), b.dot(b);
    constexpr double kLeast = 1e-12;
    if (products.determinant() <= kLeast * products(0, 0) * products(1, 1))
        throw Error("the two directions are parallel, so they span no plane");
    const Eigen::Vector2d place = products.inverse() * Eigen::Vector2d(a.dot(off), b.dot(off));
    return {place(0), place(1), (off - place(0) * a - place(1) * b).norm()};
}

std::vector<double> pointOf(std::span<const double> center, std::span<const double> first,
                            std::span<const double> second, double x, double y) {
    std::vector<double> made(center.size());
    for (std::size_t i = 0; i < made.size(); ++i)
        made[i] = center[i] + x * first[i] + y * second[i];
    return made;
}

} // namespace gradwright
