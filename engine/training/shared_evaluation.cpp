// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/shared_evaluation.h"

#include "engine/support/json.h"
#include "engine/training/diverged.h"

#include <algorithm>
#include <bit>

namespace gradwright {
namespace {

/// JSON has no infinity, which a sum of squares may reach.
std::uint64_t bitsOf(double value) {
    return std::bit_cast<std::uint64_t>(value);
}

double fromBits(const Json& bits) {
    return std::bit_cast<double>(bits.get<std::uint64_t>());
}

/// What a rank tells the others of its share, exactly.
Json toJson(const std::optional<ScoreSums>& sums) {
    if (!sums)
        return nullptr;
    auto targets = Json::array();
    for (const auto target : sums->targets)
        targets.push_back(bitsOf(target));
    return {{"loss", bitsOf(sums->loss)},
            {"correct", sums->correct},
            {"samples", sums->samples},
            {"labels", sums->labels},
            {"squared_errors", bitsOf(sums->squaredErrors)},
            {"target_squares", bitsOf(sums->targetSquares)},
            {"targets", std::move(targets)}};
}

ScoreSums sumsFrom(const Json& json) {
    ScoreSums sums;
    sums.loss = fromBits(json.at("loss"));
    sums.correct = json.at("correct");
    sums.samples = json.at("samples");
    sums.labels = json.at("labels");
    sums.squaredErrors = fromBits(json.at("squared_errors"));
    sums.targetSquares = fromBits(json.at("target_squares"));
    for (const auto& target : json.at("targets"))
        sums.targets.push_back(fromBits(target));
    return sums;
}

} // namespace

void sumCounts(Communicator& ranks, std::vector<std::int64_t>& counts) {
    std::vector<std::int64_t> sums;
    for (const auto& text : ranks.gather(Json(counts).dump())) {
        const auto own = parseJson(text, "a rank's counts").get<std::vector<std::int64_t>>();
        sums.resize(std::max(sums.size(), own.size()));
        for (std::size_t i = 0; i < own.size(); ++i)
            sums[i] += own[i];
    }
    counts = std::move(sums);
}

std::optional<ScoreSums> evaluateTogether(
    Communicator& ranks, const std::vector<std::uint32_t>& indices,
    std::vector<std::int64_t>& predicted,
    const std::function<std::optional<ScoreSums>(std::vector<std::uint32_t>)>& evaluate) {
    const auto cut = [&](int rank) {
        return indices.begin() + static_cast<std::ptrdiff_t>(indices.size() * std::size_t(rank) /
                                                             std::size_t(ranks.size()));
    };
    std::vector<std::uint32_t> own(cut(ranks.rank()), cut(ranks.rank() + 1));
    Json mine;
    try {
        mine["sums"] = toJson(own.empty() ? ScoreSums() : evaluate(std::move(own)));
    } catch (const DivergedError& error) {
        mine = {{"diverged", error.what()}, {"where", error.where}};
    } catch (const std::exception& error) {
        mine = {{"error", error.what()}};
    }
    std::optional<ScoreSums> all = ScoreSums();
    for (const auto& text : ranks.gather(mine.dump())) {
        const auto json = parseJson(text, "a rank's results");
        if (const auto error = json.find("diverged"); error != json.end()) {
            DivergedError diverged("{}", error->get<std::string>());
            diverged.where = json.at("where");
            throw diverged;
        }
        if (const auto error = json.find("error"); error != json.end())
            throw Error(error->get<std::string>());
        if (json.at("sums").is_null())
            all.reset();
        else if (all)
            all->add(sumsFrom(json.at("sums")));
    }
    if (all)
        sumCounts(ranks, predicted);
    return all;
}

} // namespace gradwright
