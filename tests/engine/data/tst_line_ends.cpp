// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv.h"
#include "engine/data/text/text_corpus.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// The text with each of its lines ended by the next of these ends.
std::string ended(const std::string& text, const std::vector<std::string>& ends) {
    std::string made;
    std::size_t line = 0;
    for (const char letter : text)
        made += letter == '\n' ? ends[line++ % ends.size()] : std::string(1, letter);
    return made;
}

/// UTF-16 with a byte order mark.
std::string wide(const std::string& text, bool isBig) {
    std::string made = isBig ? "\xFE\xFF" : "\xFF\xFE";
    for (const char16_t each : QString::fromStdString(text).toStdU16String()) {
        const auto low = static_cast<char>(each & 0xFF);
        const auto high = static_cast<char>(each >> 8);
        made += isBig ? high : low;
        made += isBig ? low : high;
    }
    return made;
}

bool isNoted(const std::vector<std::string>& notes, std::string_view part) {
    return std::ranges::any_of(notes,
                               [&](const std::string& note) { return contains(note, part); });
}

} // namespace

/// Files that end their lines otherwise, or begin with a mark of their byte order.
class LineEndsTest : public QObject {
    Q_OBJECT

    static void addForms() {
        QTest::addColumn<int>("encoding"); // 0 UTF-8, 1 with a mark, 2 and 3 UTF-16
        QTest::addColumn<std::vector<std::string>>("ends");
        const std::vector<std::pair<const char*, std::vector<std::string>>> ends = {
            {"LF", {"\n"}}, {"CR LF", {"\r\n"}}, {"CR", {"\r"}}, {"mixed", {"\r\n", "\n", "\r"}}};
        const std::array<const char*, 4> encodings = {
            "UTF-8", "UTF-8 with a mark", "UTF-16, little end first", "UTF-16, big end first"};
        for (int encoding = 0; encoding < 4; ++encoding)
            for (const auto& [name, end] : ends)
                QTest::addRow("%s, %s", encodings[static_cast<std::size_t>(encoding)], name)
                    << encoding << end;
    }
    static std::string formed(const std::string& text) {
        const auto plain = ended(text, *static_cast<std::vector<std::string>*>(QTest::qData(
                                           "ends", qMetaTypeId<std::vector<std::string>>())));
        const auto encoding = *static_cast<int*>(QTest::qData("encoding", qMetaTypeId<int>()));
        return encoding >= 2 ? wide(plain, encoding == 3)
                             : (encoding == 1 ? "\xEF\xBB\xBF" : "") + plain;
    }

private Q_SLOTS:
    void textsAreTheSame_data() { addForms(); }
    void textsAreTheSame() {
        std::string plain;
        for (int i = 0; i < 40; ++i)
            plain += fmt::format("Zeile {} für Größe\n", i % 7);
        const auto expected = textDataset(plain, "t.txt", {.steps = 8});
        const auto data = textDataset(formed(plain), "t.txt", {.steps = 8});
        QCOMPARE(data.info.classes, expected.info.classes);
        QVERIFY(std::ranges::find(data.info.classes, "\n") != data.info.classes.end());
        for (std::int64_t i = 0; i < expected.training->size(); ++i)
            QCOMPARE(inputOf(*data.training, i), inputOf(*expected.training, i));
    }

    void tablesAreTheSame_data() { addForms(); }
    void tablesAreTheSame() {
        std::string plain = "Größe,Name,Note\n";
        for (int i = 0; i < 30; ++i)
            plain += fmt::format("{},\"n, {}\",{}\n", i, i % 5, i % 3 == 0 ? "süß" : "sauer");
        const auto expected = parseCsv(plain, "t.csv");
        const TemporaryFolder folder;
        const auto given = formed(plain);
        writeFile(folder / "t.csv", {given.begin(), given.end()});
        for (const auto& table : {parseCsv(given, "t.csv"), readCsv(folder / "t.csv")}) {
            QCOMPARE(table.names, expected.names);
            QCOMPARE(table.rows(), expected.rows());
            QCOMPARE(table.cells.texts(), expected.cells.texts());
        }
    }

    /// A mark elsewhere than at the beginning comes from files put behind each other.
    void marksBetweenFilesAreLeftOut() {
        const auto file = [](int from) {
            std::string text = "\xEF\xBB\xBF";
            for (int i = from; i < from + 20; ++i)
                text += fmt::format("line {}\r\n", i % 7);
            return text;
        };
        const auto data = textDataset(file(0) + file(20), "t.txt", {.steps = 8});
        QVERIFY(std::ranges::none_of(data.info.classes, [](const std::string& each) {
            return each == "\xEF\xBB\xBF" || each == "\r";
        }));
        QVERIFY(isNoted(data.notes, "2 byte order marks are left out"));
    }
};

QTEST_APPLESS_MAIN(LineEndsTest)
#include "tst_line_ends.moc"
