// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/quality_json.h"

#include "engine/support/json.h"

#include <limits>

namespace gradwright {

std::string qualityKey(const MetricDef& metric, std::string_view prefix) {
    return std::string(prefix) + metric.key;
}

std::optional<Quality> qualityIn(const Json& record, std::string_view prefix) {
    for (const auto& def : metricCatalog()) {
        const auto found = def.running ? record.find(qualityKey(def, prefix)) : record.end();
        if (found != record.end())
            return Quality{&def, found->is_number() ? found->get<double>()
                                                    : std::numeric_limits<double>::quiet_NaN()};
    }
    return {};
}

Json confusionJson(const ConfusionMatrix& matrix) {
    Json rows = Json::array();
    for (std::size_t label = 0; label < matrix.classes(); ++label) {
        Json row = Json::array();
        for (std::size_t said = 0; said < matrix.classes(); ++said)
            row.push_back(matrix.count(label, said));
        rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace gradwright
