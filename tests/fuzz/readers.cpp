// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/readers.h"

#include "engine/data/catalog.h"
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
#include "engine/exchange/onnx_edit.h"
#include "engine/exchange/onnx_import.h"
#include "engine/support/error.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace gradwright::test {
namespace {

std::string_view textOf(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A file in memory, for readers that take a path.
class MemoryFile {
public:
    explicit MemoryFile(std::span<const std::uint8_t> bytes)
        : descriptor_(memfd_create("fuzzed", MFD_CLOEXEC)) {
        const auto size = static_cast<ssize_t>(bytes.size());
        if (descriptor_ < 0 || ::write(descriptor_, bytes.data(), bytes.size()) != size)
            throw std::runtime_error("no file in memory can be had");
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    [[nodiscard]] std::filesystem::path path() const {
        return "/proc/self/fd/" + std::to_string(descriptor_);
    }

private:
    int descriptor_;
};

/// What `read` throws as an Error.
template <typename Read>
std::string refusal(Read read) {
    try {
        read();
    } catch (const Error& error) {
        const std::string message = error.what();
        return message.empty() ? "an error without a word" : message;
    }
    return {};
}

void require(bool holds, const char* what) {
    if (!holds)
        throw std::logic_error(what);
}

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

/// Opened in all ways that there are, and changed.
std::string readModel(std::span<const std::uint8_t> bytes) {
    return refusal([&] {
        const auto model = readOnnx(textOf(bytes));
        OnnxImportOptions options;
        options.constantElements = 1 << 16;
        static_cast<void>(refusal([&] { static_cast<void>(importOnnx(model, options)); }));
        options.nodes = true;
        static_cast<void>(importOnnx(model, options));
    });
}

/// A model that is changed and read again.
std::string editModel(std::span<const std::uint8_t> bytes) {
    return refusal([&] {
        const auto before = readOnnx(textOf(bytes));
        if (before.outputs.empty())
            throw Error("the model has no output");
        OnnxEdits edits;
        edits.renames = {{before.outputs.front().name, "renamed"}};
        const auto after = readOnnx(editOnnx(textOf(bytes), edits));
        require(after.nodes.size() == before.nodes.size(), "nodes are lost");
        require(after.outputs.front().name == "renamed", "the output is not renamed");
    });
}

constexpr std::array<FuzzedReader, 15> kReaders = {{{"table", readTable},
                                                    {"table-before", readTableAsBefore},
                                                    {"text", readTextFile},
                                                    {"array", readArrayFile},
                                                    {"png", readImage<decodePng>},
                                                    {"jpeg", readImage<decodeJpeg>},
                                                    {"bmp", readImage<decodeBmp>},
                                                    {"gif", readImage<decodeGif>},
                                                    {"pnm", readImage<decodePnm>},
                                                    {"idx", readIdxFile},
                                                    {"idx-labels", readIdxLabelFile},
                                                    {"class-names", readNames},
                                                    {"cifar", readCifarFile},
                                                    {"onnx", readModel},
                                                    {"onnx-edit", editModel}}};

} // namespace

std::span<const FuzzedReader> fuzzedReaders() {
    return kReaders;
}

const FuzzedReader& fuzzedReader(std::string_view name) {
    const auto found = std::ranges::find(kReaders, name, &FuzzedReader::name);
    if (found == kReaders.end())
        throw std::out_of_range("no reader is called " + std::string(name));
    return *found;
}

} // namespace gradwright::test
