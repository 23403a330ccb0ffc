// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace gradwright {

/// An entry of the ImageNet challenge that a template stands for.
struct ChallengeEntry {
    std::string key;  ///< of the template
    std::string name; ///< "ResNet-152"
    int year = 0;
    int depth = 0;        ///< layers with weights on the longest path, as published
    double top5Error = 0; ///< percent, on the challenge's test set
    std::string entry;    ///< what was entered, in words
    std::string source;
};

/// By year. Read from resources/templates/challenge.json; throws Error when that is missing or
/// broken.
const std::vector<ChallengeEntry>& challengeEntries();

} // namespace gradwright
