// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/ops/op_graph.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace gradwright {

/// The weights of a network that learn, as one vector of numbers: the space that a loss surface is
/// a cut through. Running statistics and frozen weights are no part of it.
class WeightSpace {
public:
    explicit WeightSpace(const std::vector<WeightSpec>& specs);

    [[nodiscard]] std::size_t size() const { return size_; }
    /// Throws Error naming the first weight that is missing or has another shape.
    [[nodiscard]] std::vector<double> flat(const Weights& weights) const;
    /// These numbers; what does not learn is as in `others`.
    [[nodiscard]] Weights weights(std::span<const double> numbers, const Weights& others) const;

    /// What one output of a layer is made of: a row of a dense layer, a filter of a convolution.
    struct Filter {
        std::size_t first = 0;
        std::size_t size = 0;
    };
    /// Those of all weights of two axes or more; biases and scales have none.
    [[nodiscard]] const std::vector<Filter>& filters() const { return filters_; }

private:
    struct Part {
        std::string key;
        Shape shape;
        std::size_t first = 0;
    };
    std::vector<Part> parts_;
    std::vector<Filter> filters_;
    std::size_t size_ = 0;
};

/// A normal random direction whose every filter has the norm of the filter in `center`, so that
/// surfaces of networks with other scales can be compared; 0 for biases and scales (Li et al.:
/// "Visualizing the loss landscape of neural nets", 2018). Throws WorkStopped when stopped.
std::vector<double> filterNormalizedDirection(const WeightSpace& space,
                                              std::span<const double> center, std::uint64_t seed,
                                              std::uint32_t number,
                                              const std::stop_token& stop = {});

/// Two orthogonal directions of norm 1 that hold most of how a path varies around `center`, and
/// the shares of its squared distances that they hold: principal components, not centered at the
/// path's mean (Li et al. 2018).
struct PrincipalDirections {
    std::vector<double> first, second;
    double firstShare = 0;
    double secondShare = 0;
};
/// Throws Error where the path holds fewer than two points away from the center, on a line with it.
PrincipalDirections principalDirections(const std::vector<std::vector<double>>& path,
                                        std::span<const double> center);

/// A point of the plane that two directions span at `center`.
struct PlanePoint {
    double x = 0, y = 0;
    double distance = 0; ///< of the projected weights from the plane
};
/// The nearest point of the plane. Throws Error where the directions are parallel.
PlanePoint projected(std::span<const double> weights, std::span<const double> center,
                     std::span<const double> first, std::span<const double> second);
/// center + x first + y second.
std::vector<double> pointOf(std::span<const double> center, std::span<const double> first,
                            std::span<const double> second, double x, double y);

} // namespace gradwright
