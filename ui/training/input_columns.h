// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/input_assignment.h"
#include "ui/forms/data_text.h"

#include <QString>
#include <QWidget>

#include <string>
#include <vector>

class QCheckBox;
class QLineEdit;
class QVBoxLayout;

namespace gradwright {

/// Which Input of a network gets which parts of a sample: for each Input the columns of a table as
/// check boxes, of which a column has one ticked at most; where there are no columns, or too many,
/// a field for their names or for ranges. Hidden where the only Input gets all.
class InputColumns : public QWidget {
    Q_OBJECT

public:
    explicit InputColumns(QWidget* parent = nullptr);

    /// `inputs` are the names of the network's Input nodes, `columns` those of the data, which may
    /// be none.
    void setAssignment(const InputAssignment& assignment, const std::vector<std::string>& inputs,
                       const std::vector<DataColumn>& columns);

Q_SIGNALS:
    void edited(const gradwright::InputAssignment& assignment);
    /// Has other fields now.
    void rebuilt();

private:
    void rebuild();
    void addChecks(const std::string& input);
    void addField(const std::string& input, const QString& title);
    void showValues();
    void assign(const std::string& input, const std::string& column, bool given);
    void takeField(const std::string& input, const QString& text);

    struct Check {
        std::string input, column;
        QCheckBox* box;
    };
    struct Field {
        std::string input; ///< empty: what is left out
        QLineEdit* edit;
    };
    InputAssignment assignment_;
    std::vector<std::string> inputs_;
    std::vector<DataColumn> columns_;
    std::vector<Check> checks_;
    std::vector<Field> fields_;
    QWidget* body_ = nullptr;
    QVBoxLayout* layout_;
};

} // namespace gradwright
