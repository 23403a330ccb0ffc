// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/gradient_exchange.h"

#include <algorithm>
#include <limits>

namespace gradwright {

std::vector<WeightId> orderOfGradients(const OpGraph& ops) {
    std::vector<std::size_t> made(ops.weights().size(), std::numeric_limits<std::size_t>::max());
    for (const auto& [weight, value] : ops.gradients())
        if (const auto place = ops.producerPlace(value))
            made[weight.index()] = *place;
    std::vector<WeightId> order;
    for (std::uint32_t i = 0; i < ops.weights().size(); ++i)
        if (ops.weights()[i].learns())
            order.push_back(WeightId{i});
    std::ranges::stable_sort(order, {}, [&](WeightId id) { return made[id.index()]; });
    return order;
}

} // namespace gradwright
