// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/recipe_form.h"

#include "ui/forms/param_form.h"

#include <QVBoxLayout>

namespace gradwright {

RecipeForm::RecipeForm(ParamSpec choice, std::function<ParamSpecs(const std::string&)> paramsOf,
                       ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , paramsOf_(std::move(paramsOf))
    , choiceKey_(choice.key)
    , recipe_{std::get<std::string>(choice.defaultValue), {}}
    , layout_(new QVBoxLayout(this))
    , choice_(new ParamForm({std::move(choice)}, "training", theme)) {
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setSpacing(0);
    layout_->addWidget(choice_);
    connect(choice_, &ParamForm::edited, this, [this](const std::string&, const ParamValue& value) {
        recipe_ = {std::get<std::string>(value), {}};
        rebuild();
        Q_EMIT edited(recipe_);
    });
    rebuild();
}

void RecipeForm::insert(QWidget* widget) {
    layout_->insertWidget(1, widget);
}

void RecipeForm::setRecipe(const Recipe& recipe) {
    const bool another = recipe.key != recipe_.key;
    recipe_ = recipe;
    choice_->setValues({{choiceKey_, recipe.key}});
    if (another)
        rebuild();
    else
        params_->setValues(recipe.params);
}

void RecipeForm::rebuild() {
    if (params_) {
        params_->hide(); // gone for whoever looks for forms
        params_->deleteLater();
    }
    params_ = new ParamForm(paramsOf_(recipe_.key), choiceKey_ + '/' + recipe_.key, *theme_);
    params_->setOffered(suits_);
    params_->setValues(recipe_.params);
    params_->setLocked(locked_);
    layout_->addWidget(params_);
    connect(params_, &ParamForm::edited, this,
            [this](const std::string& key, const ParamValue& value) {
                recipe_.params.insert_or_assign(key, value);
                Q_EMIT edited(recipe_);
            });
    Q_EMIT rebuilt();
}

void RecipeForm::setOffered(std::function<bool(const ParamSpec&)> suits) {
    suits_ = std::move(suits);
    params_->setOffered(suits_);
}

void RecipeForm::setChoices(const std::vector<ParamChoice>& choices) {
    choice_->setChoices(choiceKey_, choices);
}

void RecipeForm::setLocked(bool locked) {
    locked_ = locked;
    choice_->setLocked(locked);
    params_->setLocked(locked);
}

} // namespace gradwright

#include "moc_recipe_form.cpp"
