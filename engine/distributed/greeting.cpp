// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/greeting.h"

#include "engine/support/json.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

/// A longer value says nothing to a person.
constexpr std::size_t kLongestShown = 60;

std::string difference(const std::string& first, const std::string& other) {
    if (std::max(first.size(), other.size()) > kLongestShown)
        return "there it differs from rank 0's";
    return fmt::format("there it is \"{}\", for rank 0 \"{}\"", other, first);
}

} // namespace

RankPlace placeHere() {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return {host.data(), getpid()};
}

std::string toString(int rank, const RankPlace& place) {
    return fmt::format("rank {} (host {}, process {})", rank, place.host, place.process);
}

std::vector<RankPlace> greet(Communicator& ranks, const std::vector<Agreement>& agreements) {
    const auto here = placeHere();
    Json mine = {{"host", here.host}, {"process", here.process}, {"values", Json::array()}};
    for (const auto& agreement : agreements)
        mine["values"].push_back(agreement.value);
    const auto texts = ranks.gather(mine.dump());

    std::vector<Json> all;
    std::vector<RankPlace> places;
    for (const auto& text : texts) {
        all.push_back(parseJson(text, "a rank's greeting"));
        places.push_back({all.back().at("host"), all.back().at("process")});
    }
    for (std::size_t i = 0; i < agreements.size(); ++i)
        for (std::size_t rank = 1; rank < all.size(); ++rank) {
            const auto valueOf = [i](const Json& greeting) {
                const auto& values = greeting.at("values");
                return i < values.size() ? values[i].get<std::string>() : std::string();
            };
            if (valueOf(all[rank]) != valueOf(all[0]))
                throw Error("All ranks need the same {}, and {} has another one: {}.",
                            agreements[i].what, toString(static_cast<int>(rank), places[rank]),
                            difference(valueOf(all[0]), valueOf(all[rank])));
        }
    return places;
}

int ranksBeside(const std::vector<RankPlace>& places, int rank) {
    return static_cast<int>(
        std::ranges::count(places, places[static_cast<std::size_t>(rank)].host, &RankPlace::host));
}

} // namespace gradwright
