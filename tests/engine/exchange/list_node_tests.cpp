// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs the node tests of a folder through the importer and lists what became of each:
// "name<TAB>equal|different|refused<TAB>inputs fixed<TAB>reason", then the counts.
#include "tests/engine/exchange/node_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

using namespace gradwright::test;

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: onnx-node-tests FOLDER\n");
        return 2;
    }
    std::vector<std::filesystem::path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
        folders.push_back(entry.path());
    std::ranges::sort(folders);
    constexpr std::array states = {"equal", "different", "refused"};
    constexpr std::array fixed = {"none", "whole numbers", "all but the first"};
    std::array<std::size_t, 3> counts{};
    std::size_t unfixed = 0;
    for (const auto& folder : folders) {
        const auto result = runNodeTest(folder);
        const auto state = static_cast<std::size_t>(result.state);
        ++counts[state];
        unfixed += result.state == NodeTestResult::State::Equal &&
                           result.fixed == NodeTestResult::Fixed::Nothing
                       ? 1
                       : 0;
        auto reason = result.reason;
        std::ranges::replace(reason, '\n', ' ');
        fmt::print("{}\t{}\t{}\t{}\n", folder.filename().string(), states[state],
                   fixed[static_cast<std::size_t>(result.fixed)], reason);
        std::fflush(stdout);
    }
    fmt::print("{} of {} equal ({} with all inputs fed), {} different, {} refused\n", counts[0],
               folders.size(), unfixed, counts[1], counts[2]);
    return 0;
}
