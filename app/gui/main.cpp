// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/scheduling.h"
#include "engine/support/version.h"
#include "ui/shell/main_window.h"

#include <QApplication>
#include <QCommandLineParser>

int main(int argc, char** argv) {
    gradwright::setScheduling(gradwright::Scheduling::Responsive);
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("gradwright"));
    QApplication::setApplicationDisplayName(QStringLiteral("Gradwright"));
    QApplication::setOrganizationName(QStringLiteral("gradwright"));
    QApplication::setApplicationVersion(QString::fromLatin1(gradwright::kVersion));
    QApplication::setDesktopFileName(QStringLiteral("gradwright"));

    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("Designs, trains and uses neural networks by sight."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(QStringLiteral("file"), QStringLiteral("A project to open."),
                                 QStringLiteral("[file]"));
    parser.process(application);

    gradwright::ThemeManager themes(application);
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/app/gradwright.svg")));
    gradwright::MainWindow window(themes);
    window.show();
    const QStringList files = parser.positionalArguments();
    if (!files.isEmpty())
        window.openFile(files.first());
    else
        window.offerRecovery();
    return QApplication::exec();
}
