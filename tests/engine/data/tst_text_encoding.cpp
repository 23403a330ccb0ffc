// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv.h"
#include "engine/data/text/text_corpus.h"
#include "engine/data/text/text_encoding.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace gradwright;

namespace {

std::string bytes(const char* data, std::size_t size) {
    return {data, size};
}

/// A text in Windows-1252 whose letters beyond ASCII are those of Latin-1.
std::string western(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (const auto first = static_cast<unsigned char>(text[i]); first < 0x80)
            out += text[i];
        else
            out += static_cast<char>(((first & 0x03) << 6) | (text[++i] & 0x3F));
    return out;
}

std::string wide(std::string_view ascii) {
    std::string out = "\xFF\xFE";
    for (const char each : ascii) {
        out += each;
        out += '\0';
    }
    return out;
}

bool mentions(const std::vector<std::string>& notes, std::string_view what) {
    for (const auto& note : notes)
        if (note.find(what) != std::string::npos)
            return true;
    return false;
}

} // namespace

/// Texts in other encodings than UTF-8. The bytes were written by Python's codecs.
class TextEncodingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void encodingsAreToldByTheirBytes_data() {
        QTest::addColumn<std::string>("given");
        QTest::addColumn<int>("encoding");
        QTest::addColumn<std::string>("text");
        const auto row = [](const char* name, std::string given, TextEncoding encoding,
                            const char* text) {
            QTest::newRow(name) << std::move(given) << static_cast<int>(encoding)
                                << std::string(text);
        };
        row("UTF-8", "Größe,Ω\n", TextEncoding::Utf8, "Größe,Ω\n");
        row("ASCII", "a,b\n1,2\n", TextEncoding::Utf8, "a,b\n1,2\n");
        row("German",
            "Gr\xF6\xDF\x65;Stra\xDF\x65;M\xFCller\x0A\x66\xFCnf;\xC4;\xD6l\x0Awei\xDF;\xDC\x62ung;"
            "s\xFC\xDF\x0A",
            TextEncoding::Windows1252, "Größe;Straße;Müller\nfünf;Ä;Öl\nweiß;Übung;süß\n");
        row("French",
            "O\xF9 est l\x92\xE9l\xE8ve \x3F \xC0 la fen\xEAtre\x85 \xAB \xC7\x61 va \xBB, "
            "c\x9Cur, No\xEBl\x0A",
            TextEncoding::Windows1252, "Où est l’élève ? À la fenêtre… « Ça va », cœur, Noël\n");
        row("Spanish",
            "\xBFQu\xE9 a\xF1o\x3F \xA1\x45l ni\xF1o cant\xF3 en Espa\xF1\x61! coraz\xF3n\x0A",
            TextEncoding::Windows1252, "¿Qué año? ¡El niño cantó en España! corazón\n");
        row("Danish",
            "\xC6\x62legr\xF8\x64 og r\xF8\x64\x62\x65\x64\x65r p\xE5 \xD8sterbro, 12 \xB0\x43, 5 "
            "m\xB3\x0A",
            TextEncoding::Windows1252, "Æblegrød og rødbeder på Østerbro, 12 °C, 5 m³\n");
        row("English signs",
            "\x93It\x92s \xA3\x35 \x96 or \x80\x36 \x97\x94 he said\x85 3 \xD7 4 = 12\x0A",
            TextEncoding::Windows1252, "“It’s £5 – or €6 —” he said… 3 × 4 = 12\n");
        row("one umlaut", "a,b\x0A\x31,M\xFCller\x0A", TextEncoding::Windows1252,
            "a,b\n1,Müller\n");
        row("capitals", "GR\xD6SSE;M\xDCNCHEN;\xC9\x43OLE\x0A", TextEncoding::Windows1252,
            "GRÖSSE;MÜNCHEN;ÉCOLE\n");
        row("single letters", "\xE0\x0A\xE9\x0A\xC4\x0A\xF6\x0A", TextEncoding::Windows1252,
            "à\né\nÄ\nö\n");
        row("UTF-16 with a mark",
            bytes("\xFF\xFEG\x00r\x00\xF6\x00\xDF\x00\x65\x00,\x00\xA9\x03,\x00=\xD8\x00\xDE,\x00t^"
                  "\x0A\x00\x31\x00,\x00\x32\x00,\x00\x33\x00,\x00\x34\x00\x0A\x00",
                  44),
            TextEncoding::Utf16Little, "Größe,Ω,😀,年\n1,2,3,4\n");
        row("UTF-16 the other way round",
            bytes("\xFE\xFF\x00G\x00r\x00\xF6\x00\xDF\x00\x65\x00,\x03\xA9\x00,\xD8=\xDE\x00\x00,^"
                  "t\x00\x0A\x00\x31\x00,\x00\x32\x00,\x00\x33\x00,\x00\x34\x00\x0A",
                  44),
            TextEncoding::Utf16Big, "Größe,Ω,😀,年\n1,2,3,4\n");
        row("UTF-16 without a mark",
            bytes(
                "G\x00r\x00\xF6\x00\xDF\x00\x65\x00,\x00x\x00\x0A\x00\x31\x00,\x00\x32\x00\x0A\x00",
                24),
            TextEncoding::Utf16Little, "Größe,x\n1,2\n");
        row("the other way round without a mark",
            bytes(
                "\x00G\x00r\x00\xF6\x00\xDF\x00\x65\x00,\x00x\x00\x0A\x00\x31\x00,\x00\x32\x00\x0A",
                24),
            TextEncoding::Utf16Big, "Größe,x\n1,2\n");
    }
    void encodingsAreToldByTheirBytes() {
        QFETCH(std::string, given);
        QFETCH(int, encoding);
        QFETCH(std::string, text);
        // However the bytes arrive.
        for (const std::size_t piece : {given.size(), std::size_t{1}, std::size_t{3}}) {
            EncodingEvidence evidence;
            std::string made;
            Utf8Maker maker(static_cast<TextEncoding>(encoding));
            for (std::size_t at = 0; at < given.size(); at += piece) {
                evidence.add(std::string_view(given).substr(at, piece));
                maker.add(std::string_view(given).substr(at, piece), made);
            }
            QVERIFY(evidence.encoding().has_value());
            QCOMPARE(static_cast<int>(*evidence.encoding()), encoding);
            QCOMPARE(made, text);
        }
        std::vector<std::string> notes;
        QCOMPARE(inUtf8(given, &notes), text);
        QCOMPARE(notes.size(), encoding == 0 ? std::size_t{0} : std::size_t{1});
    }

    void whatFitsNoneIsLeftAlone_data() {
        QTest::addColumn<std::string>("given");
        const auto row = [](const char* name, std::string given) {
            QTest::newRow(name) << std::move(given);
        };
        row("Russian (Windows-1251)", "\xCF\xF0\xE8\xE2\xE5\xF2, \xEA\xE0\xEA \xE4\xE5\xEB\xE0\x3F "
                                      "\xCC\xEE\xF1\xEA\xE2\xE0 5\x0A");
        row("Chinese (GBK)", "\xC4\xD0,1\x0A\xC5\xAE,2\x0A\xB1\xB1\xBE\xA9,3\x0A");
        row("Japanese (Shift-JIS)",
            "\x93\x8C\x8B\x9E,1\x0A\x91\xE5\x8D\xE3,2\x0A\x83J\x83^\x83J\x83i,3\x0A");
        row("German of a Mac", "Gr\x9A\xA7\x65;Stra\xA7\x65;M\x9Fnchen;M\x8Arz\x0A");
        row("German of DOS", "Gr\x94\xE1\x65;Stra\xE1\x65;M\x81nchen;M\x84rz\x0A");
        row("Polish (Windows-1250)", "za\xBF\xF3\xB3\xE6;g\xEA\x9Cl\xB9;ja\x9F\xF1;ma\xB3y\x0A");
        row("UTF-8 with a broken byte", "Größe,schön\nf\xFCr,über\n");
        row("one byte of 0xFF", "a,b\n\xFF,1\n");
        row("a picture", "\x89PNG\r\n\x1a\n");
        row("half a unit", bytes("\xFF\xFE"
                                 "a\0b",
                                 5));
        row("half a pair", bytes("\xFF\xFE"
                                 "a\0=\xD8"
                                 "b\0",
                                 8));
        row("zeros in a text", bytes("a,b\n1,\0\n", 8));
    }
    void whatFitsNoneIsLeftAlone() {
        QFETCH(std::string, given);
        EncodingEvidence evidence;
        evidence.add(given);
        QVERIFY(!evidence.encoding().has_value());
        QCOMPARE(inUtf8(given), given);
    }

    void aBeginningMayEndWithinACharacter() {
        for (const auto& [text, encoding] :
             {std::pair(std::string("für \xC3"), TextEncoding::Utf8),
              std::pair(wide("a,b\n1").substr(0, 9), TextEncoding::Utf16Little)}) {
            EncodingEvidence evidence;
            evidence.add(text);
            QVERIFY(evidence.encoding(true) == encoding);
            QVERIFY(evidence.encoding() != encoding);
        }
    }

    void tablesAreRead() {
        std::string table = "Größe;Straße;Art\n";
        for (int i = 0; i < 30; ++i)
            table += fmt::format("{},5;{};{}\n", i, i % 7, i % 2 == 0 ? "weiß" : "grün");
        const auto plain = parseCsv(table, "t.csv");
        for (const bool fromFile : {false, true}) {
            const auto text = western(table);
            std::ofstream(path("t.csv"), std::ios::binary) << text;
            const auto read = fromFile ? readCsv(path("t.csv")) : parseCsv(text, "t.csv");
            QCOMPARE(read.names, plain.names);
            QCOMPARE(read.cells.texts(), plain.cells.texts());
            QVERIFY(mentions(read.notes, "read as Windows-1252"));
            QVERIFY(!mentions(plain.notes, "read as"));
        }
        std::ofstream(path("w.csv"), std::ios::binary) << wide("a,b\r\n1,x\r\n2,y\r\n");
        const auto read = readCsv(path("w.csv"));
        QCOMPARE(read.names, (std::vector<std::string>{"a", "b"}));
        QCOMPARE(read.cells.texts(), (std::vector<std::string>{"1", "x", "2", "y"}));
        QVERIFY(mentions(read.notes, "read as UTF-16"));
    }

    /// The first byte beyond ASCII stands behind what is read to find the delimiter.
    void theWholeFileCounts() {
        std::string table = "a,b\n";
        while (table.size() < (std::size_t{3} << 20))
            table += "12,some text of a row\n";
        const auto rows = static_cast<std::size_t>(std::ranges::count(table, '\n'));
        std::ofstream(path("long.csv"), std::ios::binary) << table << western("13,für\n");
        const auto read = readCsv(path("long.csv"));
        QCOMPARE(read.rows(), rows);
        QCOMPARE(read.at(rows - 1, 1), std::string("für"));
        QVERIFY(mentions(read.notes, "read as Windows-1252"));
        // A character of UTF-8 far in front of it makes it a broken text.
        std::ofstream(path("broken.csv"), std::ios::binary) << "für,b\n"
                                                            << table << western("13,für\n");
        QVERIFY_THROWS_EXCEPTION(NotUtf8, readCsv(path("broken.csv")));
    }

    /// A text of several bytes a character may be cut anywhere while it is read.
    void longTextsInUtf8StayAsTheyAre() {
        std::string table = "ab,c\n";
        while (table.size() < (std::size_t{5} << 20))
            table += "ÄÖÜäöüß年,1\n";
        std::ofstream(path("utf8.csv"), std::ios::binary) << table;
        const auto read = readCsv(path("utf8.csv"));
        QCOMPARE(read.at(read.rows() - 1, 0), std::string("ÄÖÜäöüß年"));
        QVERIFY(!mentions(read.notes, "read as"));
    }

    void textsAreRead() {
        std::string text;
        for (int i = 0; i < 60; ++i)
            text += "Über süße Äpfel.\n";
        const auto data = textDataset(western(text), "t.txt", {.steps = 16});
        QVERIFY(data.info.classes == textDataset(text, "t.txt", {.steps = 16}).info.classes);
        QVERIFY(mentions(data.notes, "read as Windows-1252"));
    }

private:
    [[nodiscard]] std::filesystem::path path(const char* name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }

    QTemporaryDir folder_;
};

QTEST_APPLESS_MAIN(TextEncodingTest)
#include "tst_text_encoding.moc"
