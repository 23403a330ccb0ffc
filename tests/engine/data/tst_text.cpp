// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/feed/batcher.h"
#include "engine/data/text/text_corpus.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Dataset opened(const std::string& text,
               const TextOptions& options = {.steps = 4, .testFraction = 0.25}) {
    return textDataset(text, "t.txt", options);
}

/// What a sample reads, and what follows each character.
std::pair<std::string, std::string> sampleOf(const Dataset& data, const DataSource& source,
                                             std::int64_t index) {
    const auto steps = static_cast<std::size_t>(source.labelsPerSample());
    std::vector<float> input(steps);
    std::vector<std::int32_t> labels(steps);
    source.input(index, input);
    source.labels(index, labels);
    std::string read;
    std::string next;
    for (std::size_t i = 0; i < steps; ++i) {
        read += data.info.classes.at(static_cast<std::size_t>(input[i]));
        next += data.info.classes.at(static_cast<std::size_t>(labels[i]));
    }
    return {read, next};
}

} // namespace

class TextTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachCharacterAsksForTheNext() {
        const auto data = opened("abcdefghijklmnopq"); // 4 samples of 4, and the last's successor
        QVERIFY(data.info.input == Shape{4});
        QCOMPARE(data.info.labels(), 4);
        QCOMPARE(data.training->size(), 3);
        QCOMPARE(data.test->size(), 1);
        QCOMPARE(sampleOf(data, *data.training, 0),
                 std::pair(std::string("abcd"), std::string("bcde")));
        QCOMPARE(sampleOf(data, *data.training, 2),
                 std::pair(std::string("ijkl"), std::string("jklm")));
    }

    void theVocabularyIsOfWhatIsNotTestedWith() {
        // The end, which tests, has characters that training never sees.
        const auto data = opened("aabbaabbaabbxyzxy");
        QCOMPARE(data.info.classes,
                 (std::vector<std::string>{std::string(kUnknownCharacter), "a", "b", "x"}));
        const auto unknown = std::string(kUnknownCharacter);
        QCOMPARE(sampleOf(data, *data.test, 0).first, "x" + unknown + unknown + "x");
    }

    void unknownCharactersAreNamedOnce() {
        const auto data = opened("aabbaabbaabbxyzxy");
        QCOMPARE(unknownCharacters("aßbüß\n", data.info.classes),
                 (std::vector<std::string>{"ß", "ü", "\n"}));
        QVERIFY(unknownCharacters("abx", data.info.classes).empty());
    }

    void charactersMayHaveSeveralBytes() {
        const auto data = opened("äöüäöüäöüäöüäöüäöü");
        QCOMPARE(data.info.classes.size(), std::size_t{4});
        QCOMPARE(sampleOf(data, *data.training, 0).first, std::string("äöüä"));
        QCOMPARE(encodeText("üx", data.info.classes), (std::vector<std::int32_t>{3, 0}));
    }

    void linesEndAlikeWhateverTheFile() {
        std::string plain;
        for (int i = 0; i < 40; ++i)
            plain += fmt::format("line {}\n", i % 7);
        const auto with = [&](std::string_view end, std::string_view beginning = "") {
            std::string text(beginning);
            for (const char letter : plain)
                text += letter == '\n' ? std::string(end) : std::string(1, letter);
            return textDataset(text, "t.txt", {.steps = 8});
        };
        const auto expected = with("\n");
        QVERIFY(std::ranges::find(expected.info.classes, "\n") != expected.info.classes.end());
        for (const auto& data : {with("\r\n"), with("\r"), with("\r\n", "\xEF\xBB\xBF")}) {
            QCOMPARE(data.info.classes, expected.info.classes);
            for (std::int64_t i = 0; i < expected.training->size(); ++i)
                QCOMPARE(inputOf(*data.training, i), inputOf(*expected.training, i));
        }
        QCOMPARE(with("\n").notes, std::vector<std::string>{
                                       "280 characters: 34 samples of 8, 7 at the end left out"});
        QVERIFY(contains(with("\r").notes.at(1), "40 lines end in CR alone"));
        QVERIFY(contains(with("\n", "\xEF\xBB\xBF").notes.at(1), "byte order mark is left out"));
        QVERIFY(contains(with("\r").notes.at(1), "40 lines end"));
        QVERIFY(contains(textDataset(plain + "\r" + plain, "t.txt", {.steps = 8}).notes.at(1),
                         "1 line ends in CR alone"));
        // Files put behind each other, as by `cat`.
        const auto joined =
            textDataset("\xEF\xBB\xBF" + plain + "\xEF\xBB\xBF" + plain, "t.txt", {.steps = 8});
        QCOMPARE(joined.info.classes, expected.info.classes);
        QVERIFY(contains(joined.notes.at(1), "2 byte order marks are left out"));
        // Runs of versions before have the mark in their vocabulary.
        const auto before =
            textDataset("\xEF\xBB\xBF" + plain, "t.txt", {.steps = 8, .asBefore = true});
        QCOMPARE(before.info.classes.back(), std::string("\xEF\xBB\xBF"));
    }

    void lettersCanBeLowered() {
        const auto data =
            opened("AbCdAbCdAbCdAbCdA", {.steps = 4, .lowerCase = true, .testFraction = 0.25});
        QCOMPARE(sampleOf(data, *data.training, 0).first, std::string("abcd"));
    }

    void batchesCarryAClassAStep() {
        const auto data = opened("abcdefghijklmnopq");
        Batcher batcher(data.training, {0, 1, 2}, 2, std::nullopt);
        batcher.startEpoch(0);
        const auto* batch = batcher.next();
        QCOMPARE(batch->count, 2);
        QCOMPARE(batch->labels.size(), std::size_t{8});
        QCOMPARE(batch->labels[4], data.training->labelsPerSample() + 2); // f, after the unknown
    }

    void refusesWhatIsNoText() {
        QVERIFY(contains(errorOf([] { opened(""); }), "t.txt: 0 characters"));
        QVERIFY(contains(errorOf([] { opened("abcdefghi"); }), "9 characters make 2 samples of 4"));
        QVERIFY(contains(errorOf([] { opened("abc\nde\xFFghijklmnopqrstuvw"); }),
                         "t.txt, line 2, byte 6: 0xff is not UTF-8"));
        QVERIFY(contains(errorOf([] { opened(std::string("abc\0", 4)); }), "a zero byte"));
        const TemporaryFolder folder;
        QVERIFY(contains(errorOf([&] {
                             openDataset({.dataset = "text",
                                          .params = {{"file", (folder / "no.txt").string()}}});
                         }),
                         "no such file"));
        QVERIFY(contains(errorOf([] { openDataset({.dataset = "text"}); }),
                         "Choose the file of the text"));
    }

    void theBibleIsWhole() {
        const auto data = openDataset({.dataset = "king-james-bible"});
        QCOMPARE(data.info.classes.size(), std::size_t{64});
        QCOMPARE(sampleOf(data, *data.training, 0).first,
                 std::string("In the beginning God created the heaven and the earth.\nAnd the e"));
        QCOMPARE(data.training->size() + data.test->size(), (1'684'899 - 1) / 64);
    }
};

QTEST_APPLESS_MAIN(TextTest)
#include "tst_text.moc"
