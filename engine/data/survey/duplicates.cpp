// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/survey/duplicates.h"

#include "engine/data/content_print.h"
#include "engine/support/error.h"

#include <algorithm>
#include <span>
#include <tuple>

namespace gradwright {
namespace {

constexpr std::size_t kProgressEvery = 256; ///< samples

struct PrintedSample {
    ContentPrint input;
    ContentPrint answer; ///< class or target values
    SampleId sample;
};

class PrintReader {
public:
    PrintReader(const DataInfo& info, const DataSource& source, bool areBytes)
        : source_(source)
        , hasTargets_(!info.hasClasses())
        , values_(static_cast<std::size_t>(source.shape().elements()))
        , targets_(hasTargets_ ? static_cast<std::size_t>(source.targetShape().elements()) : 0)
        , bytes_(areBytes ? values_.size() : 0) {}

    PrintedSample read(const SampleId& sample) {
        PrintedSample entry{{}, {}, sample};
        if (!bytes_.empty()) {
            source_.bytes(sample.index, bytes_);
            entry.input = printOf(std::span<const std::uint8_t>(bytes_));
        } else {
            source_.input(sample.index, values_);
            entry.input = printOf(std::span<const float>(values_));
        }
        if (!hasTargets_) {
            const auto label = source_.label(sample.index);
            entry.answer = printOf(std::span(&label, 1));
        } else {
            source_.target(sample.index, targets_);
            entry.answer = printOf(std::span<const float>(targets_));
        }
        return entry;
    }

private:
    const DataSource& source_;
    bool hasTargets_;
    std::vector<float> values_;
    std::vector<float> targets_;
    std::vector<std::uint8_t> bytes_;
};

std::vector<SampleId> samplesOf(const Dataset& data, const Split& split) {
    std::vector<SampleId> samples;
    const auto add = [&](std::vector<std::uint32_t> part, DataPart which) {
        std::ranges::sort(part); // files are read in their order
        for (const auto index : part)
            samples.push_back({which, index});
    };
    add(split.training, DataPart::Training);
    add(split.validation, DataPart::Validation);
    if (data.test)
        for (std::int64_t i = 0; i < data.test->size(); ++i)
            samples.push_back({DataPart::Test, static_cast<std::uint32_t>(i)});
    return samples;
}

void addGroup(Duplicates& found, std::span<const PrintedSample> group) {
    SampleTwins twins;
    for (const auto& entry : group)
        twins.samples.push_back(entry.sample);
    const auto& first = group.front();
    twins.isShared = group.back().sample.part != first.sample.part;
    twins.isContradicted = std::ranges::any_of(
        group, [&](const PrintedSample& entry) { return entry.answer != first.answer; });
    found.copies += static_cast<std::int64_t>(group.size()) - 1;
    found.shared += std::ranges::count_if(
        group, [&](const PrintedSample& entry) { return entry.sample.part != first.sample.part; });
    if (twins.isContradicted)
        found.contradicted += static_cast<std::int64_t>(group.size());
    found.groups.push_back(std::move(twins));
}

} // namespace

std::optional<Duplicates> findDuplicates(const Dataset& data, const Split& split,
                                         const std::stop_token& stop,
                                         const SurveyProgress& progress) {
    const auto samples = samplesOf(data, split);
    Duplicates found;
    std::vector<PrintedSample> entries;
    entries.reserve(samples.size());
    // What is compared has to be kept alike in both.
    const bool areBytes = data.training->byteScaling() && (!data.test || data.test->byteScaling());
    PrintReader training(data.info, *data.training, areBytes);
    std::optional<PrintReader> test;
    if (data.test)
        test.emplace(data.info, *data.test, areBytes);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (i % kProgressEvery == 0) {
            if (stop.stop_requested())
                return {};
            if (progress)
                progress(i, samples.size());
        }
        try {
            auto& reader = samples[i].part == DataPart::Test ? *test : training;
            entries.push_back(reader.read(samples[i]));
        } catch (const Error& error) {
            if (++found.unreadable <= static_cast<std::int64_t>(ColumnFacts::kMostPlaces))
                found.faults.emplace_back(samples[i], error.what());
        }
    }
    std::ranges::sort(entries, {}, [](const PrintedSample& entry) {
        return std::tie(entry.input, entry.sample);
    });
    for (auto begin = entries.cbegin(); begin != entries.cend();) {
        const auto end = std::find_if(begin, entries.cend(), [&](const PrintedSample& entry) {
            return entry.input != begin->input;
        });
        if (end - begin > 1)
            addGroup(found, {begin, end});
        begin = end;
    }
    std::ranges::sort(found.groups, {}, [](const SampleTwins& twins) {
        return std::tuple(!twins.isShared, !twins.isContradicted, twins.samples.front());
    });
    if (found.groups.size() > Duplicates::kMostGroups)
        found.groups.resize(Duplicates::kMostGroups);
    return found;
}

} // namespace gradwright
