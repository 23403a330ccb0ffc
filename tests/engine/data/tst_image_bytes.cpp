// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_bytes.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::uint32_t kImages = 500;

/// Images of 3 × 5, each pixel another number.
Bytes manyImages() {
    Bytes pixels(std::size_t{kImages} * 15);
    for (std::size_t i = 0; i < pixels.size(); ++i)
        pixels[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    return idx(0x08, {kImages, 3, 5}, pixels);
}

} // namespace

/// Images in memory and in a file.
class ImageBytesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        plain_ = folder_ / "images";
        writeFile(plain_, manyImages());
    }

    void bothHoldTheSame() {
        const auto inMemory = ImageBytes::open(plain_);
        const auto inFile = ImageBytes::open(plain_, 0);
        QVERIFY(inMemory.isInMemory());
        QVERIFY(!inFile.isInMemory());
        QCOMPARE(inFile.dims(), (std::vector<std::int64_t>{kImages, 3, 5}));
        for (std::int64_t i = 0; i < kImages; ++i)
            QVERIFY(std::ranges::equal(inMemory.image(i), inFile.image(i)));
    }

    void whatIsPackedIsRead() {
        const auto packed = folder_ / "images.gz";
        writeFile(packed, gzip(manyImages()));
        const auto images = ImageBytes::open(packed, 0);
        QVERIFY(images.isInMemory());
        QVERIFY(std::ranges::equal(images.image(499), ImageBytes::open(plain_).image(499)));
    }

    void threadsReadAtOnce() {
        const auto inMemory = ImageBytes::open(plain_);
        const auto inFile = ImageBytes::open(plain_, 0);
        std::atomic<int> wrong = 0;
        {
            std::vector<std::jthread> threads;
            for (int thread = 0; thread < 4; ++thread)
                threads.emplace_back([&, thread] {
                    for (std::int64_t i = 0; i < 4 * kImages; ++i) {
                        const auto index = (i * (3 + thread)) % kImages;
                        if (!std::ranges::equal(inMemory.image(index), inFile.image(index)))
                            ++wrong;
                    }
                });
        }
        QCOMPARE(wrong.load(), 0);
    }

    void aFileThatShrinksIsAnError() {
        const auto images = ImageBytes::open(plain_, 0);
        std::filesystem::resize_file(plain_, 40);
        QVERIFY(
            contains(errorOf([&] { static_cast<void>(images.image(1)); }), "ends at byte 40, but"));
        QVERIFY(contains(errorOf([&] { static_cast<void>(ImageBytes::open(plain_, 0)); }),
                         "promises 7500 bytes"));
    }

    void valuesMustFit() {
        QVERIFY(contains(errorOf([] {
                             ImageBytes({{2, 3, 4}, std::vector<std::uint8_t>(23)});
                         }),
                         "23 bytes do not fit"));
    }

private:
    TemporaryFolder folder_;
    std::filesystem::path plain_;
};

QTEST_APPLESS_MAIN(ImageBytesTest)
#include "tst_image_bytes.moc"
