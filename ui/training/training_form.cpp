// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/training_form.h"

#include "engine/backend/devices.h"
#include "engine/data/images/augmentation.h"
#include "engine/project/class_balance.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"
#include "ui/forms/objectives_form.h"
#include "ui/forms/param_form.h"
#include "ui/forms/recipe_choice.h"
#include "ui/forms/recipe_form.h"
#include "ui/forms/section.h"
#include "ui/forms/tab_order.h"
#include "ui/glossary/explanation.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"
#include "ui/training/input_columns.h"
#include "ui/training/processes_note.h"
#include "ui/training/schedule_preview.h"
#include "ui/training/table_columns.h"

#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// What the form offers of a DataChoice, next to the data set and its parameters.
ParamSpecs dataParams() {
    auto fraction = realParam("validation", "Validation", 0.1, 0, 0.9,
                              "Share of the training samples that is held back for validation.");
    auto limit = zeroIs("all", intParam("limit", "Training samples", 0, 0, 1e9,
                                        "Trains on this many samples only, the first ones; 0 uses "
                                        "all."));
    limit.advanced = true;
    auto seed = intParam("split_seed", "Split seed", 1, 0, 9e15,
                         "Decides which samples are used for validation.");
    seed.advanced = true;
    auto reconstruct =
        boolParam("reconstruct", "Reconstruct", false,
                  "Teaches the network to reproduce its own input, as an autoencoder does; the "
                  "input may be augmented, for example with noise, but the target is not.");
    reconstruct.advanced = true;
    return {std::move(fraction), std::move(limit), std::move(seed), std::move(reconstruct)};
}

/// Those of a data set that TableColumns does not show.
ParamSpecs shownDataParams(const std::string& key) {
    auto specs = dataset(key).params;
    if (key == "csv")
        std::erase_if(specs, [](const ParamSpec& spec) {
            return spec.key == "target" || spec.key == "ignore" || spec.key == "keep";
        });
    return specs;
}

} // namespace

TrainingForm::TrainingForm(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    nothing_ = new QLabel(tr("No setting answers this."));
    nothing_->setObjectName(QStringLiteral("noSetting"));
    nothing_->setProperty("textRole", QStringLiteral("muted"));
    nothing_->setContentsMargins(12, 8, 14, 8);
    nothing_->hide();
    layout->addWidget(nothing_);
    buildRecipes();
    makeBalance();
    buildData();
    rate_ = paramForm({"learning_rate"});
    rate_->markLive("learning_rate");
    optimizer_->insert(rate_);
    rateNote_ = new QLabel;
    rateNote_->setObjectName(QStringLiteral("resumeRateNote"));
    rateNote_->setWordWrap(true);
    rateNote_->setTextFormat(Qt::PlainText);
    rateNote_->setProperty("textRole", QStringLiteral("caption"));
    rateNote_->hide();
    addSection(tr("Data"), {dataset_, inputColumns_});
    addSection(tr("Objective"), {objectives_, balance_});
    addSection(tr("Optimizer"), {optimizer_, rateNote_});
    addSection(tr("Learning-rate schedule"),
               {schedule_, preview_, paramForm({"warmup_epochs", "warmup_start"})});
    addSection(tr("Batches and split"),
               {paramForm({"epochs", "batch", "accumulate_batches", "seed"}), dataForm_});
    addSection(tr("Augmentation of images"), {augmentation_});
    sections_.back()->explainBy("window/augmentation");
    addSection(tr("Regularization"),
               {paramForm({"l1", "l2", "max_norm", "clip_norm", "clip_value", "average_decay"})});
    addSection(tr("Early stopping"), {paramForm({"early_stopping", "patience"})});
    precisionNote_ = new QLabel;
    precisionNote_->setObjectName(QStringLiteral("precisionNote"));
    precisionNote_->setWordWrap(true);
    precisionNote_->setProperty("textRole", QStringLiteral("caption"));
    gpuNote_ = new QLabel;
    gpuNote_->setObjectName(QStringLiteral("gpuNote"));
    gpuNote_->setWordWrap(true);
    gpuNote_->setProperty("textRole", QStringLiteral("caption"));
    processesNote_ = new QLabel;
    processesNote_->setObjectName(QStringLiteral("processesNote"));
    processesNote_->setWordWrap(true);
    processesNote_->setProperty("textRole", QStringLiteral("caption"));
    hardware_ = paramForm({"where", "processes", "device", "threads", "parts", "recompute",
                           "feature_cache", "precision"});
    addSection(tr("Hardware"), {hardware_, processesNote_, precisionNote_, gpuNote_});
    offerDevices();
    // Whatever the engine declares and no other section has.
    std::vector<std::string> rest;
    for (const auto& spec : trainingParams())
        if (std::ranges::find(shown_, spec.key) == shown_.end())
            rest.push_back(spec.key);
    addSection(tr("Records"), {paramForm(rest)});
    sections_.back()->setOpen(false); // rarely needed, all of them
    layout->addStretch(1);
    const auto order = [this] {
        setTabOrderAsShown(*this);
        showSections();
    };
    for (auto* form : {optimizer_, schedule_, dataset_})
        connect(form, &RecipeForm::rebuilt, this, order);
    connect(objectives_, &ObjectivesForm::rebuilt, this, order);
    connect(tableColumns_, &TableColumns::rebuilt, this, order);
    connect(inputColumns_, &InputColumns::rebuilt, this, order);
    order();
    // Until the data are known: nothing that may turn out not to suit them.
    offer([](std::string_view place) { return !place.starts_with("augmentation/"); });
}

