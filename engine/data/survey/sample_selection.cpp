// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/survey/sample_selection.h"

#include "engine/data/tables/cell.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

constexpr std::int64_t kMostVectorValues = 16;
constexpr std::int64_t kMostTargets = 6; ///< that are told one by one
constexpr std::size_t kLookEvery = 256;  ///< samples between looks at the stop token

bool tellsValues(const DataInfo& info) {
    return info.columns.empty() && info.input.rank() == 1 && info.labels() == 1 &&
           info.input[0] <= kMostVectorValues;
}

bool holdsCharacters(const DataInfo& info) {
    return info.hasClasses() && info.labels() > 1;
}

/// Without the digits that scaling to 32 bits and back has left: an exact 0 came back as -1e-07.
/// `spread` is about as large as the values differ.
std::string numberText(double value, double spread = 0) {
    if (spread > 0) {
        const double step = std::pow(10, std::floor(std::log10(spread)) - 6);
        value = std::round(value / step) * step + 0.0; // no -0
    }
    return fmt::format("{:.6g}", value);
}

/// 0 where values are not scaled, and so come back as they were.
double spreadOf(const Scaling& scaling) {
    return scaling == Scaling{} ? 0 : scaling.deviation;
}

std::vector<std::string> answerOf(const Dataset& data, const SampleId& sample) {
    const auto& info = data.info;
    const auto& source = sourceOf(data, sample);
    if (holdsCharacters(info))
        return {};
    if (info.hasClasses())
        return {info.classes.at(static_cast<std::size_t>(source.label(sample.index)))};
    if (info.target.elements() > kMostTargets)
        return {};
    std::vector<float> values(static_cast<std::size_t>(info.target.elements()));
    source.target(sample.index, values);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto value = static_cast<double>(values[i]);
        if (i < info.targetScaling.size())
            texts.push_back(
                numberText(info.targetScaling[i].restored(value), spreadOf(info.targetScaling[i])));
        else
            texts.push_back(numberText(value));
    }
    return texts;
}

std::vector<std::string> answerNames(const DataInfo& info) {
    if (holdsCharacters(info))
        return {};
    if (info.hasClasses())
        return {"class"};
    if (info.target.elements() > kMostTargets)
        return {};
    auto names = info.targetNames;
    for (auto i = std::ssize(names); i < info.target.elements(); ++i)
        names.push_back(info.target.elements() == 1 ? "target" : fmt::format("target {}", i + 1));
    return names;
}

bool holdsText(const Dataset& data, const SampleId& sample, const std::string& wanted) {
    const auto holds = [&](const std::string& text) {
        return lowerCased(text).find(wanted) != std::string::npos;
    };
    return std::ranges::any_of(sampleCells(data, sample), holds) || holds(originOf(data, sample));
}

/// A cell as it is compared: numbers before texts, missing values after both.
struct SortKey {
    int rank = 2;
    double number = 0;
    std::string text{};
};

SortKey sortKeyOf(const std::string& cell) {
    if (cell.empty())
        return {};
    if (const auto number = numberOf(cell, ','))
        return {0, *number, {}};
    return {1, 0, lowerCased(cell)};
}

bool isLess(const SortKey& a, const SortKey& b, bool isDescending) {
    if (a.rank != b.rank)
        return a.rank < b.rank; // what is missing is last either way
    if (a.rank == 0)
        return isDescending ? b.number < a.number : a.number < b.number;
    return isDescending ? b.text < a.text : a.text < b.text;
}

std::vector<SampleId> samplesOfPart(const Dataset& data, const Split& split, DataPart part) {
    std::vector<SampleId> samples;
    if (part == DataPart::Test) {
        for (std::int64_t i = 0; data.test && i < data.test->size(); ++i)
            samples.push_back({part, static_cast<std::uint32_t>(i)});
        return samples;
    }
    for (const auto index : part == DataPart::Training ? split.training : split.validation)
        samples.push_back({part, index});
    std::ranges::sort(samples);
    return samples;
}

} // namespace

std::vector<std::string> sampleColumns(const Dataset& data) {
    auto names = answerNames(data.info);
    for (const auto& column : data.info.columns)
        names.push_back(column.name);
    if (tellsValues(data.info))
        for (std::int64_t i = 0; i < data.info.input[0]; ++i)
            names.push_back(fmt::format("x{}", i + 1));
    if (holdsCharacters(data.info))
        names.emplace_back("text");
    return names;
}

