// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/output.h"
#include "app/cli/run_predictor.h"
#include "engine/data/images/picture_sample.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace gradwright::cli {
namespace {

struct PredictOptions {
    std::string run;
    std::vector<std::string> files;
    std::string text;
    TextWish wish;
    bool json = false;
};

Json readingJson(const RunPredictor::Reading& reading, const RunPredictor& reader,
                 const std::string& file) {
    Json json = {{"file", file}};
    const auto& names = reader.data().targetNames;
    for (std::size_t i = 0; i < reading.values.size(); ++i)
        json["values"][i < names.size() ? names[i] : std::to_string(i + 1)] = reading.values[i];
    if (reading.values.empty()) {
        json["class"] = reading.className;
        json["probability"] = reading.prediction.probability;
        json["probabilities"] = reading.prediction.probabilities;
    }
    return json;
}

std::string toText(const RunPredictor::Reading& reading, const RunPredictor& reader) {
    if (reading.values.empty())
        return fmt::format("{} ({:.1f} %)", reading.className,
                           100 * reading.prediction.probability);
    std::string text;
    const auto& names = reader.data().targetNames;
    for (std::size_t i = 0; i < reading.values.size(); ++i)
        text += fmt::format("{}{}{:.4g}", i > 0 ? ", " : "", i < names.size() ? names[i] + " " : "",
                            reading.values[i]);
    return text;
}

void readFile(RunPredictor& reader, const std::string& file, bool asJson, Json& list) {
    const auto& data = reader.data();
    // A table of one column of images is as good as the images themselves.
    const bool isImage = data.preparation.pictures != PictureKind::None && hasPictureEnding(file);
    if (data.columns.empty() || isImage) {
        const auto reading = reader.read(file);
        if (asJson)
            list.push_back(readingJson(reading, reader, file));
        else
            printLine(fmt::format("{}: {}", file, toText(reading, reader)));
        return;
    }
    std::size_t row = 0;
    for (const auto& reading : reader.readTable(file)) {
        ++row;
        if (asJson) {
            list.push_back(readingJson(reading, reader, file));
            list.back()["row"] = row;
        } else {
            printLine(fmt::format("{}, row {}: {}", file, row, toText(reading, reader)));
        }
    }
}

void runPredict(const PredictOptions& options, int& exitCode) {
    if (options.files.empty() == options.text.empty())
        throw UsageError("predict takes files, or --text");
    RunPredictor reader(options.run);
    if (!options.text.empty()) {
        const auto text = reader.continueText(options.text, options.wish);
        if (options.json)
            printJson({{"prompt", options.text}, {"text", text}});
        else
            printLine(text);
        return;
    }
    Json list = Json::array();
    for (const auto& file : options.files) {
        // One unreadable file must not hide the answers for the others.
        try {
            readFile(reader, file, options.json, list);
        } catch (const Error& error) {
            fmt::print(stderr, "gradwright-cli: {}\n", error.what());
            exitCode = kFailed;
        }
    }
    if (options.json)
        printJson(list);
}

} // namespace

void addPredictCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<PredictOptions>();
    auto* command = app.add_subcommand(
        "predict", "Predict from image files or the rows of tables, on the processor whatever "
                   "trained the run");
    command
        ->add_option("run", options->run,
                     "Folder of a run, an optimized model or a quantized network")
        ->required();
    command->add_option("files", options->files,
                        "Images of any size (PNG, JPEG, BMP, GIF, PNM, WebP, TIFF); for table "
                        "networks, CSV files, whose names "
                        "of images are relative to their folders");
    command->add_option("--text", options->text, "For text networks: the text to continue");
    command->add_option("--length", options->wish.characters, "Characters to add")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
    command
        ->add_option("--temperature", options->wish.temperature,
                     "Below 1 sticks to likely characters, above 1 varies more")
        ->check(CLI::Range(0.0, 100.0));
    command->add_option("--seed", options->wish.seed, "Seed of the random choice of characters");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runPredict(*options, exitCode); });
}

} // namespace gradwright::cli