void TrainingForm::addSection(const QString& title, std::initializer_list<QWidget*> widgets) {
    auto* const made = new Section(title, *theme_);
    for (auto* const widget : widgets)
        made->add(widget);
    layout()->addWidget(made);
    sections_.push_back(made);
}

std::vector<ParamForm*> TrainingForm::paramForms() const {
    std::vector<ParamForm*> forms;
    for (auto* const each : findChildren<ParamForm*>())
        // The choice of a table's target and columns has fields of its own; a form that is being
        // replaced is still there, hidden.
        if (!each->isHidden())
            forms.push_back(each);
    return forms;
}

void TrainingForm::makeBalance() {
    balance_ = new QPushButton(tr("Balance the classes"));
    balance_->setObjectName(QStringLiteral("balanceClasses"));
    explain(*balance_, "loss/softmax-cross-entropy/class_weights",
            tr("Counts the training samples of each class and weighs rare ones more."));
    balance_->hide();
    connect(balance_, &QPushButton::clicked, this, [this] {
        settings_.objectives.front().loss.params.insert_or_assign("class_weights",
                                                                  std::string(kBalanced));
        publish(tr("Class weights"));
    });
}

void TrainingForm::offerBalance() {
    const auto& objectives = settings_.objectives;
    balance_->setVisible(hasSingleClasses_ && objectives.size() == 1 &&
                         findParam(loss(objectives.front().loss.key).params, "class_weights") !=
                             nullptr);
}

void TrainingForm::setData(const DataInfo& info) {
    hasSingleClasses_ = info.hasClasses() && info.labels() == 1;
    offerBalance();
    objectives_->setClassTargets(info.hasClasses());
    tableColumns_->setInfo(info);
    offer([info](std::string_view place) { return suitsData(place, info); });
}

void TrainingForm::setDataUnreadable() {
    hasSingleClasses_ = false;
    offerBalance();
    objectives_->setClassTargets(true);
    offer({});
}

void TrainingForm::offer(const std::function<bool(std::string_view place)>& suits) {
    const auto in = [&suits](const std::string& area) -> std::function<bool(const ParamSpec&)> {
        if (!suits)
            return {};
        return [suits, area](const ParamSpec& spec) { return suits(area + spec.key); };
    };
    augmentation_->setOffered(in("augmentation/"));
    dataForm_->setOffered(in("data/"));
    dataset_->setOffered(in("dataset/" + data_.dataset + '/'));
    showSections();
}

