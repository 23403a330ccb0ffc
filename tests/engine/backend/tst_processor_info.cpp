// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/backend/onednn/processor_info.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::onednn;

class ProcessorInfoTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theNewestInstructionsAreNamed() {
        QCOMPARE(newestInstructions("fpu sse2 avx avx2 avx512f avx512_bf16 amx_tile amx_int8"),
                 std::string_view("AVX-512 AMX"));
        QCOMPARE(newestInstructions("avx2 avx512f avx512_bf16"), std::string_view("AVX-512 BF16"));
        QCOMPARE(newestInstructions("avx2 avx512f amx_fp16 amx_tile"),
                 std::string_view("AVX-512 AMX FP16"));
        QCOMPARE(newestInstructions("avx avx_vnni avx2"), std::string_view("AVX2 VNNI"));
        QCOMPARE(newestInstructions("fpu avx"), std::string_view("AVX"));
        // A flag is a whole word.
        QCOMPARE(newestInstructions("avx512fx avx2"), std::string_view("AVX2"));
        QCOMPARE(newestInstructions(""), std::string_view("SSE2"));
    }

    void theDeviceNamesWhatItUses() {
        const auto detail = QString::fromStdString(makeOneDnnBackend()->device().detail);
        QVERIFY2(detail.contains("SSE") || detail.contains("AVX"), qPrintable(detail));
    }
};

QTEST_APPLESS_MAIN(ProcessorInfoTest)
#include "tst_processor_info.moc"
