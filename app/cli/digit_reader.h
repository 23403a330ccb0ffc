// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/inference/predictor.h"

#include <filesystem>
#include <memory>
#include <string>

namespace gradwright::cli {

/// A run opened for reading images.
class DigitReader {
public:
    /// Throws Error when the folder is no run or its weights cannot be read.
    explicit DigitReader(const std::filesystem::path& run);

    struct Reading {
        Prediction prediction;
        std::string className;
    };
    /// Prepares the image as the run's data were and classifies it. Throws Error naming the file.
    Reading read(const std::filesystem::path& image);

private:
    DataInfo info_;
    std::unique_ptr<Predictor> predictor_;
};

} // namespace gradwright::cli
