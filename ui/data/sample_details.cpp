// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/sample_details.h"

#include "engine/data/images/augmentation.h"
#include "engine/data/images/picture_input.h"
#include "engine/data/survey/sample_selection.h"
#include "ui/data/data_label.h"
#include "ui/data/sample_views.h"
#include "ui/forms/param_form.h"
#include "ui/forms/section.h"
#include "ui/forms/setting_fit.h"
#include "ui/glossary/explanation.h"
#include "ui/theme/shown_image.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QClipboard>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <exception>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

constexpr int kLargePicture = 196;
constexpr int kVariantPicture = 60;
constexpr int kVariantsAcross = 3;
constexpr int kMostListed = 400; ///< values
constexpr int kValueDigits = 5;

/// A label without a text would take keys without a name.
void tell(QLabel& label, const QString& text) {
    label.setText(text);
    label.setVisible(!text.isEmpty());
}

/// Single pixels stay visible.
QPixmap enlarged(const QImage& image, int side) {
    if (image.isNull())
        return {};
    const bool isSmall = std::max(image.width(), image.height()) < side;
    return QPixmap::fromImage(
        image.scaled(side, side, Qt::KeepAspectRatio,
                     isSmall ? Qt::FastTransformation : Qt::SmoothTransformation));
}

} // namespace

SampleDetails::SampleDetails(ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes)
    , title_(dataLabel("sampleTitle", "title"))
    , answer_(dataLabel("sampleAnswer", "muted"))
    , picture_(new QLabel)
    , shape_(dataLabel("inputShape", "muted"))
    , range_(dataLabel("inputRange", "muted"))
    , values_(new QTableWidget)
    , copy_(new QPushButton(tr("Copy values")))
    , augmentation_(new Section(tr("Augmentation"), themes))
    , augmentationNote_(dataLabel("augmentationNote", "caption"))
    , again_(new QPushButton(tr("Draw again")))
    , form_(new ParamForm(augmentationParams(), "augmentation", themes)) {
    picture_->setObjectName(QStringLiteral("inputPicture"));
    picture_->setAlignment(Qt::AlignCenter);
    explain(*shape_, "window/input-tensor");
    tell(*shape_, {}); // until a sample has been read
    tell(*range_, {});
    values_->setObjectName(QStringLiteral("inputValues"));
    values_->setAccessibleName(tr("Values of the input"));
    values_->setColumnCount(2);
    values_->setHorizontalHeaderLabels({tr("Input"), tr("Value")});
    values_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    values_->setSelectionBehavior(QAbstractItemView::SelectRows);
    values_->setShowGrid(false);
    values_->setTabKeyNavigation(false);
    values_->setMinimumHeight(200);
    values_->verticalHeader()->hide();
    values_->horizontalHeader()->setHighlightSections(false);
    values_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    values_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    values_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    copy_->setObjectName(QStringLiteral("copyValues"));
    copy_->setToolTip(tr("Copy all values of the input, separated by commas"));
    connect(copy_, &QPushButton::clicked, this, &SampleDetails::copyValues);
    makeAugmentation();
    auto* const top = new QWidget;
    auto* const rows = new QVBoxLayout(top);
    rows->setContentsMargins(14, 12, 14, 10);
    rows->setSpacing(6);
    for (QWidget* const each :
         std::initializer_list<QWidget*>{title_, answer_, picture_, shape_, range_, values_})
        rows->addWidget(each);
    rows->addWidget(copy_, 0, Qt::AlignLeft);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(top);
    layout->addWidget(augmentation_);
    layout->addStretch(1);
    connect(&themes, &ThemeManager::changed, this, [this] {
        showInput();
        showVariants();
    });
}

void SampleDetails::makeAugmentation() {
    augmentation_->explainBy("window/augmentation");
    augmentation_->add(augmentationNote_);
    auto* const grid = new QWidget;
    auto* const cells = new QGridLayout(grid);
    cells->setContentsMargins(0, 0, 0, 0);
    cells->setSpacing(6);
    for (std::size_t i = 0; i < kVariants; ++i) {
        auto* const cell = pictures_.at(i) = new QLabel;
        cell->setFixedSize(kVariantPicture, kVariantPicture);
        cell->setAlignment(Qt::AlignCenter);
        cell->setAccessibleName(tr("Variant %1").arg(i + 1));
        cells->addWidget(cell, static_cast<int>(i) / kVariantsAcross,
                         static_cast<int>(i) % kVariantsAcross);
    }
    cells->setColumnStretch(kVariantsAcross, 1);
    augmentation_->add(grid);
    again_->setObjectName(QStringLiteral("drawAgain"));
    again_->setToolTip(tr("Show what another epoch makes of it"));
    augmentation_->add(again_);
    augmentation_->add(form_);
    connect(again_, &QPushButton::clicked, this, [this] {
        ++epoch_;
        read();
    });
    connect(form_, &ParamForm::edited, this,
            [this](const std::string& key, const ParamValue& value) {
                DataChoice choice = choice_;
                choice.augmentation.insert_or_assign(key, value);
                Q_EMIT augmentationEdited(
                    qstr(findParam(augmentationParams(), key)->title).toLower(), choice);
            });
}

