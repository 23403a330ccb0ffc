// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/digit_reader.h"
#include "app/cli/exit_codes.h"
#include "app/cli/output.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace gradwright::cli {
namespace {

struct Options {
    std::string run;
    std::vector<std::string> images;
    bool json = false;
};

void runPredict(const Options& options, int& exitCode) {
    DigitReader reader(options.run);
    Json list = Json::array();
    for (const auto& image : options.images) {
        // One unreadable file must not hide the answers for the others.
        try {
            const auto reading = reader.read(image);
            if (options.json)
                list.push_back({{"file", image},
                                {"class", reading.className},
                                {"probability", reading.prediction.probability},
                                {"probabilities", reading.prediction.probabilities}});
            else
                printLine(fmt::format("{}: {} ({:.1f} %)", image, reading.className,
                                      100 * reading.prediction.probability));
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
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("predict", "Read digits from image files");
    command->add_option("run", options->run, "Folder of a run")->required();
    command->add_option("images", options->images, "PNG or JPEG files of any size")->required();
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runPredict(*options, exitCode); });
}

} // namespace gradwright::cli