/// A section is there for what it offers, and for what answers the search.
void TrainingForm::showSections() {
    bool any = false;
    for (auto* const section : sections_) {
        const auto forms = section->findChildren<ParamForm*>();
        const bool shown = std::ranges::count_if(forms, [this](ParamForm* form) {
                               return form->setFilter(filter_);
                           }) > 0;
        section->setVisible(shown);
        any = any || shown;
        if (!filter_.isEmpty() && shown && !section->isOpen()) {
            section->setOpen(true);
            opened_.push_back(section);
        }
    }
    nothing_->setVisible(!any);
    if (filter_.isEmpty())
        for (auto* const section : std::exchange(opened_, {}))
            section->setOpen(false);
}

void TrainingForm::setFilter(const QString& typed) {
    filter_ = typed.trimmed();
    showSections();
}

std::vector<OfferedSetting> TrainingForm::settings() const {
    std::vector<OfferedSetting> all;
    for (const auto* const form : paramForms())
        for (const auto& spec : form->offered())
            all.push_back({form->scope() + '/' + spec.key, spec.title, spec.doc});
    return all;
}

QWidget* TrainingForm::reveal(const std::string& place) {
    for (auto* const form : paramForms())
        for (const auto& spec : form->offered()) {
            if (form->scope() + '/' + spec.key != place)
                continue;
            for (QWidget* each = form; each != nullptr; each = each->parentWidget())
                if (auto* const section = qobject_cast<Section*>(each))
                    section->setOpen(true);
            form->reveal(spec.key);
            return form->editor(spec.key);
        }
    return nullptr;
}

ParamForm* TrainingForm::paramForm(const std::vector<std::string>& keys) {
    ParamSpecs specs;
    for (const auto& key : keys)
        specs.push_back(*findParam(trainingParams(), key));
    shown_.insert(shown_.end(), keys.begin(), keys.end());
    auto* form = new ParamForm(std::move(specs), "training", *theme_);
    forms_.push_back(form);
    connect(form, &ParamForm::edited, this,
            [this](const std::string& key, const ParamValue& value) {
                settings_.params.insert_or_assign(key, value);
                publish(qstr(findParam(trainingParams(), key)->title));
            });
    return form;
}

void TrainingForm::buildRecipes() {
    objectives_ = new ObjectivesForm(*theme_);
    optimizer_ = new RecipeForm(
        choiceOf("optimizer", "Method", optimizers(), TrainingSettings{}.optimizer.key,
                 "How the weights follow their gradients."),
        [](const auto& key) { return optimizer(key).params; }, *theme_);
    schedule_ = new RecipeForm(
        choiceOf("schedule", "Shape", schedules(), TrainingSettings{}.schedule.key,
                 "How the learning rate changes over the epochs."),
        [](const auto& key) { return schedule(key).params; }, *theme_);
    preview_ = new SchedulePreview(*theme_);
    connect(objectives_, &ObjectivesForm::edited, this,
            [this](const std::vector<Objective>& objectives) {
                settings_.objectives = objectives;
                publish(tr("Loss"));
            });
    connect(optimizer_, &RecipeForm::edited, this, &TrainingForm::chooseOptimizer);
    connect(schedule_, &RecipeForm::edited, this, [this](const Recipe& recipe) {
        settings_.schedule = recipe;
        publish(tr("Learning-rate schedule"));
    });
}

