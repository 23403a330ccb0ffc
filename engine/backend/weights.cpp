// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"

namespace gradwright {

void initializeWeights(WeightStore& store, std::uint64_t seed) {
    const auto& specs = store.specs();
    for (std::uint32_t i = 0; i < specs.size(); ++i)
        store.write(WeightId{i}, initialize(specs[i].initializer, specs[i].shape, specs[i].fans,
                                            seed, specs[i].key));
}

} // namespace gradwright
