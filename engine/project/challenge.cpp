// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/challenge.h"

#include "engine/graph/network_json.h"
#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/resources.h"

namespace gradwright {
namespace {

std::string challengeText(const Json& json, const char* key) {
    const auto& text = required(json, key, "an entry");
    if (!text.is_string() || text.empty())
        throw Error("{} of an entry must be a text, not {}", key, dumpExcerpt(text));
    return text.get<std::string>();
}

double challengeNumber(const Json& json, const char* key) {
    const auto& number = required(json, key, "an entry");
    if (!number.is_number() || number.get<double>() <= 0)
        throw Error("{} of an entry must be a number above 0, not {}", key, dumpExcerpt(number));
    return number.get<double>();
}

std::vector<ChallengeEntry> readChallenge() {
    const auto file = resourcePath("templates/challenge.json");
    try {
        const auto json = parseJson(readTextFile(file), "the challenge");
        const auto& list = required(json, "entries", "the challenge");
        if (!list.is_array())
            throw Error("its entries must be a list, not {}", dumpExcerpt(list));
        std::vector<ChallengeEntry> entries;
        for (const auto& each : list)
            entries.push_back({challengeText(each, "template"), challengeText(each, "name"),
                               static_cast<int>(challengeNumber(each, "year")),
                               static_cast<int>(challengeNumber(each, "depth")),
                               challengeNumber(each, "top5_error"), challengeText(each, "entry"),
                               challengeText(each, "source")});
        return entries;
    } catch (const Error& error) {
        throw Error("{} cannot be read: {}", file.string(), error.what());
    }
}

} // namespace

const std::vector<ChallengeEntry>& challengeEntries() {
    static const auto entries = readChallenge();
    return entries;
}

} // namespace gradwright
