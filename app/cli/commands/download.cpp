// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "engine/data/download/known_sets.h"
#include "engine/project/runs.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace gradwright::cli {
namespace {

struct DownloadOptions {
    std::string key;
    std::string folder;
    std::string list; ///< a file of other known sets
    bool json = false;
};

/// One line that moves on a terminal, else a line for each thing that is begun.
class FetchLine {
public:
    void show(const FetchState& state) {
        const auto now = std::chrono::steady_clock::now();
        const bool isNew = state.what != last_;
        constexpr std::chrono::milliseconds kPace(200);
        if (!isNew && (!isTerminal_ || now - shown_ < kPace))
            return;
        if (isNew && isTerminal_ && !last_.empty())
            fmt::print(stderr, "\n");
        last_ = state.what;
        shown_ = now;
        auto line = state.what;
        if (state.done > 0)
            line += fmt::format(": {}{}", bytesText(state.done),
                                state.all > 0 ? " of " + bytesText(state.all) : "");
        if (isTerminal_)
            fmt::print(stderr, "\r{}\x1b[K", line);
        else
            fmt::print(stderr, "{}\n", state.what);
        std::fflush(stderr);
    }
    void end() const {
        if (isTerminal_ && !last_.empty())
            fmt::print(stderr, "\n");
    }

private:
    bool isTerminal_ = isatty(STDERR_FILENO) != 0;
    std::string last_;
    std::chrono::steady_clock::time_point shown_;
};

void listSets(const std::vector<KnownSet>& sets, bool asJson) {
    Json list = Json::array();
    for (const auto& set : sets) {
        if (asJson)
            list.push_back({{"key", set.key},
                            {"title", set.title},
                            {"about", set.about},
                            {"licence", set.licence},
                            {"addresses", set.addresses}});
        else
            printLine(fmt::format("{}  {}", padded(set.key, 16), set.about));
    }
    if (asJson)
        printJson(list);
}

/// As `train --set` takes it.
std::string settingOf(const std::string& key, const ParamValue& value) {
    const auto* const text = std::get_if<std::string>(&value);
    return fmt::format("--set 'data.{}={}'", key, text ? *text : "true");
}

void runDownload(const DownloadOptions& options, int& exitCode) {
    const Interrupt interrupt;
    const auto sets = options.list.empty() ? knownSets() : knownSetsFrom(options.list);
    if (options.key.empty())
        return listSets(sets, options.json);
    const auto& set = knownSet(sets, options.key);
    const auto folder = options.folder.empty() ? userDataFolder() / "datasets" / set.key
                                               : std::filesystem::path(options.folder);
    FetchLine line;
    const auto choice = fetchKnownSet(
        set, folder, [&](const FetchState& state) { line.show(state); }, interrupt.token());
    line.end();
    if (!choice) {
        fmt::print(stderr,
                   "Stopped; what has arrived is kept in {}, and the same command "
                   "continues there.\n",
                   folder.string());
        exitCode = kFailed;
        return;
    }
    if (options.json) {
        Json params;
        for (const auto& [key, value] : choice->params)
            params[key] = std::holds_alternative<std::string>(value)
                              ? Json(std::get<std::string>(value))
                              : Json(true);
        return printJson({{"key", set.key},
                          {"folder", folder.string()},
                          {"dataset", choice->dataset},
                          {"params", std::move(params)}});
    }
    std::string settings = "--data " + choice->dataset;
    for (const auto& [key, value] : choice->params)
        settings += " " + settingOf(key, value);
    printLine(fmt::format("{} is in {}. To train on it: gradwright-cli train PROJECT --fit {}",
                          set.title, folder.string(), settings));
}

} // namespace

void addDownloadCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<DownloadOptions>();
    auto* command =
        app.add_subcommand("download", "Download a known data set, or list those that are known");
    command->add_option("set", options->key, "Key of the set; without one, all are listed");
    command->add_option("--folder", options->folder,
                        "Where the files go; by default a folder among the user's data");
    command->add_option("--list", options->list,
                        "A file of addresses and MD5 sums in place of the program's own");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runDownload(*options, exitCode); });
}

} // namespace gradwright::cli
