// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QObject>
#include <QStringList>

#include <functional>

class QWidget;

namespace gradwright {

/// Opening and saving as the menus do it: dialogs, the question about unsaved changes, and the list
/// of recent files. Failures are shown.
class ProjectFiles final : public QObject {
    Q_OBJECT
public:
    ProjectFiles(ProjectDocument& document, QWidget& window);

    void newBlank();
    void newFromTemplate(const std::string& key);
    /// The dialog for a project to open; empty when it was cancelled.
    [[nodiscard]] static QString ask(QWidget& window);
    void openFile(const QString& file);
    /// True when the project is on disk now.
    bool save();
    bool saveAs();
    /// Writes the network as a program; `format` is a key of codeFormats().
    void exportCode(const std::string& format);
    /// Asks about unsaved changes; true when they may go.
    bool mayReplace();
    /// Offers what a crash left behind, beside what had been saved.
    void offerRecovery(const ThemeManager& themes);
    /// Opens the project of a run that was cut off: its file, or without one as the run kept it.
    /// False when that failed or was not wanted.
    bool openForRun(const std::filesystem::path& run,
                    const std::optional<std::filesystem::path>& file);

    [[nodiscard]] static QStringList recent();

Q_SIGNALS:
    /// A project has been opened or begun.
    void opened();
    /// For the status bar.
    void hint(const QString& text);

private:
    bool attempt(const std::function<void()>& action);
    void remember(const QString& file);

    ProjectDocument* document_;
    QWidget* window_;
};

} // namespace gradwright
