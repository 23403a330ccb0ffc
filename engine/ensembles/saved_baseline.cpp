// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ensembles/saved_baseline.h"

#include "engine/data/data_info_json.h"
#include "engine/io/safetensors.h"
#include "engine/metrics/quality.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;
using Metadata = std::map<std::string, std::string>;

constexpr const char* kBaselineFormat = "gradwright baseline";

RowOutline outlineOf(const DataInfo& info) {
    const auto elements = static_cast<std::size_t>(info.input.elements());
    const auto used = usedElements(info, elements);
    RowOutline rows;
    rows.features = static_cast<std::size_t>(std::ranges::count(used, true));
    rows.classes = info.classes.size();
    rows.width = rows.classes > 0 ? 0 : static_cast<std::size_t>(info.target.elements());
    return rows;
}

const std::string& valueOf(const Metadata& metadata, const char* key) {
    const auto found = metadata.find(key);
    if (found == metadata.end())
        throw Error("it lacks \"{}\"", key);
    return found->second;
}

template <class Number>
Number numberOf(const Metadata& metadata, const char* key) {
    const auto& text = valueOf(metadata, key);
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        throw Error("\"{}\" must be a number, not \"{}\"", key, text);
    return number;
}

/// All but the model.
SavedBaseline headOf(const Metadata& metadata) {
    const auto format = metadata.find("format");
    if (format == metadata.end() || format->second != kBaselineFormat)
        throw Error("it is no file of a fitted method");
    if (const auto schema = numberOf<int>(metadata, "schema"); schema != kBaselineSchema)
        throw Error("its schema is {}, and this version reads {}", schema, kBaselineSchema);
    SavedBaseline baseline;
    baseline.method = &classicalMethod(valueOf(metadata, "method"));
    baseline.params = paramsFromJson(parseJson(valueOf(metadata, "parameters"), "\"parameters\""),
                                     baseline.method->params, "\"parameters\"");
    baseline.seed = numberOf<std::uint64_t>(metadata, "seed");
    baseline.learned = numberOf<std::size_t>(metadata, "learned");
    if (metadata.contains("quality")) {
        baseline.quality = numberOf<double>(metadata, "quality");
        baseline.metric = metric(valueOf(metadata, "metric")).key;
    }
    baseline.project = projectFromJson(parseJson(valueOf(metadata, "project"), "\"project\""));
    baseline.info = dataInfoFromJson(parseJson(valueOf(metadata, "data"), "\"data\""));
    return baseline;
}

void addListed(std::vector<ListedBaseline>& listed, const fs::path& file) {
    try {
        listed.push_back({file, headOf(readSafetensorsMetadata(file))});
    } catch (const Error&) {
        return; // whoever names it is told what is wrong
    }
}

std::vector<fs::path> filesIn(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder, none))
        files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

} // namespace

std::string SavedBaseline::title() const {
    return quality ? fmt::format("{}, {}", method->title,
                                 valueText(gradwright::metric(metric), *quality))
                   : method->title;
}

SampleAnswers SavedBaseline::answers() const {
    const auto elements = static_cast<std::size_t>(info.input.elements());
    const auto rows = outlineOf(info);
    return {info.input, rows.outputs(),
            [model = model, used = usedElements(info, elements),
             features = rows.features](std::span<const float> sample, std::span<double> out) {
                if (features == sample.size())
                    return model->answer(sample, out);
                std::vector<float> row;
                row.reserve(features);
                for (std::size_t i = 0; i < sample.size(); ++i)
                    if (used[i])
                        row.push_back(sample[i]);
                model->answer(row, out);
            }};
}

void saveBaseline(const fs::path& file, const SavedBaseline& baseline) {
    auto project = baseline.project;
    project.network = {};
    project.canvas = {};
    project.startWeights.clear();
    SafetensorsFile contents;
    contents.metadata = {{"format", kBaselineFormat},
                         {"schema", std::to_string(kBaselineSchema)},
                         {"method", baseline.method->key},
                         {"parameters", toJson(baseline.params).dump()},
                         {"seed", std::to_string(baseline.seed)},
                         {"learned", std::to_string(baseline.learned)},
                         {"project", toJson(project).dump()},
                         {"data", toJson(baseline.info).dump()}};
    if (baseline.quality) {
        contents.metadata["quality"] = fmt::format("{}", *baseline.quality);
        contents.metadata["metric"] = baseline.metric;
    }
    const auto parts = baseline.model->parts();
    for (const auto& [name, array] : parts.arrays())
        contents.tensors.emplace_back(name, array);
    writeSafetensors(file, contents);
}

SavedBaseline openBaseline(const fs::path& file) {
    auto contents = readSafetensors(file);
    try {
        auto baseline = headOf(contents.metadata);
        const auto rows = outlineOf(baseline.info);
        if (rows.features == 0 || rows.outputs() == 0)
            throw Error("its samples have {} numbers and its answers {}", rows.features,
                        rows.outputs());
        ModelParts parts;
        for (auto& [name, tensor] : contents.tensors)
            parts.put(name, std::move(tensor));
        baseline.model = baseline.method->open(parts, rows);
        return baseline;
    } catch (const Error& error) {
        throw Error("{}: {}", file.string(), error.what());
    }
}

std::vector<ListedBaseline>
listBaselines(const Project& project, const std::optional<fs::path>& file, const fs::path& lab) {
    std::vector<ListedBaseline> listed;
    auto experiments = filesIn(lab);
    std::ranges::reverse(experiments);
    for (const auto& experiment : experiments)
        for (const auto& trial : filesIn(experiment / "trials"))
            for (const auto& each : filesIn(trial))
                if (each.extension() == kBaselineEnding)
                    addListed(listed, each);
    if (file) {
        std::vector<ListedBaseline> beside;
        for (const auto& each : filesIn(file->parent_path()))
            if (each.extension() == kBaselineEnding)
                addListed(beside, each);
        for (auto& each : beside)
            if (each.baseline.project.data.dataset == project.data.dataset)
                listed.push_back(std::move(each));
    }
    return listed;
}

} // namespace gradwright
