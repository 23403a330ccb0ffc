// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/safetensors.h"
#include "tests/engine/io/io_test.h"

#include <QTest>

#include <cstring>
#include <fstream>
#include <random>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Tensor randomTensor(DType dtype, Shape shape, unsigned seed) {
    Tensor tensor(dtype, std::move(shape));
    std::mt19937 random(seed);
    for (auto& byte : tensor.bytes())
        byte = static_cast<std::byte>(random());
    return tensor;
}

constexpr std::array kAllTypes = {DType::F32, DType::F64, DType::BF16, DType::F16,
                                  DType::I64, DType::I32, DType::I8,   DType::U8};

SafetensorsFile example() {
    SafetensorsFile file;
    file.metadata = {{"step", "120"}, {"note", "line\nbreak, \"quotes\", é"}};
    unsigned seed = 1;
    for (const auto dtype : kAllTypes) {
        file.tensors.emplace_back(fmt::format("net/{}", nameOf(dtype)),
                                  randomTensor(dtype, {3, 1, 5}, seed++));
        file.tensors.emplace_back(fmt::format("odd {}", nameOf(dtype)),
                                  randomTensor(dtype, {7}, seed++));
    }
    file.tensors.emplace_back("scalar", Tensor::of<float>(Shape(), std::array{2.5F}));
    file.tensors.emplace_back("empty", Tensor(DType::F32, {4, 0, 2}));
    return file;
}

/// The elements as raw integers of their width.
template <class T>
std::vector<T> rawOf(const Tensor& tensor) {
    std::vector<T> values(tensor.bytes().size() / sizeof(T));
    std::memcpy(values.data(), tensor.bytes().data(), tensor.bytes().size());
    return values;
}

std::string headerOf(const std::string& file) {
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), sizeof length);
    return file.substr(8, length);
}

/// Removes an older file first: ext4 flushes one that is truncated and written anew.
void put(const std::filesystem::path& path, const std::string& bytes) {
    std::filesystem::remove(path);
    std::ofstream(path, std::ios::binary) << bytes;
}

} // namespace

class SafetensorsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void roundTrip() {
        const Folder folder;
        const auto file = example();
        writeSafetensors(folder / "a", file);
        const auto read = readSafetensors(folder / "a");
        QCOMPARE(read.metadata, file.metadata);
        QCOMPARE(read.tensors.size(), file.tensors.size());
        for (const auto& [name, tensor] : file.tensors) {
            const auto* found = read.find(name);
            QVERIFY2(found != nullptr, name.c_str());
            QVERIFY2(*found == tensor, name.c_str());
        }
        QVERIFY(read.find("none") == nullptr);
    }

    void equalContentsGiveEqualBytes() {
        const Folder folder;
        auto file = example();
        writeSafetensors(folder / "a", file);
        std::ranges::reverse(file.tensors);
        writeSafetensors(folder / "b", file);
        writeSafetensors(folder / "c", readSafetensors(folder / "a"));
        const auto bytes = readTextFile(folder / "a");
        QVERIFY(readTextFile(folder / "b") == bytes);
        QVERIFY(readTextFile(folder / "c") == bytes);
        file.tensors.back().second.bytes()[0] ^= std::byte{1};
        writeSafetensors(folder / "b", file);
        QVERIFY(readTextFile(folder / "b") != bytes);
    }

    /// Readers map the file into memory, so every tensor starts at a multiple of its element size.
    void layoutIsAligned() {
        const Folder folder;
        writeSafetensors(folder / "a", example());
        const auto header = headerOf(readTextFile(folder / "a"));
        QCOMPARE(header.size() % 8, 0U);
        QVERIFY(header.starts_with("{\"__metadata__\":{\"header_crc32\":\""));
        const auto read = readSafetensors(folder / "a");
        std::size_t offset = 0;
        for (const auto& [name, tensor] : read.tensors) {
            QCOMPARE(offset % sizeOf(tensor.dtype()), 0U);
            offset += tensor.bytes().size();
        }
    }

    void emptyFile() {
        const Folder folder;
        writeSafetensors(folder / "a", {});
        const auto read = readSafetensors(folder / "a");
        QVERIFY(read.tensors.empty());
        QVERIFY(read.metadata.empty());
    }

    /// data/golden.safetensors was written by data/make_golden.py with the reference
    /// implementation.
    void readsTheReferenceImplementationsFile() {
        const auto file =
            readSafetensors(GRADWRIGHT_SOURCE_DIR "/tests/engine/io/data/golden.safetensors");
        QCOMPARE(file.metadata, (std::map<std::string, std::string>{
                                    {"format", "pt"}, {"note", "quotes \" and ünicode"}}));
        QCOMPARE(file.tensors.size(), 11U);
        const auto is = [&]<class T>(const char* name, Shape shape, std::vector<T> values) {
            const auto* tensor = file.find(name);
            return tensor != nullptr && *tensor == Tensor::of<T>(std::move(shape), values);
        };
        QVERIFY(is("f64", {2, 2}, std::vector{1.5, -2.25, 1e300, 0.0}));
        QVERIFY(is("f32", {3}, std::vector{1.0F, -0.5F, 3.25F}));
        QVERIFY(is("i64", {2}, std::vector<std::int64_t>{std::int64_t{1} << 40, -1}));
        QVERIFY(is("i32", {2, 1}, std::vector<std::int32_t>{7, -8}));
        QVERIFY(is("i8", {3}, std::vector<std::int8_t>{-128, 127, 0}));
        QVERIFY(is("u8", {2}, std::vector<std::uint8_t>{255, 1}));
        QVERIFY(is("scalar", Shape(), std::vector{42.0F}));
        QVERIFY(is("empty", {0, 3}, std::vector<float>{}));
        QVERIFY(is("stage2/1/conv1/weight é", {2, 1, 2, 2},
                   std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7}));
        QCOMPARE(file.find("f16")->dtype(), DType::F16);
        QCOMPARE(rawOf<std::uint16_t>(*file.find("f16")),
                 (std::vector<std::uint16_t>{0x3c00, 0xc000}));
        QCOMPARE(file.find("bf16")->dtype(), DType::BF16);
        QCOMPARE(rawOf<std::uint16_t>(*file.find("bf16")),
                 (std::vector<std::uint16_t>{0x3f80, 0xc000, 0x3f00}));
    }

    void writerRefusesWhatReadersWould() {
        const Folder folder;
        const Tensor tensor(DType::F32, {1});
        SafetensorsFile twice;
        twice.tensors = {{"w", tensor}, {"b", tensor}, {"w", tensor}};
        VERIFY_ERROR("two tensors are named \"w\"", writeSafetensors(folder / "a", twice));
        SafetensorsFile reserved;
        reserved.tensors = {{"__metadata__", tensor}};
        VERIFY_ERROR("cannot be named __metadata__", writeSafetensors(folder / "a", reserved));
        SafetensorsFile latin;
        latin.tensors = {{"caf\xe9", tensor}};
        VERIFY_ERROR("not valid UTF-8", writeSafetensors(folder / "a", latin));
        SafetensorsFile latinText;
        latinText.metadata = {{"note", "caf\xe9"}};
        VERIFY_ERROR("not valid UTF-8", writeSafetensors(folder / "a", latinText));
        QVERIFY(folder.names().empty());
    }

    /// Metadata that imitates the checksum's place must not confuse it.
    void textThatLooksLikeAChecksum() {
        const Folder folder;
        SafetensorsFile file;
        file.metadata = {{"a", R"("header_crc32":"00000000")"}, {"z", R"(header_crc32":")"}};
        file.tensors = {{"header_crc32", Tensor(DType::F32, {1})}};
        writeSafetensors(folder / "a", file);
        QCOMPARE(readSafetensors(folder / "a").metadata, file.metadata);
    }

    void everyDamagedByteIsNoticed() {
        const Folder folder;
        writeSafetensors(folder / "a", example());
        const auto good = readTextFile(folder / "a");
        const auto original = readSafetensors(folder / "a");
        std::mt19937 random(11);
        for (int mutation = 0; mutation < 2000; ++mutation) {
            auto bad = good;
            const auto place = random() % bad.size();
            bad[place] = static_cast<char>(bad[place] ^ static_cast<char>(1 + random() % 255));
            put(folder / "b", bad);
            try {
                // Only a name of a checksum may change unnoticed; it protects nothing else then.
                const auto read = readSafetensors(folder / "b");
                QVERIFY2(read.tensors == original.tensors, std::to_string(place).c_str());
            } catch (const Error& error) {
                QVERIFY(std::string(error.what()).starts_with((folder / "b").string()));
            }
        }
    }

    void everyTruncationIsNoticed() {
        const Folder folder;
        SafetensorsFile file;
        file.tensors = {{"w", randomTensor(DType::F32, {9}, 3)}};
        writeSafetensors(folder / "a", file);
        const auto good = readTextFile(folder / "a");
        for (std::size_t size = 0; size < good.size(); ++size) {
            put(folder / "b", good.substr(0, size));
            QVERIFY2(errorOf([&] { readSafetensors(folder / "b"); }) != "no error",
                     std::to_string(size).c_str());
        }
    }

    void survivesKillWhileWriting() {
        const Folder folder;
        std::mt19937 random(5);
        for (int round = 0; round < 20; ++round) {
            Child child([&](auto answer) {
                for (unsigned version = 0;; ++version) {
                    SafetensorsFile file;
                    file.metadata = {{"version", std::to_string(version)}};
                    for (unsigned i = 0; i < 20; ++i)
                        file.tensors.emplace_back(fmt::format("w{}", i),
                                                  randomTensor(DType::F32, {1000}, version + i));
                    writeSafetensors(folder / "a", file);
                    if (version == 0)
                        answer("ready");
                }
            });
            QCOMPARE(child.receive(), "ready");
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 10'000));
            child.kill();
            const auto file = readSafetensors(folder / "a");
            const auto version = static_cast<unsigned>(std::stoul(file.metadata.at("version")));
            QVERIFY(*file.find("w7") == randomTensor(DType::F32, {1000}, version + 7));
        }
    }
};

QTEST_APPLESS_MAIN(SafetensorsTest)
#include "tst_safetensors.moc"
