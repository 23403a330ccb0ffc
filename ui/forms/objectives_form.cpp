// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/objectives_form.h"

#include "engine/training/recipes/losses.h"
#include "ui/forms/param_form.h"
#include "ui/forms/recipe_choice.h"
#include "ui/forms/recipe_form.h"
#include "ui/theme/text.h"

#include <QCheckBox>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

constexpr double kMostWeight = 1e6;
constexpr double kLeastWeight = 1e-6;

ParamSpec weightParam() {
    return realParam("weight", "Weight", 1, kLeastWeight, kMostWeight,
                     "The losses of all Outputs are summed, each times its weight.");
}

} // namespace

ObjectivesForm::ObjectivesForm(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , layout_(new QVBoxLayout(this)) {
    layout_->setContentsMargins(0, 0, 0, 0);
    rebuild();
}

void ObjectivesForm::setObjectives(const std::vector<Objective>& objectives,
                                   const std::vector<std::string>& outputs) {
    if (std::exchange(outputs_, outputs) != outputs)
        rebuild();
    order_.clear();
    for (const Objective& each : objectives)
        order_.push_back(each.output);
    const auto of = [&](const std::string& output) {
        const auto found = std::ranges::find(objectives, output, &Objective::output);
        return found == objectives.end() ? nullptr : &*found;
    };
    if (rows_.size() == 1) {
        const Objective* const named = outputs_.empty() ? nullptr : of(outputs_.front());
        show(rows_.front(), named != nullptr ? *named : objectives.front(), true);
        return;
    }
    for (Row& row : rows_) {
        const std::string output = row.objective.output;
        if (const Objective* const found = of(output))
            show(row, *found, true);
        else // what is likely meant, should it be trained, too
            show(row, Objective{.output = output, .loss = objectives.front().loss}, false);
    }
    updateChecks();
}

void ObjectivesForm::rebuild() {
    if (body_ != nullptr) {
        body_->setParent(nullptr);
        body_->deleteLater();
    }
    body_ = new QWidget;
    auto* const rows = new QVBoxLayout(body_);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(0);
    layout_->addWidget(body_);
    rows_.clear();
    rows_.resize(std::max<std::size_t>(outputs_.size(), 1));
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (rows_.size() > 1)
            rows_[i].objective.output = outputs_[i];
        addRow(rows_[i]);
    }
    Q_EMIT rebuilt();
}

void ObjectivesForm::addRow(Row& row) {
    const auto index = static_cast<std::size_t>(&row - rows_.data());
    if (rows_.size() > 1) {
        const QString name = qstr(row.objective.output);
        row.trained = new QCheckBox(tr("Train %1").arg(name));
        row.trained->setObjectName(QStringLiteral("trained/") + name);
        row.trained->setToolTip(tr("Whether the loss at this Output counts."));
        body_->layout()->addWidget(row.trained);
        connect(row.trained, &QCheckBox::toggled, this, &ObjectivesForm::publish);
    }
    row.loss = new RecipeForm(
        choiceOf("loss", "Loss", losses(), Objective{}.loss.key, "What training minimizes."),
        [](const auto& key) { return loss(key).params; }, *theme_);
    body_->layout()->addWidget(row.loss);
    connect(row.loss, &RecipeForm::edited, this, [this, index](const Recipe& recipe) {
        rows_[index].objective.loss = recipe;
        publish();
    });
    connect(row.loss, &RecipeForm::rebuilt, this, &ObjectivesForm::rebuilt);
    row.loss->setLocked(locked_);
    if (rows_.size() == 1)
        return;
    row.loss->setObjectName(QStringLiteral("objective/") + qstr(row.objective.output));
    row.weight = new ParamForm({weightParam()}, "training", *theme_);
    row.weight->setLocked(locked_);
    row.loss->insert(row.weight);
    connect(row.weight, &ParamForm::edited, this,
            [this, index](const std::string&, const ParamValue& value) {
                rows_[index].objective.weight = std::get<double>(value);
                publish();
            });
}

void ObjectivesForm::show(Row& row, const Objective& objective, bool trained) {
    row.objective = objective;
    offerLosses(row);
    row.loss->setRecipe(objective.loss);
    if (row.trained == nullptr)
        return;
    row.weight->setValues({{"weight", row.objective.weight}});
    const QSignalBlocker quiet(row.trained);
    row.trained->setChecked(trained);
}

bool ObjectivesForm::isTrained(const Row& row) const {
    return row.trained == nullptr || row.trained->isChecked();
}

/// The trained Output that the network is judged by.
const ObjectivesForm::Row* ObjectivesForm::firstTrained() const {
    const Row* first = nullptr;
    const auto placeOf = [this](const Row& row) {
        return std::ranges::find(order_, row.objective.output) - order_.begin();
    };
    for (const Row& row : rows_)
        if (isTrained(row) && (first == nullptr || placeOf(row) < placeOf(*first)))
            first = &row;
    return first;
}

/// The last one that is trained cannot be unchecked: there must be something to learn.
void ObjectivesForm::updateChecks() {
    const auto trained =
        std::ranges::count_if(rows_, [this](const Row& row) { return isTrained(row); });
    const Row* const first = firstTrained();
    for (const Row& row : rows_) {
        if (row.trained == nullptr)
            continue;
        row.trained->setEnabled(!locked_ && (trained > 1 || !row.trained->isChecked()));
        const QString name = qstr(row.objective.output);
        row.trained->setText(&row == first && trained > 1
                                 ? tr("Train %1 (the network is judged by it)").arg(name)
                                 : tr("Train %1").arg(name));
        row.loss->setVisible(row.trained->isChecked());
    }
}

void ObjectivesForm::publish() {
    std::vector<Objective> objectives;
    for (const Row& row : rows_)
        if (isTrained(row))
            objectives.push_back(row.objective);
    // In the order that they had; what is new comes last.
    std::ranges::stable_sort(objectives, {}, [this](const Objective& each) {
        return std::ranges::find(order_, each.output) - order_.begin();
    });
    // A network with one Output needs no name for it; one that another network left is wrong.
    if (rows_.size() == 1)
        objectives.front().output.clear();
    updateChecks();
    if (!objectives.empty())
        Q_EMIT edited(objectives);
}

void ObjectivesForm::setClassTargets(bool hasClasses) {
    classTargets_ = hasClasses;
    for (Row& row : rows_)
        offerLosses(row);
}

void ObjectivesForm::offerLosses(Row& row) {
    std::vector<ParamChoice> choices;
    std::vector<std::string> keys;
    for (const LossDef& each : losses()) {
        if (!classTargets_ && each.target == TargetKind::ClassIndex &&
            each.key != row.objective.loss.key)
            continue;
        choices.push_back({each.key, each.title, each.doc});
        keys.push_back(each.key);
    }
    if (std::exchange(row.offered, keys) != keys) // an open list stays as it is
        row.loss->setChoices(choices);
}

void ObjectivesForm::setLocked(bool locked) {
    locked_ = locked;
    for (const Row& row : rows_) {
        row.loss->setLocked(locked);
        if (row.weight != nullptr)
            row.weight->setLocked(locked);
    }
    updateChecks();
}

} // namespace gradwright

#include "moc_objectives_form.cpp"
