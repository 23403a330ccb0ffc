// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "engine/support/resources.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace gradwright;

class ResourcesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { qunsetenv("GRADWRIGHT_RESOURCES"); }

    void findsTheSourceTreesFiles() {
        QVERIFY(std::filesystem::exists(resourcePath("datasets/mnist/README.md")));
    }

    void environmentComesFirst() {
        const QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("own.txt")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        qputenv("GRADWRIGHT_RESOURCES", folder.path().toUtf8());
        QCOMPARE(resourcePath("own.txt").string(), file.fileName().toStdString());
        // What the named folder lacks is still found in the others.
        QVERIFY(std::filesystem::exists(resourcePath("datasets/mnist/README.md")));
    }

    void namesThePlacesSearched() {
        qputenv("GRADWRIGHT_RESOURCES", "/nowhere/at/all");
        try {
            static_cast<void>(resourcePath("no/such.file"));
            QFAIL("found what does not exist");
        } catch (const Error& error) {
            const auto message = QString::fromUtf8(error.what());
            QVERIFY2(message.contains(QStringLiteral("no/such.file")), error.what());
            QVERIFY2(message.contains(QStringLiteral("/nowhere/at/all")), error.what());
            QVERIFY2(message.contains(QStringLiteral("share/gradwright")), error.what());
        }
    }
};

QTEST_APPLESS_MAIN(ResourcesTest)
#include "tst_resources.moc"
