// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/download/http_download.h"
#include "engine/support/error.h"
#include "engine/support/md5.h"
#include "tests/support/data_files.h"
#include "tests/support/http_server.h"
#include "tests/support/own_home.h"
#include "ui/data/download_dialog.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

constexpr int kDownloadPatience = 60'000; // ms

std::string sumOf(const std::string& bytes) {
    Md5 md5;
    md5.add({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    return md5.hex();
}

} // namespace

/// The dialog, with a server on this computer.
class DownloadDialogTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir home_;
    std::unique_ptr<HttpServer> server_;
    std::unique_ptr<TemporaryFolder> folder_;
    std::unique_ptr<BackgroundJobs> jobs_;
    QPointer<DownloadDialog> dialog_;
    const std::string bytes_ = std::string(200'000, 'x') + "end";

    [[nodiscard]] KnownSet small() const {
        return {.key = "small",
                .title = "Small images",
                .about = "A few.",
                .licence = "None",
                .source = "this test",
                .addresses = {server_->address()},
                .files = {{"a.bin", sumOf(bytes_)}},
                .dataset = "idx",
                .paths = {{"training_images", "a.bin"}}};
    }
    void open(std::vector<KnownSet> sets) {
        dialog_ = new DownloadDialog(*jobs_, std::move(sets));
        dialog_->open();
        QVERIFY(QTest::qWaitForWindowExposed(dialog_));
        auto* const folder = find<QLineEdit>("downloadFolder");
        folder->selectAll();
        QTest::keyClicks(folder, QString::fromStdString(folder_->path() + "/in"));
    }
    template <class T>
    [[nodiscard]] T* find(const char* name) const {
        return dialog_->findChild<T*>(QLatin1String(name));
    }
    [[nodiscard]] QString state() const { return find<QLabel>("downloadState")->text(); }
    void press(const char* name) const {
        QTest::mouseClick(find<QPushButton>(name), Qt::LeftButton);
    }

private Q_SLOTS:
    void initTestCase() {
        liveIn(home_.path());
        if (!canDownload())
            QSKIP("libcurl is not installed");
    }
    void init() {
        server_ = std::make_unique<HttpServer>();
        folder_ = std::make_unique<TemporaryFolder>();
        jobs_ = std::make_unique<BackgroundJobs>();
    }
    void cleanup() {
        delete dialog_;
        jobs_.reset();
        server_.reset();
    }

    void aSetIsDownloadedByKeys() {
        server_->put("a.bin", {.bytes = bytes_});
        open({small()});
        QVERIFY(find<QLabel>("downloadAbout")->text().contains(QStringLiteral("A few.")));
        std::optional<DataChoice> choice;
        connect(dialog_, &QDialog::accepted, this, [&] { choice = dialog_->choice(); });
        QTest::keyClick(dialog_, Qt::Key_Return); // Download is the default
        QTRY_VERIFY_WITH_TIMEOUT(choice.has_value(), kDownloadPatience);
        const auto file = *folder_ / "in/a.bin";
        QVERIFY(readFile(file) == Bytes(bytes_.begin(), bytes_.end()));
        QCOMPARE(std::get<std::string>(choice->params.at("training_images")), file.string());
    }

    void aDownloadIsStoppedAndGoesOn() {
        server_->put("a.bin", {.bytes = bytes_, .pause = 5});
        open({small()});
        press("downloadStart");
        QTRY_VERIFY_WITH_TIMEOUT(state().contains(QStringLiteral(" of ")), kDownloadPatience);
        QVERIFY(!find<QPushButton>("downloadStart")->isEnabled());
        QVERIFY(!find<QPushButton>("downloadBrowse")->isEnabled());
        QCOMPARE(find<QPushButton>("downloadStop")->text(), QStringLiteral("Stop"));
        press("downloadStop");
        QCOMPARE(state(), QStringLiteral("Stopped. What has arrived is kept: Download continues "
                                         "from there."));
        QVERIFY(find<QPushButton>("downloadBrowse")->isEnabled());
        QVERIFY(dialog_->isVisible());
        const auto part = *folder_ / "in/a.bin.part";
        QTRY_VERIFY(fs::exists(part) && fs::file_size(part) > 0);
        jobs_ = nullptr; // waits for the job that was asked to stop
        jobs_ = std::make_unique<BackgroundJobs>();
        const auto kept = fs::file_size(part);
        delete dialog_;
        server_->put("a.bin", {.bytes = bytes_});
        open({small()});
        std::optional<DataChoice> choice;
        connect(dialog_, &QDialog::accepted, this, [&] { choice = dialog_->choice(); });
        press("downloadStart");
        QTRY_VERIFY_WITH_TIMEOUT(choice.has_value(), kDownloadPatience);
        QCOMPARE(server_->requests().back(), fmt::format("a.bin {}", kept));
    }

    void whatGoesWrongIsSaidAndCanBeTriedAgain() {
        open({small()});
        press("downloadStart");
        QTRY_VERIFY_WITH_TIMEOUT(state().contains(QStringLiteral("answers with 404")),
                                 kDownloadPatience);
        QVERIFY(state().contains(QStringLiteral("By hand: put a.bin from")));
        QVERIFY(find<QPushButton>("downloadStart")->isEnabled());
        QVERIFY(!dialog_->choice());
        server_->put("a.bin", {.bytes = bytes_});
        std::optional<DataChoice> choice;
        connect(dialog_, &QDialog::accepted, this, [&] { choice = dialog_->choice(); });
        press("downloadStart");
        QTRY_VERIFY_WITH_TIMEOUT(choice.has_value(), kDownloadPatience);
    }

    void theFolderIsAWholePath() {
        const auto textRole = [&] {
            return find<QLabel>("downloadState")->property("textRole").toString();
        };
        server_->put("a.bin", {.bytes = bytes_});
        open({small()});
        auto* const folder = find<QLineEdit>("downloadFolder");
        for (const char* text : {"", "  ", "sets", "./sets"}) {
            folder->selectAll();
            QTest::keyClick(folder, Qt::Key_Delete);
            QTest::keyClicks(folder, QString::fromUtf8(text));
            press("downloadStart");
            QVERIFY2(
                state().startsWith(QStringLiteral("Write the whole path of the folder, as in ")),
                qPrintable(state()));
            QCOMPARE(textRole(), QStringLiteral("error"));
            QVERIFY(find<QPushButton>("downloadStart")->isEnabled());
        }
        // What is wrong is no longer red once it is right.
        const auto home = qgetenv("HOME");
        qputenv("HOME", QByteArray::fromStdString(folder_->path()));
        folder->selectAll();
        QTest::keyClicks(folder, QStringLiteral("~/sets"));
        std::optional<DataChoice> choice;
        connect(dialog_, &QDialog::accepted, this, [&] { choice = dialog_->choice(); });
        press("downloadStart");
        QCOMPARE(textRole(), QStringLiteral("muted"));
        QTRY_VERIFY_WITH_TIMEOUT(choice.has_value(), kDownloadPatience);
        qputenv("HOME", home);
        QVERIFY(readFile(*folder_ / "sets/a.bin") == Bytes(bytes_.begin(), bytes_.end()));
    }

    void theFolderFollowsTheSetUntilItIsChosen() {
        auto other = small();
        other.key = "other";
        other.title = "Others";
        dialog_ = new DownloadDialog(*jobs_, {small(), other});
        dialog_->open();
        auto* const folder = find<QLineEdit>("downloadFolder");
        QVERIFY(folder->text().endsWith(QStringLiteral("/datasets/small")));
        find<QComboBox>("downloadSet")->setFocus();
        QTest::keyClick(find<QComboBox>("downloadSet"), Qt::Key_Down);
        QVERIFY(folder->text().endsWith(QStringLiteral("/datasets/other")));
        folder->selectAll();
        QTest::keyClicks(folder, QStringLiteral("/tmp/mine"));
        QTest::keyClick(find<QComboBox>("downloadSet"), Qt::Key_Up);
        QCOMPARE(folder->text(), QStringLiteral("/tmp/mine"));
        // Cancel and Escape close it while nothing runs.
        QTest::keyClick(dialog_, Qt::Key_Escape);
        QTRY_VERIFY(!dialog_ || !dialog_->isVisible());
    }
};

QTEST_MAIN(DownloadDialogTest)
#include "tst_download_dialog.moc"
