// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/input_columns.h"

#include "ui/theme/text.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <tuple>

namespace gradwright {
namespace {

constexpr std::size_t kMostChecks = 64; ///< columns; more are typed
constexpr int kChecksInARow = 2;
constexpr qsizetype kLongLabel = 20; ///< characters; longer ones have a row of their own

QLabel* captionOf(const QString& text, QWidget* buddy = nullptr) {
    auto* const label = new QLabel(text);
    label->setProperty("textRole", QStringLiteral("caption"));
    label->setWordWrap(true);
    label->setBuddy(buddy);
    return label;
}

QString listed(const std::vector<std::string>& parts) {
    QStringList names;
    for (const std::string& part : parts)
        names << qstr(part);
    return names.join(QStringLiteral(", "));
}

/// Between commas.
std::vector<std::string> partsIn(const QString& text) {
    std::vector<std::string> parts;
    for (const QString& part : text.split(u',', Qt::SkipEmptyParts))
        if (const QString name = part.trimmed(); !name.isEmpty())
            parts.push_back(name.toStdString());
    return parts;
}

} // namespace

InputColumns::InputColumns(QWidget* parent)
    : QWidget(parent)
    , layout_(new QVBoxLayout(this)) {
    layout_->setContentsMargins(0, 0, 0, 0);
    setVisible(false);
}

void InputColumns::setAssignment(const InputAssignment& assignment,
                                 const std::vector<std::string>& inputs,
                                 const std::vector<DataColumn>& columns) {
    assignment_ = assignment;
    if (std::tie(inputs_, columns_) != std::tie(inputs, columns)) {
        inputs_ = inputs;
        columns_ = columns;
        rebuild();
    }
    setVisible(!inputs_.empty() && (inputs_.size() > 1 || !assignment_.empty()));
    showValues();
}

void InputColumns::rebuild() {
    if (body_ != nullptr) {
        body_->setParent(nullptr);
        body_->deleteLater();
    }
    checks_.clear();
    fields_.clear();
    body_ = new QWidget;
    auto* const rows = new QVBoxLayout(body_);
    rows->setContentsMargins(0, 0, 0, 0);
    layout_->addWidget(body_);
    const bool areTicked = !columns_.empty() && columns_.size() <= kMostChecks;
    rows->addWidget(captionOf(
        areTicked ? tr("Columns of each Input; a column without a tick is left out.")
        : columns_.empty()
            ? tr("Parts of each Input: numbers or ranges of a sample's first axis, such as 0-11.")
            : tr("Columns of each Input, separated by commas.")));
    for (const std::string& input : inputs_) {
        if (areTicked)
            addChecks(input);
        else
            addField(input, tr("Input %1").arg(qstr(input)));
    }
    if (!areTicked && !inputs_.empty())
        addField({}, tr("Left out"));
    Q_EMIT rebuilt();
}

void InputColumns::addChecks(const std::string& input) {
    body_->layout()->addWidget(captionOf(tr("Input %1").arg(qstr(input))));
    auto* const group = new QWidget;
    auto* const grid = new QGridLayout(group);
    grid->setContentsMargins(0, 0, 0, 0);
    const bool isNarrow = std::ranges::any_of(
        columns_, [](const DataColumn& column) { return column.label.size() > kLongLabel; });
    const int inARow = isNarrow ? 1 : kChecksInARow;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto& [column, label, note] = columns_[i];
        auto* const box = new QCheckBox(label);
        box->setToolTip(note);
        box->setObjectName(QStringLiteral("column/%1/%2").arg(qstr(input), qstr(column)));
        box->setAccessibleName(tr("%1 for %2").arg(label, qstr(input)));
        connect(box, &QCheckBox::toggled, this,
                [this, input, name = column](bool given) { assign(input, name, given); });
        checks_.push_back({input, column, box});
        grid->addWidget(box, static_cast<int>(i) / inARow, static_cast<int>(i) % inARow);
    }
    body_->layout()->addWidget(group);
}

void InputColumns::addField(const std::string& input, const QString& title) {
    auto* const edit = new QLineEdit;
    edit->setObjectName(input.empty() ? QStringLiteral("leftOut")
                                      : QStringLiteral("parts/") + qstr(input));
    edit->setAccessibleName(title);
    connect(edit, &QLineEdit::editingFinished, this,
            [this, input, edit] { takeField(input, edit->text()); });
    fields_.push_back({input, edit});
    body_->layout()->addWidget(captionOf(title, edit));
    body_->layout()->addWidget(edit);
}

void InputColumns::showValues() {
    const auto partsOf = [this](const std::string& input) {
        const auto found = assignment_.inputs.find(input);
        return found == assignment_.inputs.end() ? std::vector<std::string>{} : found->second;
    };
    for (const Check& check : checks_) {
        const auto parts = partsOf(check.input);
        const QSignalBlocker quiet(check.box);
        check.box->setChecked(std::ranges::find(parts, check.column) != parts.end());
    }
    for (const Field& field : fields_) {
        const QString text =
            listed(field.input.empty() ? assignment_.leftOut : partsOf(field.input));
        if (partsIn(field.edit->text()) != partsIn(text))
            field.edit->setText(text);
    }
}

/// A column belongs to one Input: a tick takes it away from the others.
void InputColumns::assign(const std::string& input, const std::string& column, bool given) {
    std::erase(assignment_.leftOut, column);
    for (auto& [name, parts] : assignment_.inputs)
        std::erase(parts, column);
    auto& parts = given ? assignment_.inputs[input] : assignment_.leftOut;
    parts.push_back(column);
    // In the order of the data.
    std::ranges::sort(parts, {}, [this](const std::string& name) {
        return std::ranges::find(columns_, name, &DataColumn::name) - columns_.begin();
    });
    std::erase_if(assignment_.inputs, [](const auto& each) { return each.second.empty(); });
    showValues();
    Q_EMIT edited(assignment_);
}

void InputColumns::takeField(const std::string& input, const QString& text) {
    const InputAssignment before = assignment_;
    (input.empty() ? assignment_.leftOut : assignment_.inputs[input]) = partsIn(text);
    std::erase_if(assignment_.inputs, [](const auto& each) { return each.second.empty(); });
    if (assignment_ != before)
        Q_EMIT edited(assignment_);
}

} // namespace gradwright

#include "moc_input_columns.cpp"
