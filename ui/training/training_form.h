// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/gpus.h"
#include "engine/data/dataset.h"
#include "engine/training/settings.h"
#include "ui/forms/setting_fit.h"

#include <QWidget>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

class QLabel;
class QPushButton;

namespace gradwright {

class ObjectivesForm;
struct DataColumn;
class InputColumns;
class ParamForm;
class RecipeForm;
class SchedulePreview;
class Section;
class TableColumns;
class ThemeManager;

/// How a network is trained: all fields come from the engine's declarations.
class TrainingForm : public QWidget {
    Q_OBJECT

public:
    explicit TrainingForm(ThemeManager& theme, QWidget* parent = nullptr);

    /// `outputs` are the names of the network's Output nodes.
    void setValues(const TrainingSettings& settings, const DataChoice& choice,
                   const std::vector<std::string>& outputs);
    /// What the data's parts are assigned to: the names of the network's Input nodes, and of the
    /// data's columns, which may be none.
    void setInputs(const std::vector<std::string>& inputs, const std::vector<DataColumn>& columns);
    /// While a training runs: only the learning rate can be changed.
    void setLocked(bool locked);
    /// After setLocked(true): the learning rate as well.
    void lockRate();
    /// The devices that are offered beside the processor; nothing until that is known.
    void setGpus(const std::optional<GpuSearch>& gpus);
    void setLearningRate(double learningRate);
    /// What is to be known of the rate beside its field; empty: nothing.
    void setRateNote(const QString& note);
    void setPosition(std::optional<double> epoch);
    /// What the data set holds, or why it cannot be read.
    void setDataStatus(const QString& text, bool problem);
    /// What was left out of the data or decided about them, a line each.
    void setDataNotes(const QStringList& notes);
    /// Offers what suits the data; all of it where they cannot be read.
    void setData(const DataInfo& info);
    void setDataUnreadable();

    /// All that are offered now, whether they are folded away or not.
    [[nodiscard]] std::vector<OfferedSetting> settings() const;
    /// Unfolds a setting and gives its field the focus, which is returned; nullptr when it is not
    /// offered.
    QWidget* reveal(const std::string& place);
    /// Shows the settings that answer what was typed, and the sections that have any.
    void setFilter(const QString& typed);

Q_SIGNALS:
    void settingsEdited(const QString& what, const gradwright::TrainingSettings& settings);
    void dataEdited(const QString& what, const gradwright::DataChoice& data);
    /// Which columns of a table are used has changed: the network's ends have to follow.
    void columnsEdited(const QString& what, const gradwright::DataChoice& data);

private:
    void offer(const std::function<bool(std::string_view place)>& suits);
    [[nodiscard]] std::vector<ParamForm*> paramForms() const;
    void addSection(const QString& title, std::initializer_list<QWidget*> widgets);
    void showSections();
    ParamForm* paramForm(const std::vector<std::string>& keys);
    void buildRecipes();
    void buildData();
    void chooseOptimizer(const Recipe& recipe);
    void publish(const QString& what);
    void makeBalance();
    /// Offers to balance the classes where samples have one and the loss can weigh them.
    void offerBalance();
    /// Says where the chosen precision brings no speed.
    void notePrecision();
    void offerDevices();

    ThemeManager* theme_;
    TrainingSettings settings_;
    DataChoice data_;
    ObjectivesForm* objectives_ = nullptr;
    QPushButton* balance_ = nullptr;
    bool hasSingleClasses_ = false; ///< the data's samples have one each
    RecipeForm* optimizer_ = nullptr;
    RecipeForm* schedule_ = nullptr;
    SchedulePreview* preview_ = nullptr;
    ParamForm* rate_ = nullptr;
    RecipeForm* dataset_ = nullptr;
    QLabel* dataStatus_ = nullptr;
    QLabel* dataNotes_ = nullptr;
    TableColumns* tableColumns_ = nullptr;
    InputColumns* inputColumns_ = nullptr;
    ParamForm* dataForm_ = nullptr;
    ParamForm* augmentation_ = nullptr;
    QLabel* rateNote_ = nullptr;
    QLabel* precisionNote_ = nullptr;
    ParamForm* hardware_ = nullptr;
    QLabel* gpuNote_ = nullptr;
    QLabel* processesNote_ = nullptr;
    std::optional<GpuSearch> gpus_;
    std::vector<ParamForm*> forms_; ///< of trainingParams()
    std::vector<Section*> sections_;
    QLabel* nothing_ = nullptr; ///< found by the search
    QString filter_;
    std::vector<Section*> opened_; ///< by the search, to be closed after it
    std::vector<std::string> shown_;
};

} // namespace gradwright
