// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/brief_spinning.h"
#include "engine/support/scheduling.h"
#include "engine/support/version.h"
#include "ui/shell/main_window.h"

#include <QApplication>
#include <QCommandLineParser>

#include <algorithm>
#include <string_view>

int main(int argc, char** argv) {
    gradwright::startWithBriefSpinning(argv);
    // What is only told needs no display.
    const bool tells = std::any_of(argv + 1, argv + argc, [](const char* argument) {
        const std::string_view text(argument);
        return text == "--help" || text == "-h" || text == "--version" || text == "-v";
    });
    if (tells && !qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "minimal");
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
    const QCommandLineOption noTour(QStringLiteral("no-tour"),
                                    QStringLiteral("Does not show the tour at the first start."));
    parser.addOption(noTour);
    parser.addPositionalArgument(
        QStringLiteral("file"),
        QStringLiteral("Projects to open, networks that only answer (.gwmodel), or data to begin "
                       "a project with: a table, a folder of images, IDX files or a text; each in "
                       "a window. template:NAME begins with a template."),
        QStringLiteral("[file...]"));
    parser.process(application);

    gradwright::ThemeManager themes(application);
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/app/gradwright.svg")));
    auto* const window = new gradwright::MainWindow(themes);
    window->setAttribute(Qt::WA_DeleteOnClose); // as those that it opens
    window->show();
    const QStringList files = parser.positionalArguments();
    window->offerRecovery();
    for (const QString& file : files)
        window->openBeside(file);
    if (files.isEmpty() && !parser.isSet(noTour))
        window->offerTour();
    return QApplication::exec();
}