void TrainingForm::buildData() {
    dataset_ = new RecipeForm(
        choiceOf("dataset", "Data set", datasets(), DataChoice{}.dataset,
                 "What the network learns from."),
        [](const auto& key) { return shownDataParams(key); }, *theme_);
    connect(dataset_, &RecipeForm::edited, this, [this](const Recipe& recipe) {
        // Another data set has other columns.
        if (std::exchange(data_.dataset, recipe.key) != recipe.key)
            data_.assignment = {};
        const auto before = std::exchange(data_.params, recipe.params);
        const auto file = [](const ParamValues& params) {
            const auto found = params.find("file");
            return found == params.end() ? ParamValue() : found->second;
        };
        if (file(before) != file(data_.params)) // another table has other columns, too
            for (const char* const key :
                 {"target", "ignore", "keep", "same_case", "types", "corrections"})
                data_.params.erase(key);
        Q_EMIT dataEdited(tr("Data set"), data_);
    });
    const auto dataLabel = [](const char* name) {
        auto* label = new QLabel;
        label->setObjectName(QLatin1String(name));
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText); // names in it are the data's
        label->setContentsMargins(0, 2, 0, 4);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        return label;
    };
    dataStatus_ = dataLabel("dataStatus");
    dataNotes_ = dataLabel("dataNotes");
    dataNotes_->setProperty("textRole", QStringLiteral("caption"));
    dataNotes_->hide();
    tableColumns_ = new TableColumns;
    connect(tableColumns_, &TableColumns::edited, this, [this](const DataChoice& choice) {
        data_ = choice;
        dataset_->setRecipe({data_.dataset, data_.params});
        Q_EMIT columnsEdited(tr("Columns"), data_);
    });
    // What a table holds comes before how its file is read.
    dataset_->insert(tableColumns_);
    dataset_->insert(dataStatus_);
    dataset_->insert(dataNotes_);
    inputColumns_ = new InputColumns;
    connect(inputColumns_, &InputColumns::edited, this, [this](const InputAssignment& assignment) {
        data_.assignment = assignment;
        Q_EMIT dataEdited(tr("Columns of the Inputs"), data_);
    });
    dataForm_ = new ParamForm(dataParams(), "data", *theme_);
    connect(dataForm_, &ParamForm::edited, this, [this] {
        const auto specs = dataParams();
        const Params params(specs, dataForm_->values());
        data_.validationFraction = params.real("validation");
        data_.limit = params.integer("limit");
        data_.splitSeed = static_cast<std::uint64_t>(params.integer("split_seed"));
        data_.reconstruct = params.boolean("reconstruct");
        Q_EMIT dataEdited(tr("Split"), data_);
    });
    augmentation_ = new ParamForm(augmentationParams(), "augmentation", *theme_);
    connect(augmentation_, &ParamForm::edited, this,
            [this](const std::string& key, const ParamValue& value) {
                data_.augmentation.insert_or_assign(key, value);
                Q_EMIT dataEdited(qstr(findParam(augmentationParams(), key)->title), data_);
            });
}

void TrainingForm::setDataStatus(const QString& text, bool problem) {
    dataStatus_->setText(text);
    dataStatus_->setProperty("textRole",
                             problem ? QStringLiteral("error") : QStringLiteral("caption"));
    dataStatus_->style()->unpolish(dataStatus_);
    dataStatus_->style()->polish(dataStatus_);
}

void TrainingForm::setDataNotes(const QStringList& notes) {
    dataNotes_->setText(notes.join(QLatin1Char('\n')));
    dataNotes_->setVisible(!notes.isEmpty());
}

void TrainingForm::chooseOptimizer(const Recipe& recipe) {
    // A rate that was the old method's usual one becomes the new one's: 0.1 is good for one and
    // ruin for the other.
    const double usual = optimizer(settings_.optimizer.key).defaultLearningRate;
    if (recipe.key != settings_.optimizer.key && settings_.learningRate() == usual) {
        settings_.params.insert_or_assign("learning_rate",
                                          optimizer(recipe.key).defaultLearningRate);
        rate_->setValues(settings_.params);
    }
    settings_.optimizer = recipe;
    publish(tr("Optimizer"));
}

void TrainingForm::notePrecision() {
    const Precision precision = settings_.precision();
    const bool isOnGpu = settings_.target().isGpu();
    precisionNote_->setText(
        isOnGpu ? QString()
        : needsGpu(precision)
            ? tr("The CPU does not compute in it: choose a GPU as the device, or FP32.")
        : isEmulated(precision)
            ? tr("This processor has no instructions for it: no faster than FP32.")
        : isSlower(precision)
            ? tr("On processors with AMX, as this one, networks with convolutions train more "
                 "slowly in BF16 than in FP32 so far: the small CNN takes nearly twice as long.")
            : QString());
    precisionNote_->setVisible(!precisionNote_->text().isEmpty());
    noteProcesses(*processesNote_, *hardware_, settings_, data_);
}

