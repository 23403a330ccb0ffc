// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/inference/input_panel.h"

class QLabel;
class QTableView;

namespace gradwright {

class AnswerCard;
class LiveReader;
class RowForm;
class TestRows;
class TestStepper;
class ThemeManager;

/// For networks that read rows of a table: a form to fill in, the answer while that is done, and
/// the rows of the test part with the worst first.
class TablePanel final : public InputPanel {
    Q_OBJECT

public:
    explicit TablePanel(ThemeManager& theme, QWidget* parent = nullptr);

    /// Whether a network reads rows of a table.
    static bool suits(const DataInfo& info);

    [[nodiscard]] RowForm& form() { return *form_; }
    [[nodiscard]] AnswerCard& answer() { return *answer_; }
    [[nodiscard]] QTableView& rows() { return *view_; }
    [[nodiscard]] TestStepper& stepper() { return *stepper_; }

    void setModel(const std::shared_ptr<const TrainedModel>& model, bool live) override;
    void setData(const DataInfo& info) override;
    void clear() override;
    void showReason(const QString& reason) override;
    void showSample(std::int64_t sample) override;
    void setReport(const std::shared_ptr<const TestReport>& report) override;

private:
    QWidget* makeFormCard();
    QWidget* makeRowsCard();
    void connectReader();
    void read();
    /// Reads what was changed by hand, which is no row of the test set any more.
    void readEdited();
    void markCurrent();

    std::shared_ptr<const TrainedModel> model_;
    LiveReader* reader_;
    RowForm* form_;
    AnswerCard* answer_;
    TestStepper* stepper_;
    TestRows* tested_;
    QTableView* view_;
    QLabel* order_;
    bool marking_ = false; ///< the table's current row follows the form
};

} // namespace gradwright
