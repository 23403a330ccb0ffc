// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/model/model_file.h"
#include "engine/quantization/quantizable_run.h"
#include "ui/session/trained_model.h"

#include <filesystem>
#include <string>

namespace gradwright {

/// Whether a file holds a network that only answers: an optimized one (.gwmodel) or one in integers
/// that `gradwright-cli quantize` wrote.
bool isAnsweringFile(const std::filesystem::path& file);

/// What such a file holds.
struct AnsweringFile {
    TrainedModel model;
    Project project; ///< whose network it was, as it was trained
    std::string run; ///< whose weights it has; empty: those of before training
};

/// Opens such a file to answer with. Where its data set is not here, or has changed since, it
/// answers without samples to test with (TrainedModel::noSamples). Slow: call it on a background
/// thread. Throws Error naming the file and what is wrong, and, of a network that takes and gives
/// arrays, what to do with it.
AnsweringFile openAnsweringFile(const std::filesystem::path& file);

/// A run's network in integers, which no file has yet. `of` is what the run is called.
TrainedModel modelInIntegers(const QuantizableRun& run, const InferenceModel& quantized,
                             const std::string& of, const std::string& key);

} // namespace gradwright