void SampleDetails::setSample(std::shared_ptr<const ReviewedParts> parts,
                              const std::optional<SampleId>& sample, const Project& project) {
    const bool isSame = parts == parts_ && sample == sample_ &&
                        project.data.augmentation == choice_.augmentation &&
                        project.training.seed() == seed_;
    if (sample != sample_)
        epoch_ = 0;
    parts_ = std::move(parts);
    sample_ = sample;
    choice_ = project.data;
    seed_ = project.training.seed();
    setVisible(parts_ && sample_);
    if (!parts_ || !sample_ || isSame)
        return;
    const Dataset& samples = *parts_->data;
    const DataInfo& info = samples.info;
    title_->setText(qstr(originOf(samples, *sample_)));
    const auto names = sampleColumns(samples);
    const auto cells = sampleCells(samples, *sample_);
    const bool hasAnswer = !names.empty() && (info.hasClasses() || !info.targetNames.empty());
    answer_->setText(
        hasAnswer && info.labels() == 1
            ? tr("%1, %2: %3").arg(titleOf(sample_->part), qstr(names.front()), qstr(cells.front()))
            : titleOf(sample_->part));
    const bool isImage = info.input.rank() == 3;
    augmentation_->setVisible(isImage && !info.reconstructs);
    form_->setOffered(
        [info](const ParamSpec& spec) { return suitsData("augmentation/" + spec.key, info); });
    form_->setValues(choice_.augmentation);
    read();
}

SampleDetails::Made SampleDetails::made(const ReviewedParts& parts, const SampleId& sample,
                                        const DataChoice& choice, std::uint64_t seed,
                                        std::uint64_t epoch) {
    const Dataset& data = *parts.data;
    Made result;
    try {
        result.input.resize(static_cast<std::size_t>(data.info.input.elements()));
        sourceOf(data, sample).input(sample.index, result.input);
        const auto augmenter =
            data.info.input.rank() == 3 ? augmenterOf(choice, data.info, seed) : nullptr;
        for (std::size_t i = 0; augmenter && i < kVariants; ++i) {
            result.variants.push_back(result.input);
            augmenter->apply(result.variants.back(), sample.index, epoch * kVariants + i);
        }
    } catch (const std::exception& error) {
        result.problem = QString::fromUtf8(error.what());
    }
    return result;
}

void SampleDetails::read() {
    jobs_.cancel(std::exchange(job_, 0));
    job_ = jobs_.start([this, parts = parts_, sample = *sample_, choice = choice_, seed = seed_,
                        epoch = epoch_](const std::stop_token&) -> BackgroundJobs::Delivery {
        auto result = std::make_shared<Made>(made(*parts, sample, choice, seed, epoch));
        return [this, result] {
            input_ = std::move(result->input);
            variants_ = std::move(result->variants);
            if (!result->problem.isEmpty())
                input_.clear();
            showInput();
            showVariants();
            if (!result->problem.isEmpty())
                tell(*range_, result->problem);
        };
    });
}

QImage SampleDetails::pictureOf(const std::vector<float>& values) const {
    const DataInfo& info = parts_->data->info;
    if (info.input.rank() != 3 || values.empty())
        return {};
    const Tensor shown = shownSample(values, info.input, info.preparation);
    return shownImage(shown.span<float>(), info.input, areDrawings(choice_, info),
                      themes_->theme());
}

void SampleDetails::showInput() {
    if (!parts_ || !sample_)
        return;
    const DataInfo& info = parts_->data->info;
    picture_->setPixmap(enlarged(pictureOf(input_), kLargePicture));
    picture_->setVisible(info.input.rank() == 3);
    tell(*shape_, tr("The network gets %1").arg(qstr(toString(info.input))));
    if (!input_.empty()) {
        const auto [least, most] = std::ranges::minmax(input_);
        const double mean =
            std::accumulate(input_.begin(), input_.end(), 0.0) / static_cast<double>(input_.size());
        tell(*range_, tr("From %1 to %2, mean %3")
                          .arg(plainNumber(static_cast<double>(least), kValueDigits),
                               plainNumber(static_cast<double>(most), kValueDigits),
                               plainNumber(mean, kValueDigits)));
        picture_->setAccessibleName(tr("The sample after preparation. %1").arg(range_->text()));
    }
    copy_->setEnabled(!input_.empty());
    showValues();
}

void SampleDetails::showValues() {
    const auto names = inputNames(parts_->data->info);
    const bool isShown = !names.empty() && input_.size() == names.size();
    values_->setVisible(isShown);
    if (!isShown)
        return;
    const int shown = std::min(kMostListed, static_cast<int>(names.size()));
    values_->setRowCount(shown);
    for (int row = 0; row < shown; ++row) {
        const auto at = static_cast<std::size_t>(row);
        auto* const value =
            new QTableWidgetItem(plainNumber(static_cast<double>(input_[at]), kValueDigits));
        value->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        values_->setItem(row, 0, new QTableWidgetItem(qstr(names[at])));
        values_->setItem(row, 1, value);
    }
}

void SampleDetails::showVariants() {
    if (!parts_ || !sample_)
        return;
    for (std::size_t i = 0; i < kVariants; ++i) {
        const bool isThere = i < variants_.size();
        pictures_.at(i)->setVisible(isThere);
        if (isThere)
            pictures_.at(i)->setPixmap(enlarged(pictureOf(variants_[i]), kVariantPicture));
    }
    again_->setVisible(!variants_.empty());
    augmentationNote_->setText(
        variants_.empty()
            ? tr("Nothing is changed. Set an amount below to see what training would get.")
        : sample_->part == DataPart::Training
            ? tr("Variants that training gets, new in each epoch")
            : tr("Variants as training would get them; this sample is not trained on"));
}

void SampleDetails::copyValues() const {
    QStringList texts;
    texts.reserve(std::ssize(input_));
    for (const float value : input_)
        texts << QString::number(static_cast<double>(value), 'g', 9);
    QGuiApplication::clipboard()->setText(texts.join(QStringLiteral(", ")));
}

void SampleDetails::setLocked(bool locked) {
    form_->setLocked(locked);
}

} // namespace gradwright

#include "moc_sample_details.cpp"
