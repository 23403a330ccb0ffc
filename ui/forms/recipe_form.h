// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/settings.h"

#include <QWidget>

#include <functional>

class QVBoxLayout;

namespace gradwright {

class ParamForm;
class ThemeManager;

/// The choice of a loss, an optimizer or a schedule, and the fields of the chosen one.
class RecipeForm : public QWidget {
    Q_OBJECT

public:
    /// `choice` lists the catalog; `paramsOf` gives the declarations of one of it.
    RecipeForm(ParamSpec choice, std::function<ParamSpecs(const std::string&)> paramsOf,
               ThemeManager& theme, QWidget* parent = nullptr);

    void setRecipe(const Recipe& recipe);
    [[nodiscard]] const Recipe& recipe() const { return recipe_; }
    void setLocked(bool locked);
    /// Parameters of which `suits` says no are not offered, whatever is chosen.
    void setOffered(std::function<bool(const ParamSpec&)> suits);
    /// Offers these from now on; what is chosen must be among them.
    void setChoices(const std::vector<ParamChoice>& choices);
    /// Puts a widget between the choice and its parameters.
    void insert(QWidget* widget);

Q_SIGNALS:
    void edited(const gradwright::Recipe& recipe);
    /// Has other fields now.
    void rebuilt();

private:
    void rebuild();

    ThemeManager* theme_;
    std::function<ParamSpecs(const std::string&)> paramsOf_;
    std::string choiceKey_;
    std::function<bool(const ParamSpec&)> suits_;
    Recipe recipe_;
    bool locked_ = false;
    QVBoxLayout* layout_;
    ParamForm* choice_;
    ParamForm* params_ = nullptr;
};

} // namespace gradwright