std::vector<std::string> sampleCells(const Dataset& data, const SampleId& sample) {
    const auto& source = sourceOf(data, sample);
    auto texts = answerOf(data, sample);
    if (!data.info.columns.empty()) {
        auto cells = source.cells(sample.index);
        cells.resize(data.info.columns.size());
        for (std::size_t i = 0; i < cells.size(); ++i)
            if (const auto& column = data.info.columns[i]; column.isNumeric())
                if (const auto number = numberOf(cells[i], ','))
                    cells[i] = numberText(*number, spreadOf(column.scaling));
        std::ranges::move(cells, std::back_inserter(texts));
    }
    const bool isOfCharacters = holdsCharacters(data.info);
    if (!tellsValues(data.info) && !isOfCharacters)
        return texts;
    std::vector<float> values(static_cast<std::size_t>(source.shape().elements()));
    source.input(sample.index, values);
    if (!isOfCharacters) {
        for (const float value : values)
            texts.push_back(numberText(static_cast<double>(value)));
        return texts;
    }
    std::string text;
    for (const float value : values)
        if (const auto at = static_cast<std::size_t>(value); at < data.info.classes.size())
            text += data.info.classes[at];
    texts.push_back(std::move(text));
    return texts;
}

std::vector<std::string> inputNames(const DataInfo& info) {
    std::vector<std::string> names;
    if (info.input.rank() != 1 || holdsCharacters(info))
        return names;
    for (const auto& column : info.columns) {
        if (column.image)
            return {};
        if (column.isNumeric())
            names.push_back(column.name);
        for (std::size_t i = 0; i < column.pixels; ++i)
            names.push_back(fmt::format("{}: {}", column.name, i + 1));
        for (const auto& category : column.categories)
            names.push_back(fmt::format("{}: {}", column.name, category));
    }
    for (auto i = std::ssize(names); i < info.input[0]; ++i)
        names.push_back(fmt::format("x{}", i + 1));
    return names;
}

std::optional<std::vector<SampleId>> selectSamples(const Dataset& data, const Split& split,
                                                   const SampleFilter& filter,
                                                   const SampleOrder& order,
                                                   const std::stop_token& stop,
                                                   const SurveyProgress& progress) {
    std::vector<SampleId> chosen;
    for (const auto part : {DataPart::Training, DataPart::Validation, DataPart::Test})
        if (!filter.part || *filter.part == part)
            std::ranges::copy(samplesOfPart(data, split, part), std::back_inserter(chosen));
    if (filter.label && data.info.labels() == 1)
        std::erase_if(chosen, [&](const SampleId& sample) {
            return sourceOf(data, sample).label(sample.index) != *filter.label;
        });
    const auto wanted = lowerCased(filter.text);
    const auto all = chosen.size();
    // Whether to go on; told and asked now and then.
    const auto mayGoOn = [&](std::size_t done) {
        if (done % kLookEvery != 0)
            return true;
        if (progress)
            progress(done, all);
        return !stop.stop_requested();
    };
    if (!wanted.empty()) {
        std::size_t done = 0;
        bool stopped = false;
        std::erase_if(chosen, [&](const SampleId& sample) {
            stopped = stopped || !mayGoOn(done++);
            return stopped || !holdsText(data, sample, wanted);
        });
        if (stopped)
            return {};
    }
    if (order.column < 0) {
        if (order.isDescending)
            std::ranges::reverse(chosen);
        return chosen;
    }
    std::vector<SortKey> keys;
    keys.reserve(chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (!mayGoOn(i))
            return {};
        const auto cells = sampleCells(data, chosen[i]);
        const auto column = static_cast<std::size_t>(order.column);
        keys.push_back(sortKeyOf(column < cells.size() ? cells[column] : std::string()));
    }
    std::vector<std::uint32_t> places(chosen.size());
    std::iota(places.begin(), places.end(), 0U);
    std::ranges::stable_sort(places, [&](std::uint32_t a, std::uint32_t b) {
        return isLess(keys[a], keys[b], order.isDescending);
    });
    std::vector<SampleId> sorted;
    sorted.reserve(chosen.size());
    for (const auto place : places)
        sorted.push_back(chosen[place]);
    return sorted;
}

std::vector<float> meanInput(const Dataset& data, const std::vector<SampleId>& samples,
                             const std::stop_token& stop) {
    if (samples.empty())
        return {};
    const auto elements = static_cast<std::size_t>(data.info.input.elements());
    std::vector<double> sums(elements);
    std::vector<float> values(elements);
    for (const auto& sample : samples) {
        if (stop.stop_requested())
            return {};
        sourceOf(data, sample).input(sample.index, values);
        for (std::size_t i = 0; i < elements; ++i)
            sums[i] += static_cast<double>(values[i]);
    }
    std::vector<float> mean(elements);
    for (std::size_t i = 0; i < elements; ++i)
        mean[i] = static_cast<float>(sums[i] / static_cast<double>(samples.size()));
    return mean;
}

} // namespace gradwright
