// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/part_counts.h"
#include "engine/data/survey/table_survey.h"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

/// Which samples are wanted.
struct SampleFilter {
    std::optional<DataPart> part{};      ///< nothing: all of them
    std::optional<std::int32_t> label{}; ///< where samples have one class
    std::string text{}; ///< in a cell, the class or the origin, whatever the case of A to Z; empty:
                        ///< all

    bool operator==(const SampleFilter&) const = default;
};

/// What samples are sorted by: their place in the file at first.
struct SampleOrder {
    /// -1: by part and number; else a column of samples as sampleColumns() names them.
    int column = -1;
    bool isDescending = false;

    bool operator==(const SampleOrder&) const = default;
};

/// The names of what sampleCells() tells of a sample: "class" or the targets, then a table's
/// columns, or "x1", "x2" of other vectors with up to 16 numbers; "text" of texts; no more of
/// images.
std::vector<std::string> sampleColumns(const Dataset& data);

/// What a sample is, a text each, in units of the data: empty where a value is missing.
std::vector<std::string> sampleCells(const Dataset& data, const SampleId& sample);

/// What each number of a vector input is: "size", and of a category "colour: red". Empty for other
/// inputs, among them those with images.
std::vector<std::string> inputNames(const DataInfo& info);

/// The samples that a filter lets through, in order: numbers by value, texts by letters, missing
/// values last. Nothing when stopped.
std::optional<std::vector<SampleId>> selectSamples(const Dataset& data, const Split& split,
                                                   const SampleFilter& filter,
                                                   const SampleOrder& order = {},
                                                   const std::stop_token& stop = {},
                                                   const SurveyProgress& progress = {});

/// The mean of the prepared inputs of these samples, of the data's input shape; empty when stopped
/// or where there are none.
std::vector<float> meanInput(const Dataset& data, const std::vector<SampleId>& samples,
                             const std::stop_token& stop = {});

/// The source that holds a sample.
inline const DataSource& sourceOf(const Dataset& data, const SampleId& sample) {
    return sample.part == DataPart::Test ? *data.test : *data.training;
}

} // namespace gradwright
