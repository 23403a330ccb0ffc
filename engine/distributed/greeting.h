// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/distributed/communicator.h"

#include <string>
#include <vector>

namespace gradwright {

/// What must be the same on all ranks, with its name for messages: "version of the program".
struct Agreement {
    std::string what;
    std::string value;
};

/// Where a rank runs.
struct RankPlace {
    std::string host;
    std::int64_t process = 0;
    bool operator==(const RankPlace&) const = default;
};

/// This process's.
RankPlace placeHere();

/// "rank 3 (host node2, process 4711)"
std::string toString(int rank, const RankPlace& place);

/// The ranks tell each other where they are and what they are about to do. Returns the places, by
/// rank. Throws Error, on all ranks alike, that names the first rank that differs from rank 0 and
/// in what. Throws RankLost.
std::vector<RankPlace> greet(Communicator& ranks, const std::vector<Agreement>& agreements);

/// How many of them are on the same host as a rank, itself included.
int ranksBeside(const std::vector<RankPlace>& places, int rank);

} // namespace gradwright
