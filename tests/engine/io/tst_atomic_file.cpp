// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/io/io_test.h"

#include <QTest>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <random>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

Q_DECLARE_METATYPE(gradwright::TemporaryKind)

namespace {

unsigned modeOf(const fs::path& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : ~0U;
}

void writeWith(TemporaryKind kind, const fs::path& path, std::string_view text) {
    AtomicFile file(path, kind);
    file.write(text);
    file.commit();
}

void addKinds() {
    QTest::addColumn<TemporaryKind>("kind");
    QTest::newRow("unnamed") << TemporaryKind::Unnamed;
    QTest::newRow("named") << TemporaryKind::Named;
}

/// Mounts an empty file system of one mebibyte that only this process sees. Anybody may in a user
/// namespace of their own, where their ids must be mapped before they can own files.
bool mountPrivately(const fs::path& path) {
    const auto user = ::geteuid();
    const auto group = ::getegid();
    if (::unshare(CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER)) != 0)
        return false;
    if (user != 0) {
        std::ofstream("/proc/self/setgroups") << "deny";
        std::ofstream("/proc/self/uid_map") << user << ' ' << user << " 1";
        std::ofstream("/proc/self/gid_map") << group << ' ' << group << " 1";
    }
    return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("none", path.c_str(), "tmpfs", 0, "size=1m") == 0;
}

} // namespace

class AtomicFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void writesAndReplaces_data() { addKinds(); }
    void writesAndReplaces() {
        QFETCH(TemporaryKind, kind);
        const Folder folder;
        const auto path = folder / "a.txt";
        writeWith(kind, path, "first");
        QCOMPARE(readTextFile(path), "first");
        AtomicFile file(path, kind);
        file.write("sec");
        file.write(std::as_bytes(std::span("ond", 3)));
        QCOMPARE(readTextFile(path), "first");
        file.commit();
        QCOMPARE(readTextFile(path), "second");
        QCOMPARE(folder.names(), std::vector<std::string>{"a.txt"});
    }

    void discardsWhatIsNotCommitted_data() { addKinds(); }
    void discardsWhatIsNotCommitted() {
        QFETCH(TemporaryKind, kind);
        const Folder folder;
        writeFileAtomically(folder / "a", "kept");
        {
            AtomicFile file(folder / "a", kind);
            file.write("lost");
        }
        QCOMPARE(readTextFile(folder / "a"), "kept");
        QCOMPARE(folder.names(), std::vector<std::string>{"a"});
    }

    void cannotBeUsedAfterCommit() {
        const Folder folder;
        AtomicFile file(folder / "a");
        file.commit();
        VERIFY_ERROR("it was committed", file.write("more"));
        VERIFY_ERROR("it was committed", file.commit());
    }

    void keepsPermissions_data() { addKinds(); }
    void keepsPermissions() {
        QFETCH(TemporaryKind, kind);
        const Folder folder;
        const auto old = ::umask(027);
        writeWith(kind, folder / "new", "x");
        ::umask(old);
        QCOMPARE(modeOf(folder / "new"), 0640U);
        ::chmod((folder / "new").c_str(), 0604);
        writeWith(kind, folder / "new", "y");
        QCOMPARE(modeOf(folder / "new"), 0604U);
    }

    void followsSymbolicLinks() {
        const Folder folder;
        fs::create_directory(folder / "there");
        writeFileAtomically(folder / "there/real", "old");
        fs::create_symlink("there/real", folder / "link");
        fs::create_symlink("link", folder / "link2");
        writeFileAtomically(folder / "link2", "new");
        QVERIFY(fs::is_symlink(folder / "link2"));
        QVERIFY(fs::is_symlink(folder / "link"));
        QVERIFY(!fs::is_symlink(folder / "there/real"));
        QCOMPARE(readTextFile(folder / "there/real"), "new");

        fs::create_symlink("there/later", folder / "dangling");
        writeFileAtomically(folder / "dangling", "made");
        QCOMPARE(readTextFile(folder / "there/later"), "made");

        fs::create_symlink("loop", folder / "loop");
        VERIFY_ERROR("Too many levels of symbolic links",
                     writeFileAtomically(folder / "loop", "x"));
    }

    void refusesWhatIsNoFile() {
        const Folder folder;
        writeFileAtomically(folder / "file", "x");
        VERIFY_ERROR("Not a directory", writeFileAtomically(folder / "file/a", "x"));
        VERIFY_ERROR("No such file or directory", writeFileAtomically(folder / "none/a", "x"));
        VERIFY_ERROR("no file was made", writeFileAtomically(folder / "none/a", "x"));
        VERIFY_ERROR("it is a folder", writeFileAtomically(folder.path(), "x"));
        VERIFY_ERROR("the path names no file", writeFileAtomically(folder / "", "x"));
        QCOMPARE(::mkfifo((folder / "pipe").c_str(), 0600), 0);
        VERIFY_ERROR("it is not a regular file", writeFileAtomically(folder / "pipe", "x"));
        VERIFY_ERROR("is not a regular file", readTextFile(folder / "pipe"));
        // A rename over a device would destroy it.
        fs::create_symlink("/dev/full", folder / "full");
        VERIFY_ERROR("it is not a regular file", writeFileAtomically(folder / "full", "x"));
        QVERIFY(fs::is_character_file("/dev/full"));
    }

    void respectsWriteProtection() {
        const Folder folder;
        fs::create_directory(folder / "closed");
        writeFileAtomically(folder / "closed/a", "kept");
        writeFileAtomically(folder / "protected", "kept");
        fs::permissions(folder.path(), fs::perms(0777));
        fs::permissions(folder / "closed", fs::perms(0555));
        fs::permissions(folder / "protected", fs::perms(0444));
        // Root may write everywhere, so root becomes somebody else first.
        Child child([&](auto answer) {
            if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0)
                return answer("cannot become another user");
            answer(errorOf([&] { writeFileAtomically(folder / "closed/new", "x"); }) + "\n" +
                   errorOf([&] { writeFileAtomically(folder / "protected", "x"); }));
        });
        const auto answer = child.receive();
        fs::permissions(folder / "closed", fs::perms(0755));
        const auto line = (folder / "closed/new").string() +
                          ": cannot be written (Permission denied); no file was made\n" +
                          (folder / "protected").string() +
                          ": cannot be written (Permission denied); the previous file is kept";
        QCOMPARE(answer, line);
        QCOMPARE(readTextFile(folder / "protected"), "kept");
    }

    void sizeLimitKeepsTheFile_data() { addKinds(); }
    void sizeLimitKeepsTheFile() {
        QFETCH(TemporaryKind, kind);
        const Folder folder;
        writeFileAtomically(folder / "a", "kept");
        Child child([&](auto answer) {
            std::signal(SIGXFSZ, SIG_IGN);
            const rlimit limit{100'000, 100'000};
            if (::setrlimit(RLIMIT_FSIZE, &limit) != 0)
                return answer("no limit");
            AtomicFile file(folder / "a", kind);
            const std::string piece(64 * 1024, 'x');
            file.write(piece);
            const auto message = errorOf([&] { file.write(piece); });
            // What failed once must not be committed by a caller who overlooked it.
            answer(message + "\n" + errorOf([&] { file.commit(); }));
        });
        const auto answer = QString::fromStdString(child.receive()).split(u'\n');
        QCOMPARE(answer.size(), 2);
        QVERIFY2(answer[0].endsWith(u"(File too large); the previous file is kept"),
                 qPrintable(answer[0]));
        QVERIFY2(answer[1].contains(u"an earlier write failed"), qPrintable(answer[1]));
        child.kill();
        QCOMPARE(readTextFile(folder / "a"), "kept");
        writeFileAtomically(folder / "b", "");
        QCOMPARE(folder.names(), (std::vector<std::string>{"a", "b"}));
    }

    void fullAndReadOnlyDisk() {
        const Folder folder;
        Child child([&](auto answer) {
            if (!mountPrivately(folder.path()))
                return answer("cannot mount");
            const auto path = folder / "a";
            writeFileAtomically(path, std::string(200'000, 'k'));
            const std::string tooMuch(2 << 20, 'x');
            std::string text = errorOf([&] { writeFileAtomically(path, tooMuch); });
            text += readTextFile(path) == std::string(200'000, 'k') ? "\nkept" : "\nlost";
            text += folder.names().size() == 1 ? " alone" : " with litter";
            ::mount("none", folder.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
            text += '\n';
            text += errorOf([&] { writeFileAtomically(path, "x"); });
            text += '\n';
            text += errorOf([&] { writeFileAtomically(folder / "b", "x"); });
            answer(text);
        });
        const auto answer = QString::fromStdString(child.receive()).split(u'\n');
        if (answer[0] == u"cannot mount")
            QSKIP("this system lets no test mount a file system");
        QCOMPARE(answer.size(), 4);
        QVERIFY2(answer[0].endsWith(u"(No space left on device); the previous file is kept"),
                 qPrintable(answer[0]));
        QCOMPARE(answer[1], u"kept alone");
        QVERIFY2(answer[2].endsWith(u"(Read-only file system); the previous file is kept"),
                 qPrintable(answer[2]));
        QVERIFY2(answer[3].endsWith(u"(Read-only file system); no file was made"),
                 qPrintable(answer[3]));
    }

    void removesOnlyTemporariesOfTheDead() {
        const Folder folder;
        Child child([&](auto answer) {
            AtomicFile file(folder / "a", TemporaryKind::Named);
            file.write("half");
            answer("ready");
            ::pause();
        });
        QCOMPARE(child.receive(), "ready");
        QCOMPARE(folder.names().size(), 1U);
        writeFileAtomically(folder / "b", "x");
        QCOMPARE(folder.names().size(), 2U);
        child.kill();
        QCOMPARE(folder.names().size(), 2U);
        writeFileAtomically(folder / "b", "x");
        QCOMPARE(folder.names(), std::vector<std::string>{"b"});
    }

    void leavesFilesOfOthersAlone() {
        const Folder folder;
        for (const auto* name : {".gradwright-settings", "gradwright-1.tmp", ".other.tmp"})
            std::ofstream(folder / name) << "x";
        fs::create_symlink("gradwright-1.tmp", folder / ".gradwright-link.tmp");
        writeFileAtomically(folder / "a", "x");
        QCOMPARE(folder.names().size(), 5U);
    }

    /// A child rewrites the file without end and is killed at 20 random moments.
    void survivesKill_data() { addKinds(); }
    void survivesKill() {
        QFETCH(TemporaryKind, kind);
        const Folder folder;
        const auto path = folder / "a";
        constexpr std::size_t size = 300'000;
        const auto isComplete = [&](const std::string& text) {
            return text.size() == size &&
                   std::ranges::all_of(text, [&](char c) { return c == text[0]; });
        };
        std::mt19937 random(4);
        std::map<char, int> seen;
        for (int round = 0; round < 20; ++round) {
            Child child([&](auto answer) {
                for (int version = round;; ++version) {
                    AtomicFile file(path, kind);
                    const std::string piece(size / 100, static_cast<char>('A' + version % 26));
                    for (int i = 0; i < 100; ++i)
                        file.write(piece);
                    file.commit();
                    if (version == round)
                        answer("ready");
                }
            });
            QCOMPARE(child.receive(), "ready");
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 15'000));
            QVERIFY(isComplete(readTextFile(path)));
            child.kill();
            const auto text = readTextFile(path);
            QVERIFY(isComplete(text));
            ++seen[text[0]];
            QVERIFY(folder.names().size() <= 2);
        }
        QVERIFY(seen.size() > 5);
        writeFileAtomically(path, "end");
        QCOMPARE(folder.names(), std::vector<std::string>{"a"});
    }

    void readersNameTheProblem() {
        const Folder folder;
        writeFileAtomically(folder / "a", "12345");
        QCOMPARE(readTextFile(folder / "a", 5), "12345");
        QCOMPARE(readFile(folder / "a").size(), 5U);
        VERIFY_ERROR("a: holds 5 bytes, at most 4 are read", readTextFile(folder / "a", 4));
        VERIFY_ERROR("a: holds 5 bytes, at most 4 are read", readFile(folder / "a", 4));
        VERIFY_ERROR("none: cannot be read (No such file or directory)",
                     readTextFile(folder / "none"));
        VERIFY_ERROR("is a folder where a file is needed", readFile(folder.path()));
    }
};

QTEST_APPLESS_MAIN(AtomicFileTest)
#include "tst_atomic_file.moc"
