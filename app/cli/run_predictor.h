// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/inference/predictor.h"
#include "engine/inference/text_writer.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright::cli {

/// A run, an optimized model, a quantized network or a fitted classical method, opened for reading
/// images or tables.
class RunPredictor {
public:
    /// Throws Error when the path is none of these, or its weights or the file cannot be read.
    explicit RunPredictor(const std::filesystem::path& path);

    struct Reading {
        Prediction prediction;
        std::string className;      ///< empty where the network predicts values
        std::vector<double> values; ///< predictions in the target's units; empty for classes
    };
    /// Prepares the image as the run's data were and classifies it. Throws Error naming the file.
    Reading read(const std::filesystem::path& image);
    /// The same for each row of a table, whose columns are found by name.
    std::vector<Reading> readTable(const std::filesystem::path& table);

    /// Continues a text; only for a network that was trained on one.
    std::string continueText(std::string_view prompt, const TextWish& wish);

    [[nodiscard]] const DataInfo& data() const { return info_; }

private:
    void openFitted(const std::filesystem::path& path);
    void openRun(const std::filesystem::path& path);
    void openModelFile(const std::filesystem::path& path);
    Reading readingOf(const Tensor& input);

    DataInfo info_;
    std::unique_ptr<Predictor> predictor_;
};

} // namespace gradwright::cli
