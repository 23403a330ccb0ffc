// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/path_optimizers.h"

#include "engine/support/error.h"
#include "engine/training/recipes/optimizers.h"

#include <algorithm>

namespace gradwright {
namespace {

std::vector<std::string> piecesOf(std::string_view text, char mark) {
    std::vector<std::string> pieces;
    while (!text.empty()) {
        const auto end = std::min(text.find(mark), text.size());
        pieces.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return pieces;
}

ParamValue readSetting(const ParamSpec& spec, const std::string& setting, std::string_view text) {
    auto value = paramFromText(spec, text);
    if (const auto reason = whyInvalid(spec, value))
        throw Error("{}: {}", setting, *reason);
    return value;
}

} // namespace

std::vector<PathOptimizer> pathOptimizers(std::string_view text) {
    std::string dense(text);
    std::erase(dense, ' ');
    std::vector<PathOptimizer> made;
    for (const auto& written : piecesOf(dense, ',')) {
        const auto pieces = piecesOf(written, ':');
        PathOptimizer each{written, {pieces.empty() ? std::string() : pieces.front(), {}}, {}};
        const auto& def = optimizer(each.optimizer.key); // names those that there are
        for (std::size_t i = 1; i < pieces.size(); ++i) {
            const auto equals = pieces[i].find('=');
            if (equals == std::string::npos)
                throw Error("settings of an optimizer are written as {}:momentum=0.9, not \"{}\"",
                            def.key, written);
            const auto key = pieces[i].substr(0, equals);
            const auto value = pieces[i].substr(equals + 1);
            if (key == "learning_rate") {
                const auto* const spec = findParam(trainingParams(), key);
                each.learningRate = std::get<double>(readSetting(*spec, pieces[i], value));
            } else if (const auto* const spec = findParam(def.params, key)) {
                each.optimizer.params[key] = readSetting(*spec, pieces[i], value);
            } else {
                std::string known = "learning_rate";
                for (const auto& param : def.params)
                    known += ", " + param.key;
                throw Error("{} has no setting \"{}\"; known are {}", def.key, key, known);
            }
        }
        made.push_back(std::move(each));
    }
    return made;
}

} // namespace gradwright
