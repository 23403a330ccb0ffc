// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/download/archive.h"
#include "engine/data/download/http_download.h"
#include "engine/data/download/known_sets.h"
#include "engine/support/error.h"
#include "engine/support/md5.h"
#include "tests/support/data_files.h"
#include "tests/support/http_server.h"

#include <QCryptographicHash>
#include <QProcess>
#include <QTest>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <stop_token>
#include <string>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

std::string randomBytes(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string bytes(count, '\0');
    for (auto& byte : bytes)
        byte = static_cast<char>(random());
    return bytes;
}

/// By Qt, which shares nothing with the engine.
std::string sumOf(const std::string& bytes) {
    return QCryptographicHash::hash(QByteArray::fromStdString(bytes), QCryptographicHash::Md5)
        .toHex()
        .toStdString();
}

std::string contentsOf(const fs::path& file) {
    const auto bytes = readFile(file);
    return {bytes.begin(), bytes.end()};
}

void write(const fs::path& file, const std::string& text) {
    writeFile(file, Bytes(text.begin(), text.end()));
}

/// Four IDX files of tiny images as Bytes by name.
std::map<std::string, std::string> smallIdx(const std::string& test) {
    const auto text = [](const Bytes& bytes) { return std::string(bytes.begin(), bytes.end()); };
    Bytes pixels;
    Bytes labels;
    for (std::uint8_t i = 0; i < 20; ++i) {
        pixels.insert(pixels.end(), 4, static_cast<std::uint8_t>(10 * i));
        labels.push_back(i % 2);
    }
    const auto images = text(gzip(idx(8, {20, 2, 2}, pixels)));
    const auto answers = text(gzip(idx(8, {20}, labels)));
    return {{"train-images-idx3-ubyte.gz", images},
            {"train-labels-idx1-ubyte.gz", answers},
            {test + "-images-idx3-ubyte.gz", images},
            {test + "-labels-idx1-ubyte.gz", answers}};
}

} // namespace