void TrainingForm::setGpus(const std::optional<GpuSearch>& gpus) {
    gpus_ = gpus;
    offerDevices();
}

void TrainingForm::offerDevices() {
    const auto& declared = findParam(trainingParams(), "device")->choices;
    std::vector<ParamChoice> choices{declared.front()};
    QStringList notes;
    if (gpus_ && gpus_->found.empty())
        notes << tr("No GPU: %1.").arg(qstr(gpus_->why));
    if (gpus_)
        for (const GpuInfo& gpu : gpus_->found) {
            if (gpu.whyNot.empty())
                choices.push_back({gpu.key, gpu.name, gpu.key});
            else
                notes << tr("%1 cannot be used: %2.").arg(qstr(gpu.name), qstr(gpu.whyNot));
        }
    // What the project says is shown, whether it is here or not.
    const auto device = settings_.target().device;
    if (std::ranges::find(choices, device, &ParamChoice::key) == choices.end())
        choices.push_back({device, device, gpus_ ? tr("Not in this computer").toStdString() : ""});
    hardware_->setChoices("device", choices);
    gpuNote_->setText(notes.join(QLatin1Char('\n')));
    gpuNote_->setVisible(!notes.isEmpty());
}

void TrainingForm::publish(const QString& what) {
    preview_->setSettings(settings_);
    notePrecision();
    offerBalance();
    Q_EMIT settingsEdited(what, settings_);
}

void TrainingForm::setValues(const TrainingSettings& settings, const DataChoice& choice,
                             const std::vector<std::string>& outputs) {
    settings_ = settings;
    data_ = choice;
    objectives_->setObjectives(settings.objectives, outputs);
    optimizer_->setRecipe(settings.optimizer);
    schedule_->setRecipe(settings.schedule);
    for (auto* form : forms_)
        form->setValues(settings.params);
    auto hardware = settings.params;
    hardware.insert_or_assign("device", settings.target().device); // "cuda" is the first GPU's, too
    hardware_->setValues(hardware);
    offerDevices();
    dataset_->setRecipe({choice.dataset, choice.params});
    tableColumns_->setChoice(choice);
    dataForm_->setValues({{"validation", choice.validationFraction},
                          {"limit", choice.limit},
                          {"split_seed", static_cast<std::int64_t>(choice.splitSeed)},
                          {"reconstruct", choice.reconstruct}});
    augmentation_->setValues(choice.augmentation);
    preview_->setSettings(settings);
    notePrecision();
    offerBalance();
}

void TrainingForm::setInputs(const std::vector<std::string>& inputs,
                             const std::vector<DataColumn>& columns) {
    inputColumns_->setAssignment(data_.assignment, inputs, columns);
}

void TrainingForm::setLearningRate(double learningRate) {
    settings_.params.insert_or_assign("learning_rate", learningRate);
    rate_->setValues(settings_.params);
    preview_->setSettings(settings_);
}

void TrainingForm::setRateNote(const QString& note) {
    rateNote_->setText(note);
    rateNote_->setVisible(!note.isEmpty());
}

void TrainingForm::setLocked(bool locked) {
    for (auto* form : {dataset_, optimizer_, schedule_})
        form->setLocked(locked);
    objectives_->setLocked(locked);
    balance_->setEnabled(!locked);
    for (auto* form : forms_)
        form->setLocked(locked);
    dataForm_->setLocked(locked);
    tableColumns_->setEnabled(!locked);
    inputColumns_->setEnabled(!locked);
    augmentation_->setLocked(locked);
}

void TrainingForm::lockRate() {
    rate_->editor("learning_rate")->setEnabled(false);
}

void TrainingForm::setPosition(std::optional<double> epoch) {
    preview_->setPosition(epoch);
}

} // namespace gradwright

#include "moc_training_form.cpp"
