// SPDX-License-Identifier: GPL-3.0-or-later
//
// Opens a table, or a folder of images by class, as a data set and splits it, and prints seconds
// and peak memory as JSON:
//   bench_tables FILE
#include "engine/data/catalog.h"
#include "engine/support/error.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>

int main(int argc, char** argv) {
    using namespace gradwright;
    if (argc != 2) {
        fmt::print(stderr, "usage: bench_tables FILE\n");
        return 2;
    }
    try {
        const bool isFolder = std::filesystem::is_directory(argv[1]);
        DataChoice choice{.dataset = isFolder ? "images" : "csv"};
        choice.params[isFolder ? "folder" : "file"] = std::string(argv[1]);
        const auto begin = std::chrono::steady_clock::now();
        const auto data = openDataset(choice);
        const auto split = splitOf(data, choice);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        fmt::print("{{\"seconds\": {:.4f}, \"peak_kib\": {}, \"rows\": {}, \"training\": {}, "
                   "\"validation\": {}, \"test\": {}}}\n",
                   seconds.count(), usage.ru_maxrss, data.training->size() + data.test->size(),
                   split.training.size(), split.validation.size(), data.test->size());
        return 0;
    } catch (const Error& error) {
        fmt::print(stderr, "bench_tables: {}\n", error.what());
        return 1;
    }
}
