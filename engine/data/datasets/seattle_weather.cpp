// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/tables/table.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/resources.h"

#include <algorithm>

namespace gradwright {
namespace {

Dataset openSeattleWeather(const Params& params, const DataChoice& choice) {
    const auto table = readCsv(resourcePath("datasets/seattle-weather/seattle-weather.csv"),
                               {.asBefore = choice.asBefore});
    return tableDataset(table, nullptr, tableOptionsOf(params), choice);
}

void setStandard(ParamSpecs& params, std::string_view key, std::string value) {
    std::ranges::find(params, key, &ParamSpec::key)->defaultValue = std::move(value);
}

} // namespace

DatasetDef seattleWeatherDataset() {
    auto params = tableParams();
    setStandard(params, "target", "temp_max");
    setStandard(params, "ignore", "date");
    return {.key = "seattle-weather",
            .title = "Weather in Seattle",
            .doc = "A table of 1,461 days from 2012 to 2015: date, day of the year, precipitation "
                   "(mm), highest and lowest temperature (°C), wind (m/s) and kind of weather. The "
                   "target is the highest temperature, or any other column.",
            .origin = "NOAA; comes with the program",
            .licence = "Public domain (work of the United States government)",
            .params = std::move(params),
            .open = openSeattleWeather};
}

} // namespace gradwright