class DownloadsTest : public QObject {
    Q_OBJECT

private:
    const std::string bytes_ = randomBytes(300'000, 1);
    const std::string sum_ = sumOf(bytes_);

private Q_SLOTS:
    void sumsAreThoseOfTheStandard() {
        // RFC 1321, A.5.
        for (const auto& [text, sum] :
             {std::pair{"", "d41d8cd98f00b204e9800998ecf8427e"},
              std::pair{"abc", "900150983cd24fb0d6963f7d28e17f72"},
              std::pair{"12345678901234567890123456789012345678901234567890123456789012345678901234"
                        "567890",
                        "57edf4a22be3c955ac49da2e2107b67a"}}) {
            Md5 md5;
            md5.add({reinterpret_cast<const std::uint8_t*>(text), std::strlen(text)});
            QCOMPARE(md5.hex(), std::string(sum));
        }
        // In pieces of all lengths.
        std::mt19937 random(2);
        for (std::size_t size = 0; size < 300; ++size) {
            const auto text = randomBytes(size, size);
            Md5 md5;
            for (std::size_t at = 0; at < size;) {
                const auto count = std::min<std::size_t>(size - at, random() % 90);
                md5.add({reinterpret_cast<const std::uint8_t*>(text.data()) + at, count});
                at += count;
            }
            QCOMPARE(md5.hex(), sumOf(text));
        }
    }

    void aFileArrives() {
        if (!canDownload())
            QSKIP("libcurl is not installed");
        HttpServer server;
        server.put("a.bin", {.bytes = bytes_});
        const TemporaryFolder folder;
        std::int64_t last = 0;
        QVERIFY(downloadFile(server.address() + "a.bin", folder / "a.bin", sum_,
                             [&](std::int64_t done, std::int64_t all) {
                                 QCOMPARE(all, std::int64_t{300'000});
                                 QVERIFY(done >= last);
                                 last = done;
                             }));
        QCOMPARE(last, std::int64_t{300'000});
        QVERIFY(contentsOf(folder / "a.bin") == bytes_);
        QVERIFY(!fs::exists(folder / "a.bin.part"));
    }

    void aConnectionThatEndsTooEarlyIsTakenUpWhereItEnded() {
        if (!canDownload())
            QSKIP("libcurl is not installed");
        HttpServer server;
        server.put("a.bin", {.bytes = bytes_, .mostSent = 100'000});
        const TemporaryFolder folder;
        QVERIFY(downloadFile(server.address() + "a.bin", folder / "a.bin", sum_));
        QVERIFY(contentsOf(folder / "a.bin") == bytes_);
        QCOMPARE(server.requests(),
                 (std::vector<std::string>{"a.bin 0", "a.bin 100000", "a.bin 200000"}));
    }

    void whatHasArrivedIsKeptForTheNextTry() {
        if (!canDownload())
            QSKIP("libcurl is not installed");
        HttpServer server;
        server.put("a.bin", {.bytes = bytes_, .mostSent = 10'000});
        const TemporaryFolder folder;
        const auto message =
            errorOf([&] { downloadFile(server.address() + "a.bin", folder / "a.bin", sum_); });
        QVERIFY2(contains(message, "the connection ended too early; 40000 bytes are kept"),
                 message.c_str());
        QCOMPARE(fs::file_size(folder / "a.bin.part"), std::uintmax_t{40'000});
        server.put("a.bin", {.bytes = bytes_});
        QVERIFY(downloadFile(server.address() + "a.bin", folder / "a.bin", sum_));
        QVERIFY(contentsOf(folder / "a.bin") == bytes_);
        QCOMPARE(server.requests().back(), std::string("a.bin 40000"));
    }

    void aServerWithoutRangesBeginsAnew() {
        if (!canDownload())
            QSKIP("libcurl is not installed");
        HttpServer server;
        server.put("a.bin", {.bytes = bytes_, .takesRanges = false});
        const TemporaryFolder folder;
        write(folder / "a.bin.part", bytes_.substr(0, 50'000));
        QVERIFY(downloadFile(server.address() + "a.bin", folder / "a.bin", sum_));
        QVERIFY(contentsOf(folder / "a.bin") == bytes_);
    }

    void aPartThatIsWholeIsTaken() {
        if (!canDownload())
            QSKIP("libcurl is not installed");
        HttpServer server;
        server.put("a.bin", {.bytes = bytes_});
        const TemporaryFolder folder;
        write(folder / "a.bin.part", bytes_);
        QVERIFY(downloadFile(server.address() + "a.bin", folder / "a.bin", sum_));
        QVERIFY(contentsOf(folder / "a.bin") == bytes_);
    }

    void aWrongSumIsRefused() {
        if (!canDownload())
            QSKIP("libcurl is not installed");
        HttpServer server;
        server.put("a.bin", {.bytes = "something else"});
        const TemporaryFolder folder;
        const auto message =
            errorOf([&] { downloadFile(server.address() + "a.bin", folder / "a.bin", sum_); });
        QVERIFY2(contains(message, sumOf("something else")) && contains(message, sum_),
                 message.c_str());
        QVERIFY(!fs::exists(folder / "a.bin") && !fs::exists(folder / "a.bin.part"));
    }

    void faultsOfTheServerAreTold() {
        if (!canDownload())
            QSKIP("libcurl is not installed");
        HttpServer server;
        const TemporaryFolder folder;
        const auto of = [&](const std::string& address) {
            return errorOf([&] { downloadFile(address, folder / "a.bin", sum_); });
        };
        QVERIFY(contains(of(server.address() + "b.bin"), "b.bin: the server answers with 404"));
        server.put("a.bin", {.bytes = bytes_, .timesDropped = 9});
        QVERIFY(contains(of(server.address() + "a.bin"), server.address() + "a.bin: "));
        // Only these are spoken, whatever libcurl could do.
        write(folder / "local.bin", bytes_);
        QVERIFY(contains(of("file://" + (folder / "local.bin").string()), "file://"));
        QVERIFY(!fs::exists(folder / "a.bin"));
    }

    void aDownloadCanBeStoppedAndGoesOn() {
        if (!canDownload())
            QSKIP("libcurl is not installed");
        HttpServer server;
        server.put("a.bin", {.bytes = bytes_, .pause = 1});
        const TemporaryFolder folder;
        std::stop_source stop;
        QVERIFY(!downloadFile(
            server.address() + "a.bin", folder / "a.bin", sum_,
            [&](std::int64_t done, std::int64_t) {
                if (done > 50'000)
                    stop.request_stop();
            },
            stop.get_token()));
        QVERIFY(!fs::exists(folder / "a.bin"));
        const auto kept = fs::file_size(folder / "a.bin.part");
        QVERIFY(kept > 50'000 && kept < bytes_.size());
        server.put("a.bin", {.bytes = bytes_});
        QVERIFY(downloadFile(server.address() + "a.bin", folder / "a.bin", sum_));
        QVERIFY(contentsOf(folder / "a.bin") == bytes_);
        QCOMPARE(server.requests().back(), fmt::format("a.bin {}", kept));
    }

    void aSetIsFetchedAndOpens() {
        if (!canDownload())
            QSKIP("libcurl is not installed");
        HttpServer server;
        auto set = knownSet(knownSets(), "kmnist");
        const auto files = smallIdx("t10k");
        set.addresses = {"http://127.0.0.1:1/", server.address()}; // nobody listens at the first
        for (auto& file : set.files) {
            file.md5 = sumOf(files.at(file.name));
            server.put(file.name, {.bytes = files.at(file.name)});
        }
        const TemporaryFolder folder;
        std::set<std::string> told;
        const auto choice = fetchKnownSet(
            set, folder / "k", [&](const FetchState& state) { told.insert(state.what); });
        QVERIFY(choice.has_value());
        QVERIFY(told.contains("Downloading train-images-idx3-ubyte.gz"));
        const auto data = openDataset(*choice);
        QCOMPARE(data.training->size(), 20);
        QCOMPARE(data.test->size(), 20);
        // What is there with the right sum is not asked for again.
        const auto before = server.requests().size();
        QVERIFY(fetchKnownSet(set, folder / "k").has_value());
        QCOMPARE(server.requests().size(), before);
        // A file that is damaged is.
        write(folder / "k/train-labels-idx1-ubyte.gz", "x");
        QVERIFY(fetchKnownSet(set, folder / "k").has_value());
        QCOMPARE(server.requests().size(), before + 1);
    }

    void whatToDoByHandIsSaid() {
        auto set = knownSet(knownSets(), "mnist");
        set.addresses = {"http://127.0.0.1:1/"};
        const TemporaryFolder folder;
        const auto message = errorOf([&] { fetchKnownSet(set, folder / "m"); });
        QVERIFY2(contains(message, "By hand: put train-images-idx3-ubyte.gz, ") &&
                     contains(message, (folder / "m").string()),
                 message.c_str());
        QVERIFY(contains(errorOf([] { static_cast<void>(knownSet(knownSets(), "imagenet")); }),
                         "no data set \"imagenet\" to download; known are mnist, fashion-mnist"));
    }

    /// By the programs that people pack with.
    void archivesAreUnpacked() {
        const TemporaryFolder folder;
        fs::create_directories(folder / "in/deep");
        const auto large = randomBytes(200'000, 5) + std::string(200'000, 'x');
        write(folder / "in/deep/large.bin", large);
        write(folder / "in/other.txt", "other");
        write(folder / "in/empty.txt", "");
        const auto pack = [&](const QString& code) {
            QProcess python;
            python.setWorkingDirectory(QString::fromStdString(folder.path()));
            python.start(QStringLiteral("python3"), {QStringLiteral("-c"), code});
            return python.waitForFinished() && python.exitCode() == 0;
        };
        if (!pack(QStringLiteral("import shutil\n"
                                 "shutil.make_archive('a', 'zip', '.', 'in')\n"
                                 "shutil.make_archive('b', 'gztar', '.', 'in')\n")))
            QSKIP("there is no Python to pack with");
        for (const char* const archive : {"a.zip", "b.tar.gz"}) {
            fs::create_directories(folder / "out");
            takeFromArchive(folder / archive, {"large.bin", "empty.txt"}, folder / "out");
            QVERIFY(contentsOf(folder / "out/large.bin") == large);
            QCOMPARE(fs::file_size(folder / "out/empty.txt"), std::uintmax_t{0});
            QVERIFY(!fs::exists(folder / "out/other.txt"));
            fs::remove_all(folder / "out");
            fs::create_directories(folder / "out");
            QVERIFY(contains(
                errorOf([&] { takeFromArchive(folder / archive, {"absent"}, folder / "out"); }),
                "the archive lacks absent"));
            // Cut and damaged ones are refused, and leave no half of a file.
            const auto whole = contentsOf(folder / archive);
            write(folder / "cut", whole.substr(0, whole.size() / 2));
            QVERIFY(!errorOf([&] {
                         takeFromArchive(folder / "cut", {"large.bin"}, folder / "out");
                     }).empty());
            auto damaged = whole;
            for (std::size_t i = damaged.size() / 3; i < damaged.size() / 3 + 200; ++i)
                damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
            write(folder / "damaged", damaged);
            static_cast<void>(errorOf(
                [&] { takeFromArchive(folder / "damaged", {"large.bin"}, folder / "out"); }));
            for (const auto& entry : fs::directory_iterator(folder / "out"))
                QVERIFY2(entry.path().extension() != ".part", entry.path().c_str());
        }
    }

    void theListIsWhole() {
        const auto sets = knownSets();
        QVERIFY(sets.size() >= 9);
        for (const auto& set : sets) {
            QVERIFY(!set.source.empty() && !set.addresses.empty() && !set.files.empty());
            for (const auto& file : set.files) {
                QCOMPARE(file.md5.size(), std::size_t{32});
                QCOMPARE(file.md5.find_first_not_of("0123456789abcdef"), std::string::npos);
            }
            const auto& params = dataset(set.dataset).params;
            for (const auto& [key, path] : set.paths)
                QVERIFY2(std::ranges::find(params, key, &ParamSpec::key) != params.end(),
                         key.c_str());
        }
    }
};

QTEST_GUILESS_MAIN(DownloadsTest)
#include "tst_downloads.moc"
