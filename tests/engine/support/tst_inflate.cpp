// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/inflate.h"

#include <QTest>

#include <string>

using namespace gradwright;

namespace {

template <class... Bytes>
std::string bytesOf(Bytes... bytes) {
    return {static_cast<char>(bytes)...};
}

/// One block that is not compressed (RFC 1951, section 3.2.4).
std::string stored() {
    return bytesOf(0x01, 0x03, 0x00, 0xfc, 0xff, 'a', 'b', 'c');
}

/// "hello " forty times, as zlib 1.2.13 packs it.
std::string hellos() {
    return bytesOf(0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x18, 0x31, 0x24, 0x00);
}

} // namespace

class InflateTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void streamsAreUnpacked() {
        QVERIFY(inflated(stored(), 3) == "abc");
        std::string text;
        for (int i = 0; i < 40; ++i)
            text += "hello ";
        QVERIFY(inflated(hellos(), text.size()) == text);
    }

    void anotherSizeIsNotTaken() {
        QVERIFY(!inflated(stored(), 2));
        QVERIFY(!inflated(stored(), 4));
        QVERIFY(!inflated(hellos(), 239));
        QVERIFY(!inflated(hellos(), 241));
    }

    void damagedStreamsAreNotTaken() {
        QVERIFY(!inflated("", 0));
        QVERIFY(!inflated("", 3));
        for (std::size_t size = 0; size < hellos().size(); ++size)
            QVERIFY(!inflated(hellos().substr(0, size), 240));
        auto wrongLength = stored();
        wrongLength[3] = 0;
        QVERIFY(!inflated(wrongLength, 3));
    }
};

QTEST_APPLESS_MAIN(InflateTest)
#include "tst_inflate.moc"
