// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/data_info_json.h"
#include "engine/data/download/archive.h"
#include "engine/data/images/array_file.h"
#include "engine/data/images/cifar.h"
#include "engine/data/images/idx_set.h"
#include "engine/data/images/image_codecs.h"
#include "engine/data/images/picture.h"
#include "engine/data/tables/table.h"
#include "engine/data/tables/table_profile.h"
#include "engine/data/text/text_corpus.h"
#include "engine/data/text/text_encoding.h"
#include "engine/data/text/utf8.h"
#include "engine/support/json.h"
#include "tests/fuzz/readers.h"
#include "tests/fuzz/reading.h"

#include <array>
#include <cstdlib>
#include <vector>

namespace gradwright::test {
namespace {

/// Each part of a data set gives samples of its shape.
void requireSamples(const Dataset& data) {
    std::vector<float> sample(static_cast<std::size_t>(data.info.input.elements()));
    for (const auto& part : {data.training, data.test}) {
        require(part->size() > 0, "an empty part");
        for (const std::int64_t index : {std::int64_t{0}, part->size() - 1})
            part->input(index, sample);
    }
}

std::string readTable(std::span<const std::uint8_t> bytes) {
    return refusal([&] {
        const auto table = parseCsv(textOf(bytes), "table");
        require(table.cells.size() == table.rows() * table.columns(), "cells are missing");
        const auto profile = profileOf(table);
        require(profile.columns.size() == table.columns(), "columns are missing");
        static_cast<void>(parseCsv(textOf(bytes), "table", {.like = table.reading}));
        static_cast<void>(parseCsv(textOf(bytes), "table", {.splitsDates = true}));
        requireSamples(tableDataset(table, nullptr, {}, {.dataset = "csv"}));
    });
}

std::string readTableAsBefore(std::span<const std::uint8_t> bytes) {
    return refusal([&] {
        const auto table = parseCsv(textOf(bytes), "table", {.asBefore = true});
        requireSamples(tableDataset(table, nullptr, {}, {.dataset = "csv"}));
    });
}

std::string readTextFile(std::span<const std::uint8_t> bytes) {
    // Whatever was recognised is a text afterwards.
    EncodingEvidence evidence;
    evidence.add(textOf(bytes));
    if (evidence.encoding())
        require(!faultIn(inUtf8(std::string(textOf(bytes)))), "a text that is no UTF-8");
    return refusal(
        [&] { requireSamples(textDataset(std::string(textOf(bytes)), "text", {.steps = 4})); });
}

template <auto Decode>
std::string readImage(std::span<const std::uint8_t> bytes) {
    std::string last;
    for (const std::int64_t channels : {1, 3})
        last = refusal([&] {
            const auto picture = Decode(bytes, "image", {.channels = channels, .side = 4});
            require(picture.channels == channels, "other channels than were asked for");
            require(static_cast<std::int64_t>(picture.bytes.size()) ==
                        picture.width * picture.height * picture.channels,
                    "a picture of another size");
        });
    return last;
}

std::string readIdxFile(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    return refusal([&] {
        const auto [images, notes] = readIdxImages(file.path(), true);
        for (const std::int64_t index : {std::int64_t{0}, images.dims().front() - 1})
            if (images.dims().front() > 0)
                require(!images.image(index).empty(), "an empty image");
    });
}

std::string readIdxLabelFile(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    return refusal([&] { static_cast<void>(readIdxLabels(file.path())); });
}

/// A file of one array, or of several.
std::string readArrayFile(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    const auto check = [&](const std::string& name) {
        const auto numbers = readArray(file.path(), name);
        std::size_t total = 1;
        for (const auto dim : numbers.dims)
            total *= static_cast<std::size_t>(dim);
        require(numbers.values.size() + numbers.bytes.size() == total, "other dimensions");
    };
    return refusal([&] {
        if (!textOf(bytes).starts_with("PK"))
            return check({});
        for (const auto& name : arraysIn(file.path()))
            check(name);
    });
}

std::string readNames(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    return refusal([&] { static_cast<void>(readClassNames(file.path())); });
}

std::string readCifarFile(std::span<const std::uint8_t> bytes) {
    const MemoryFile file(bytes);
    return refusal([&] { static_cast<void>(readCifar({file.path()}, {})); });
}

/// Two files out of an archive, into a folder that is removed with them.
std::string readArchive(std::span<const std::uint8_t> bytes) {
    namespace fs = std::filesystem;
    const MemoryFile file(bytes);
    const auto folder = fs::temp_directory_path() / ("fuzzed-" + std::to_string(::getpid()));
    fs::create_directory(folder);
    const auto message = refusal([&] {
        takeFromArchive(file.path(), {"one.txt", "two.txt"}, folder);
    });
    for (const auto& entry : fs::directory_iterator(folder))
        require(entry.path().extension() == ".txt", "a part of a file is left");
    fs::remove_all(folder);
    return message;
}

/// What a run.json holds of its data, written and read again.
std::string readDataInfo(std::span<const std::uint8_t> bytes) {
    return refusal([&] {
        const auto json = toJson(dataInfoFromJson(parseJson(textOf(bytes), "run.json")));
        require(toJson(dataInfoFromJson(json)).dump() == json.dump(),
                "other data than were written");
    });
}

constexpr std::array kDataReaders = {FuzzedReader{"table", readTable},
                                     FuzzedReader{"table-before", readTableAsBefore},
                                     FuzzedReader{"text", readTextFile},
                                     FuzzedReader{"array", readArrayFile},
                                     FuzzedReader{"png", readImage<decodePng>},
                                     FuzzedReader{"jpeg", readImage<decodeJpeg>},
                                     FuzzedReader{"webp", readImage<decodeWebP>},
                                     FuzzedReader{"tiff", readImage<decodeTiff>},
                                     FuzzedReader{"bmp", readImage<decodeBmp>},
                                     FuzzedReader{"gif", readImage<decodeGif>},
                                     FuzzedReader{"pnm", readImage<decodePnm>},
                                     FuzzedReader{"idx", readIdxFile},
                                     FuzzedReader{"idx-labels", readIdxLabelFile},
                                     FuzzedReader{"class-names", readNames},
                                     FuzzedReader{"cifar", readCifarFile},
                                     FuzzedReader{"archive", readArchive},
                                     FuzzedReader{"data-info", readDataInfo}};

} // namespace

std::span<const FuzzedReader> fuzzedDataReaders() {
    return kDataReaders;
}

} // namespace gradwright::test
