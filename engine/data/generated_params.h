// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

namespace gradwright {

// What all generated data sets can be told.

inline ParamSpec samplesParam(std::int64_t defaultValue) {
    return intParam("samples", "Samples", defaultValue, 20, 10'000'000,
                    "Samples to train and validate with.");
}
inline ParamSpec testSamplesParam(std::int64_t defaultValue) {
    return formerly("test-samples",
                    intParam("test_samples", "Test samples", defaultValue, 10, 10'000'000,
                             "Samples to test with, which are never trained on."));
}
inline ParamSpec generatorSeedParam(std::string doc) {
    return intParam("seed", "Seed", 1, 0, 9e15, std::move(doc));
}

} // namespace gradwright
