// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/mutation.h"
#include "tests/fuzz/readers.h"

#include <QTest>

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

using namespace gradwright::test;
namespace fs = std::filesystem;

constexpr int kMutations = 10'000; ///< of each reader's seeds together

const FuzzedReader& fuzzedReader(std::string_view name) {
    const auto data = fuzzedDataReaders();
    const bool isOfData = std::ranges::find(data, name, &FuzzedReader::name) != data.end();
    return readerNamed(isOfData ? data : fuzzedModelReaders(), name);
}

std::vector<std::vector<std::uint8_t>> seedsOf(std::string_view reader) {
    const auto folder = fs::path(GRADWRIGHT_SOURCE_DIR) / "tests/fuzz/seeds" / reader;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder))
        files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<std::vector<std::uint8_t>> seeds;
    for (const auto& file : files) {
        std::ifstream stream(file, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>());
    }
    return seeds;
}

/// KiB that the process had at most.
long peakMemory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

} // namespace

/// Damaged and hostile files: each is refused with a message, or read.
class TestReaderMutations : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void seedsAreRead_data() {
        QTest::addColumn<QString>("name");
        for (const auto readers : {fuzzedDataReaders(), fuzzedModelReaders()})
            for (const auto& reader : readers) {
                const auto name =
                    QString::fromUtf8(reader.name.data(), qsizetype(reader.name.size()));
                QTest::newRow(qPrintable(name)) << name;
            }
    }
    void seedsAreRead() {
        QFETCH(const QString, name);
        const auto seeds = seedsOf(name.toStdString());
        QVERIFY(seeds.size() > 1);
        for (const auto& seed : seeds) {
            const auto refusal = fuzzedReader(name.toStdString()).read(seed);
            if (refusal.find("not installed") != std::string::npos)
                QSKIP(refusal.c_str());
            QVERIFY2(refusal.empty(), refusal.c_str());
        }
    }

    void mutationsAreRefusedOrRead_data() { seedsAreRead_data(); }
    void mutationsAreRefusedOrRead() {
        QFETCH(const QString, name);
        const auto& reader = fuzzedReader(name.toStdString());
        const auto seeds = seedsOf(reader.name);
        std::mt19937_64 random(2026);
        int refused = 0;
        for (int i = 0; i < kMutations; ++i) {
            const auto& seed = seeds[static_cast<std::size_t>(i) % seeds.size()];
            refused += reader.read(mutated(seed, random)).empty() ? 0 : 1;
        }
        QVERIFY2(refused > kMutations / 100, "hardly anything was damaged");
        // The largest picture that can be read has 100 million pixels of three bytes.
#ifndef GRADWRIGHT_SANITIZED
        QVERIFY2(peakMemory() < 1'000'000, std::to_string(peakMemory()).c_str());
#endif
    }
};

QTEST_APPLESS_MAIN(TestReaderMutations)
#include "tst_reader_mutations.moc"
