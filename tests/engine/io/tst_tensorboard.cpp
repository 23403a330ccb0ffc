// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/crc32c.h"
#include "engine/io/tensorboard.h"
#include "tests/engine/io/io_test.h"

#include <QTest>

#include <cmath>
#include <cstring>
#include <event.pb.h>
#include <limits>

using namespace gradwright;
using namespace gradwright::test;

namespace {

const TensorBoardWriter::Time kTime{std::chrono::milliseconds(1'769'868'125'500)};

template <class T>
T numberAt(const std::string& text, std::size_t place) {
    T number{};
    std::memcpy(&number, text.data() + place, sizeof number);
    return number;
}

std::uint32_t unmasked(std::uint32_t masked) {
    const auto rotated = masked - 0xa282ead8U;
    return (rotated >> 17) | (rotated << 15);
}

/// Reads the records back, checking both checksums of each.
std::vector<tensorboard::Event> eventsOf(const std::filesystem::path& path) {
    const auto text = readTextFile(path);
    std::vector<tensorboard::Event> events;
    for (std::size_t place = 0; place < text.size();) {
        const auto length = numberAt<std::uint64_t>(text, place);
        const auto event = text.substr(place + 12, length);
        if (unmasked(numberAt<std::uint32_t>(text, place + 8)) != crc32c(text.substr(place, 8)) ||
            unmasked(numberAt<std::uint32_t>(text, place + 12 + length)) != crc32c(event) ||
            !events.emplace_back().ParseFromString(event))
            throw Error("broken record at byte {}", place);
        place += 16 + length;
    }
    return events;
}

} // namespace

class TensorBoardTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// RFC 3720, appendix B.4, and the usual check value.
    void crcKnownAnswers() {
        QCOMPARE(crc32c(""), 0U);
        QCOMPARE(crc32c("123456789"), 0xe3069283U);
        QCOMPARE(crc32c(std::string(32, '\0')), 0x8a9136aaU);
        QCOMPARE(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
        std::string rising;
        for (char c = 0; c < 32; ++c)
            rising += c;
        QCOMPARE(crc32c(rising), 0x46dd794eU);
        std::ranges::reverse(rising);
        QCOMPARE(crc32c(rising), 0x113fdb5cU);
    }

    void scalars() {
        const Folder folder;
        TensorBoardWriter writer(folder.path(), kTime);
        const auto name = writer.path().filename().string();
        QVERIFY2(name.starts_with("events.out.tfevents.1769868125."), name.c_str());
        QVERIFY2(name.size() > std::string_view("events.out.tfevents.1769868125.").size(),
                 name.c_str());
        writer.scalar("loss/train", 0, 2.5, kTime + std::chrono::seconds(1));
        writer.scalar("loss/train", 10'000'000'000, 0.0, kTime);
        writer.scalar("accuracy é", -1, std::numeric_limits<double>::quiet_NaN(), kTime);
        const auto events = eventsOf(writer.path());
        QCOMPARE(events.size(), 5U);
        QCOMPARE(events[0].file_version(), "brain.Event:2");
        QCOMPARE(events[0].wall_time(), 1'769'868'125.5);
        QVERIFY(events[1].session_log().status() == tensorboard::SessionLog::START);
        QCOMPARE(events[1].step(), 0);
        QCOMPARE(events[2].wall_time(), 1'769'868'126.5);
        QCOMPARE(events[2].step(), 0);
        QCOMPARE(events[2].summary().value_size(), 1);
        QCOMPARE(events[2].summary().value(0).tag(), "loss/train");
        QCOMPARE(events[2].summary().value(0).simple_value(), 2.5F);
        QCOMPARE(events[3].step(), 10'000'000'000);
        QVERIFY(events[3].summary().value(0).has_simple_value());
        QCOMPARE(events[4].summary().value(0).tag(), "accuracy é");
        QVERIFY(std::isnan(events[4].summary().value(0).simple_value()));
    }

    /// The bytes of a first record as TensorFlow writes it.
    void knownBytes() {
        const Folder folder;
        const TensorBoardWriter writer(folder.path(), TensorBoardWriter::Time{});
        const auto text = readTextFile(writer.path());
        // wall_time 0 is proto3's default and left out; field 3, length 13.
        QCOMPARE(text.substr(0, 8), std::string("\x0f\0\0\0\0\0\0\0", 8));
        QCOMPARE(text.substr(12, 15), "\x1a\x0d"
                                      "brain.Event:2");
        // Then the start of a session: field 7, length 2, status 1.
        QCOMPARE(text.substr(43, 4), std::string("\x3a\x02\x08\x01"));
        QCOMPARE(text.size(), 51U);
    }

    void startsANewFileEachTime() {
        const Folder folder;
        const TensorBoardWriter first(folder.path(), kTime);
        const TensorBoardWriter second(folder.path(), kTime);
        QVERIFY(first.path() != second.path());
        QCOMPARE(folder.names().size(), 2U);
        QCOMPARE(eventsOf(second.path()).size(), 2U);
        const TensorBoardWriter resumed(folder.path(), kTime, 37);
        QCOMPARE(eventsOf(resumed.path())[1].step(), 37);
        VERIFY_ERROR("cannot be made (No such file or directory)",
                     TensorBoardWriter(folder / "none"));
    }
};

QTEST_APPLESS_MAIN(TensorBoardTest)
#include "tst_tensorboard.moc"
