// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/data_remedies.h"

#include <QString>
#include <QWidget>

#include <vector>

class QLabel;
class QVBoxLayout;

namespace gradwright {

class ThemeManager;

/// What a problem is called: "Missing values".
QString titleOf(DataProblemKind kind);

/// A problem as the list shows it.
struct ListedProblem {
    DataProblem problem;
    std::optional<DataRemedy> remedy;
};

/// What is wrong with the data, a card each: how often, the first places, and a button that helps
/// where one does.
class ProblemList : public QWidget {
    Q_OBJECT

public:
    explicit ProblemList(ThemeManager& themes, QWidget* parent = nullptr);

    /// `failure` is why the data cannot be used at all; empty: they can. `cure` is what a button
    /// beside it says, and empty where there is none.
    void setProblems(std::vector<ListedProblem> problems, const QString& failure,
                     const QString& cure = {});
    /// Remedies can be seen and not used.
    void setLocked(bool locked);
    /// Whether a sample can be shown; so at first.
    void setSamplesShown(bool shown) { showsSamples_ = shown; }
    /// What is said where there is no problem.
    void setNothing(const QString& text);
    [[nodiscard]] const std::vector<ListedProblem>& problems() const { return problems_; }

Q_SIGNALS:
    /// The button beside the failure was pressed.
    void failureCureWanted();
    void remedyChosen(const gradwright::DataRemedy& remedy);
    void columnWanted(const std::string& column);
    void sampleWanted(const gradwright::SampleId& sample);

private:
    void rebuild();
    QWidget* cardOf(std::size_t index);
    QWidget* failureCard();

    ThemeManager* themes_;
    std::vector<ListedProblem> problems_;
    QString failure_;
    QString failureCure_;
    bool locked_ = false;
    bool showsSamples_ = true;
    QWidget* body_ = nullptr;
    QVBoxLayout* layout_;
    QLabel* nothing_;
};

} // namespace gradwright
