// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/mpirun.h"

#include "engine/support/error.h"
#include "engine/support/resources.h"

#include <unistd.h>

#include <cstdlib>
#include <regex>
#include <sstream>
#include <string_view>
#include <system_error>

namespace gradwright {
namespace {

constexpr const char* kRankName = "gradwright-cli";
constexpr const char* kNoMpirun =
    "Several processes need Open MPI's mpirun, which is not installed: apt install openmpi-bin.";

std::vector<std::string> linesOf(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        if (line.find_first_not_of(" -\t\r") != std::string::npos) // mpirun draws lines
            lines.push_back(line);
    return lines;
}

} // namespace

std::optional<std::filesystem::path> findMpirun() {
    const char* places = std::getenv("PATH");
    std::istringstream stream(places ? places : "");
    for (std::string place; std::getline(stream, place, ':');) {
        const auto file = std::filesystem::path(place) / "mpirun";
        std::error_code none;
        if (file.is_absolute() && std::filesystem::is_regular_file(file, none) &&
            ::access(file.c_str(), X_OK) == 0)
            return file;
    }
    return {};
}

std::string whyNoProcesses() {
    return findMpirun() ? std::string() : kNoMpirun;
}

RanksProgram installedRanks() {
    const auto mpirun = findMpirun();
    if (!mpirun)
        throw Error("{}", kNoMpirun);
    const auto program = programFolder() / kRankName;
    if (std::error_code none; !std::filesystem::exists(program, none))
        throw Error("The program {}, which several processes run, is missing: it is not {}; "
                    "reinstall Gradwright.",
                    kRankName, program.string());
    return {*mpirun, program};
}

std::vector<std::string> ranksCommand(const RanksProgram& program, int count) {
    std::vector<std::string> words{program.mpirun.string(),
                                   "-n",
                                   std::to_string(count),
                                   "--map-by",
                                   ":OVERSUBSCRIBE",
                                   "--bind-to",
                                   "none"};
    if (::geteuid() == 0)
        words.emplace_back("--allow-run-as-root");
    words.push_back(program.program.string());
    words.insert(words.end(), program.arguments.begin(), program.arguments.end());
    return words;
}

std::optional<std::string> endOfRank(const std::string& output) {
    // Broken into lines at different words from version to version.
    static const std::regex kSpace("\\s+");
    static const std::regex kEnded(
        "process rank ([0-9]+) .{0,400}?exited on signal ([0-9]+)( \\([A-Za-z ]+\\))?");
    const auto text = std::regex_replace(output, kSpace, " ");
    std::smatch found;
    if (!std::regex_search(text, found, kEnded))
        return {};
    return fmt::format("Rank {} was ended by signal {}{}.", found[1].str(), found[2].str(),
                       found[3].str());
}

std::string complaintOf(const std::string& output) {
    constexpr std::string_view kName = "gradwright-cli: ";
    constexpr std::size_t kMostLines = 3;
    const auto lines = linesOf(output);
    for (const auto& line : lines)
        if (line.starts_with(kName))
            return line.substr(kName.size());
    std::string last;
    for (std::size_t i = lines.size() > kMostLines ? lines.size() - kMostLines : 0;
         i < lines.size(); ++i)
        last += (last.empty() ? "" : " ") + lines[i];
    return last;
}

} // namespace gradwright
