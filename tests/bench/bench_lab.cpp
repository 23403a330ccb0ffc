// SPDX-License-Identifier: GPL-3.0-or-later
//
// What lectures say of neural networks, asked of real trainings: each sentence with what was
// measured and how far it is from being wrong.
#include "engine/support/error.h"
#include "tests/bench/lab/claims.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

int main() {
    std::string pattern = fs::temp_directory_path() / "gradwright-lab-XXXXXX";
    if (!mkdtemp(pattern.data())) {
        fmt::print(stderr, "{}: no folder can be made\n", pattern);
        return 1;
    }
    const fs::path folder = pattern;
    int wrong = 0;
    const auto tell = [&](const Claim& claim) {
        fmt::print("{}  {}\n        {}; margin {:.2f}\n", claim.holds() ? "holds" : "WRONG",
                   claim.sentence, claim.measured, claim.margin);
        std::fflush(stdout);
        wrong += claim.holds() ? 0 : 1;
    };
    try {
        const ClaimSize size{.samples = 8000, .epochs = 4, .repeats = 2};
        tell(largeBatchesAreFaster(folder, {.samples = 8000, .epochs = 2, .repeats = 1}));
        tell(largeBatchesAreWorse(folder, size));
        tell(deepSigmoidsDoNotLearn(folder, size));
        tell(deepResidualsLearn(folder, size));
        tell(optimizersTakeTheirOwnWays(folder, size));
        for (const auto& claim : exclusiveOrNeedsMore(folder))
            tell(claim);
        tell(forestsAreGoodOnTables(folder));
        tell(ensemblesAreBetter(folder, size));
        tell(halvingSavesEpochs(folder, {.samples = 4000, .epochs = 9, .repeats = 6}));
        for (const auto* const name : {"playground", "two-spirals", "peaks-and-pits"})
            tell(tpeFindsBetterSettings(folder, name, 30, 20));
    } catch (const Error& error) {
        fmt::print(stderr, "{}\n", error.what());
        ++wrong;
    }
    std::error_code none;
    fs::remove_all(folder, none);
    return wrong == 0 ? 0 : 1;
}
