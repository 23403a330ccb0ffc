// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QPointer>
#include <QWidget>

#include <vector>

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
    /// Where a problem of the data can be looked into.
    void dataWanted();
    /// A fix could not be made; the reason.
    void hint(const QString& text);

private:
    struct Row {
        QString text;
        QWidget* widget;
    };

    void refresh();
    QWidget* rowFor(const Diagnostic& diagnostic, const QString& text);
    /// As it is now: the same problem may have got another fix.
    void applyFix(const QString& text, std::size_t index);

    ProjectDocument* document_;
    const ThemeManager* themes_;
    QVBoxLayout* rows_;
    std::vector<Row> shown_;
    QPointer<QWidget> none_; ///< says that there is nothing
};

/// "1 error, 2 warnings", "no network problems".
QString problemSummary(const Analysis& analysis);

} // namespace gradwright
