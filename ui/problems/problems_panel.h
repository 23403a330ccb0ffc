// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

class QVBoxLayout;

namespace gradwright {

/// What analysis has to say, with its fixes as buttons.
class ProblemsPanel final : public QWidget {
    Q_OBJECT
public:
    ProblemsPanel(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

Q_SIGNALS:
    /// How many there are.
    void countChanged(qsizetype count);
    /// The place of a problem was clicked.
    void placeChosen(const std::string& graph, gradwright::NodeId node);
    /// A fix could not be made; the reason.
    void hint(const QString& text);

private:
    void refresh();
    QWidget* rowFor(const Diagnostic& diagnostic);
    void applyFix(const Fix& fix);

    ProjectDocument* document_;
    const ThemeManager* themes_;
    QVBoxLayout* rows_;
};

/// "1 error, 2 warnings", "no problems".
QString problemSummary(const Analysis& analysis);

} // namespace gradwright
