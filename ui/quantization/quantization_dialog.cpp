// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/quantization/quantization_dialog.h"

#include "engine/exchange/model/model_file.h"
#include "engine/metrics/quality_json.h"
#include "ui/forms/save_dialog.h"
#include "ui/session/given_model.h"
#include "ui/session/run_history.h"
#include "ui/theme/bar_delegate.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMessageBox>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

constexpr QSize kQuantizationSize{940, 620};
constexpr int kRowHeight = 26;
constexpr int kRestMs = 300;
constexpr double kMuch = 0.005;             ///< of the quality, that is lost: half a point
constexpr int kNameRole = Qt::UserRole + 2; ///< QuantizableProduct::name
enum ProductColumn { kProductLayer, kProductFormat, kProductError, kProductColumns };

QString runTitle(const RunHistory& run) {
    // The folder's name begins with the time, which tells runs of a project apart.
    const QString folder = qstr(run.folder.filename().string());
    QString text = folder.mid(5, 5) + u' ' + folder.mid(11, 8).replace(u'-', u':');
    if (run.isNamed)
        text.prepend(qstr(run.name) + QStringLiteral(", "));
    if (const auto* best = run.best())
        text += QStringLiteral(", ") + qstr(briefText(best->quality));
    return text;
}

QString percentText(double share) {
    return QObject::tr("%1 %").arg(100 * share, 0, 'f', share < 0.001 ? 4 : 2);
}

} // namespace

QuantizationDialog::QuantizationDialog(ProjectDocument& document, QWidget* window)
    : QDialog(window)
    , document_(&document)
    , form_(new QuantizationForm)
    , start_(new QPushButton(tr("Quantize")))
    , progress_(new QProgressBar)
    , said_(new QLabel)
    , lost_(new QLabel)
    , train_(new QPushButton(tr("Continue training for integers")))
    , layers_(new QTreeWidget)
    , use_(new QPushButton(tr("Use on the Inference page")))
    , save_(new QPushButton(tr("Save…")))
    , export_(new QPushButton(tr("Export as ONNX…"))) {
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Quantize"));
    resize(
        kQuantizationSize.boundedTo(window ? window->size() - QSize(60, 60) : kQuantizationSize));
    said_->setWordWrap(true);
    said_->setObjectName(QStringLiteral("quantizationSaid"));
    use_->setToolTip(tr("What is drawn or entered there is answered in integers."));
    save_->setToolTip(tr("One file, which File › Open and gradwright-cli open."));
    makeLayers();
    auto* const left = new QVBoxLayout;
    left->addWidget(form_);
    left->addWidget(start_);
    left->addWidget(progress_);
    left->addSpacing(12);
    comparison_ = figures();
    comparison_->hide();
    left->addWidget(comparison_);
    left->addWidget(said_);
    lost_->setWordWrap(true);
    lost_->setObjectName(QStringLiteral("quantizationLost"));
    train_->setToolTip(tr("Sets “Train for integers” in the training settings and starts a new "
                          "run that begins with the weights of this one."));
    left->addWidget(lost_);
    left->addWidget(train_);
    left->addStretch(1);
    auto* const right = new QVBoxLayout;
    auto* const hint = new QLabel(tr("Error that each layer causes alone. Untick a layer to keep "
                                     "it in FP32; the accuracy is measured again."));
    hint->setWordWrap(true);
    hint->setProperty("textRole", QStringLiteral("muted"));
    right->addWidget(hint);
    right->addWidget(layers_, 1);
    auto* const columns = new QHBoxLayout;
    columns->setSpacing(16);
    columns->addLayout(left);
    columns->addLayout(right, 1);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    for (auto* const button : {use_, save_, export_})
        buttons->addButton(button, QDialogButtonBox::ActionRole);
    auto* const layout = new QVBoxLayout(this);
    layout->addLayout(columns, 1);
    layout->addWidget(buttons);

    pause_.setSingleShot(true);
    pause_.setInterval(kRestMs);
    connect(&pause_, &QTimer::timeout, this, &QuantizationDialog::keepChosen);
    connect(start_, &QPushButton::clicked, this, &QuantizationDialog::startOrStop);
    connect(use_, &QPushButton::clicked, this, &QuantizationDialog::use);
    connect(save_, &QPushButton::clicked, this, &QuantizationDialog::save);
    connect(export_, &QPushButton::clicked, this, &QuantizationDialog::exportOnnx);
    connect(train_, &QPushButton::clicked, this, [this] {
        Q_EMIT trainingWanted(result_->wish.run, result_->made->packedGroup > 0 ? "int4" : "int8");
    });
    connect(layers_, &QTreeWidget::itemChanged, this, [this] {
        pause_.start();
        enable();
    });
    connect(&quantizer_, &RunQuantizer::progressed, progress_, [this](double share) {
        progress_->setValue(static_cast<int>(share * progress_->maximum()));
    });
    connect(&quantizer_, &RunQuantizer::runningChanged, this, &QuantizationDialog::showRunning);
    connect(&quantizer_, &RunQuantizer::quantized, this, &QuantizationDialog::showResult);
    connect(&quantizer_, &RunQuantizer::written, said_, &QLabel::setText);
    connect(&quantizer_, &RunQuantizer::failed, this, [this](const QString& reason) {
        said_->setText({});
        QMessageBox::warning(this, windowTitle(), reason);
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(document_, &ProjectDocument::runsChanged, this, &QuantizationDialog::listRuns);
    connect(document_, &ProjectDocument::fileChanged, this, &QuantizationDialog::listRuns);
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (what & ProjectDocument::ReplacedChange)
            forget();
    });
    start_->setDefault(true);
    offerTraining();
    showRunning(false);
    listRuns();
}

QString QuantizationDialog::formatName() const {
    return result_ && result_->made->packedGroup > 0 ? tr("INT4") : tr("INT8");
}

QWidget* QuantizationDialog::figures() {
    auto* const made = new QWidget;
    auto* const grid = new QGridLayout(made);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setColumnStretch(0, 1);
    for (const Side side : {kRealSide, kIntegersSide}) {
        auto* const title = new QLabel(tr("FP32"));
        if (side == kIntegersSide)
            integersTitle_ = title;
        title->setProperty("textRole", QStringLiteral("section"));
        title->setAlignment(Qt::AlignRight);
        grid->addWidget(title, 0, 1 + side);
    }
    for (int row = 0; row < kFigures; ++row) {
        names_[row] = new QLabel;
        grid->addWidget(names_[row], 1 + row, 0);
        for (int side = 0; side < kSides; ++side) {
            auto* const figure = figures_[row][side] = new QLabel;
            figure->setAlignment(Qt::AlignRight);
            figure->setMinimumWidth(80);
            grid->addWidget(figure, 1 + row, 1 + side);
        }
    }
    return made;
}

void QuantizationDialog::makeLayers() {
    layers_->setColumnCount(kProductColumns);
    layers_->setHeaderLabels({tr("Layer"), tr("Computes in"), tr("Error alone")});
    layers_->setAccessibleName(tr("Layers"));
    layers_->setRootIsDecorated(false);
    layers_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    layers_->setTextElideMode(Qt::ElideMiddle);
    layers_->setItemDelegateForColumn(kProductError, new BarDelegate(layers_));
    layers_->header()->setStretchLastSection(false);
    layers_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    layers_->header()->setSectionResizeMode(kProductLayer, QHeaderView::Stretch);
    layers_->header()->setSectionResizeMode(kProductError, QHeaderView::Fixed);
    layers_->header()->resizeSection(kProductError, 150);
    layers_->headerItem()->setToolTip(
        kProductError, tr("Of the network's output when this layer alone is in integers, relative "
                          "to it (norms)"));
}

void QuantizationDialog::listRuns() {
    jobs_.cancel(listing_);
    listing_ = jobs_.start([this, folders = document_->runsFolders()](
                               const std::stop_token&) -> BackgroundJobs::Delivery {
        std::vector<std::pair<QString, QString>> entries;
        QString wrong;
        try {
            for (const auto& run : readRuns(folders))
                entries.emplace_back(runTitle(run), qstr(run.folder.string()));
        } catch (const std::exception& error) {
            wrong = QString::fromUtf8(error.what());
        }
        return [this, entries = std::move(entries), wrong] {
            listing_ = 0;
            const QString chosen = runs().currentData().toString();
            {
                const QSignalBlocker quiet(&runs());
                runs().clear();
                for (const auto& [title, folder] : entries)
                    runs().addItem(title, folder);
                runs().setCurrentIndex(std::max(runs().findData(chosen), entries.empty() ? -1 : 0));
            }
            if (!wrong.isEmpty())
                said_->setText(wrong);
            else if (entries.empty())
                said_->setText(tr("The network has not been trained: there are no weights to "
                                  "quantize yet. Start a training first (F5)."));
            else if (!result_)
                said_->setText(tr("The best weights of the run are quantized; the run stays as it "
                                  "is."));
            enable();
        };
    });
}

/// Another project has been opened.
void QuantizationDialog::forget() {
    pause_.stop();
    quantizer_.cancel();
    result_.reset();
    layers_->clear();
    comparison_->hide();
    offerTraining();
    listRuns();
}

void QuantizationDialog::startOrStop() {
    if (quantizer_.isRunning()) {
        quantizer_.cancel();
        said_->setText(tr("Stopped."));
        if (result_)
            showLayers(); // as they were measured
        return;
    }
    pause_.stop();
    said_->setText(tr("Finding ranges and measuring…"));
    const QuantizationWish wish{.run = runs().currentData().toString().toStdString(),
                                .settings = form_->settings(),
                                .samples = samples().value()};
    layers_->setEnabled(false); // those of the result that this one replaces
    quantizer_.quantize(wish);
}

void QuantizationDialog::showRunning(bool running) {
    start_->setText(running ? tr("Stop") : tr("Quantize"));
    progress_->setValue(0);
    progress_->setVisible(running);
    form_->setRunning(running);
    if (!running)
        layers_->setEnabled(true);
    enable();
}

void QuantizationDialog::enable() {
    start_->setEnabled(quantizer_.isRunning() || runs().count() > 0);
    const bool isThere = result_ && !quantizer_.isRunning() && !pause_.isActive();
    for (auto* const button : {use_, save_, export_})
        button->setEnabled(isThere && layersInIntegers(*result_) > 0);
    train_->setEnabled(isThere);
    export_->setToolTip(result_ && result_->made->packedGroup > 0
                            ? tr("With kernels as INT4 behind DequantizeLinear (opset 21).")
                            : tr("With QuantizeLinear and DequantizeLinear around operators "
                                 "on real numbers, which runtimes turn into integers."));
}

void QuantizationDialog::showResult(std::shared_ptr<const QuantizedRun> result) {
    result_ = std::move(result);
    showFigures();
    showLayers();
    const auto inIntegers = layersInIntegers(*result_);
    const auto all = static_cast<std::int64_t>(result_->made->layers.size());
    const QString text = result_->made->packedGroup > 0
                             ? tr("Over %1; errors over %2. %3 of %4 have kernels in 4 bits.")
                             : tr("Over %1; calibrated with %2. %3 of %4 compute in integers.");
    said_->setText(
        text.arg(countedText(result_->real.samples, tr("1 test sample"), tr("%1 test samples")),
                 countedText(result_->calibrated, tr("1 training sample"),
                             tr("%1 training samples")))
            .arg(inIntegers)
            .arg(countedText(
                all, result_->made->packedGroup > 0 ? tr("1 dense layer") : tr("1 layer"),
                result_->made->packedGroup > 0 ? tr("%1 dense layers") : tr("%1 layers"))));
    offerTraining();
    enable();
}

/// Where integers lose more than half a point of what the run has.
void QuantizationDialog::offerTraining() {
    const double lost = result_ ? result_->real.quality.value - result_->integers.quality.value : 0;
    lost_->setVisible(lost > kMuch);
    train_->setVisible(lost > kMuch);
    lost_->setText(tr("%1 loses %2 points. Training that knows of the integers wins most of that "
                      "back.")
                       .arg(formatName())
                       .arg(100 * lost, 0, 'f', 2));
}

void QuantizationDialog::showFigures() {
    const auto& [metric, value] = result_->real.quality;
    comparison_->show();
    integersTitle_->setText(formatName());
    names_[kQualityFigure]->setText(qstr(metric->title));
    names_[kLossFigure]->setText(tr("Loss"));
    names_[kWeightsFigure]->setText(tr("Weights"));
    for (const Side side : {kRealSide, kIntegersSide}) {
        const Score& score = side == kRealSide ? result_->real : result_->integers;
        figure(kQualityFigure, side).setText(qstr(valueText(*metric, score.quality.value)));
        figure(kLossFigure, side).setText(QString::number(score.loss, 'g', 4));
        figure(kWeightsFigure, side)
            .setText(byteSize(side == kRealSide ? result_->realBytes : result_->integerBytes));
    }
}

void QuantizationDialog::showLayers() {
    const QSignalBlocker quiet(layers_);
    const auto& found = result_->made->layers;
    double largest = 0;
    for (const LayerError& layer : found)
        largest = std::max(largest, layer.error);
    const QString current = layers_->currentItem()
                                ? layers_->currentItem()->data(kProductLayer, kNameRole).toString()
                                : QString();
    layers_->clear();
    for (const LayerError& layer : found) {
        QStringList paths;
        for (const std::string& path : layer.layers)
            paths << qstr(path);
        const bool isInteger = result_->plan.contains(layer.name);
        auto* const item = new QTreeWidgetItem(layers_);
        item->setText(kProductLayer, paths.join(QStringLiteral(" + ")));
        item->setToolTip(kProductLayer, item->text(kProductLayer));
        item->setData(kProductLayer, kNameRole, qstr(layer.name));
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        item->setCheckState(kProductLayer, isInteger ? Qt::Checked : Qt::Unchecked);
        item->setText(kProductFormat, isInteger ? formatName() : tr("FP32"));
        item->setText(kProductError, percentText(layer.error));
        item->setSizeHint(kProductLayer, QSize(0, kRowHeight));
        item->setTextAlignment(kProductError, Qt::AlignRight | Qt::AlignVCenter);
        item->setData(kProductError, BarDelegate::kShareRole,
                      largest > 0 ? layer.error / largest : 0);
        if (current == qstr(layer.name))
            layers_->setCurrentItem(item);
    }
}

void QuantizationDialog::keepChosen() {
    std::set<std::string> kept;
    for (int i = 0; i < layers_->topLevelItemCount(); ++i) {
        auto* const item = layers_->topLevelItem(i);
        if (item->checkState(kProductLayer) != Qt::Checked)
            kept.insert(item->data(kProductLayer, kNameRole).toString().toStdString());
    }
    said_->setText(tr("Measuring again…"));
    quantizer_.keep(result_, kept);
}

void QuantizationDialog::use() {
    const std::string run = result_->wish.run.string();
    Q_EMIT useWanted(std::make_shared<const TrainedModel>(
        modelInIntegers(*result_->of, *result_->model, result_->of->project.name,
                        (result_->made->packedGroup > 0 ? "int4:" : "int8:") + run)));
    said_->setText(tr("The Inference page answers with it."));
    hide(); // it would stand in the way; the command brings it back
}

void QuantizationDialog::save() {
    const QString ending = QString::fromLatin1(kModelEnding);
    const QString file = askSaveFile(this, tr("Save the network in %1").arg(formatName()),
                                     qstr(slugOf(result_->of->project.name)) + u'-' +
                                         formatName().toLower() + ending,
                                     {tr("Optimized networks (*%1)").arg(ending)}, {ending});
    if (file.isEmpty())
        return;
    said_->setText(tr("Writing %1…").arg(file));
    quantizer_.save(result_, file.toStdString());
}

void QuantizationDialog::exportOnnx() {
    const QString ending = QStringLiteral(".onnx");
    const QString file = askSaveFile(this, tr("Export as ONNX"),
                                     qstr(slugOf(result_->of->project.name)) + u'-' +
                                         formatName().toLower() + ending,
                                     {tr("ONNX models (*%1)").arg(ending)}, {ending});
    if (file.isEmpty())
        return;
    said_->setText(tr("Writing %1, which is read back and compared…").arg(file));
    quantizer_.exportOnnx(result_, file.toStdString());
}

} // namespace gradwright

#include "moc_quantization_dialog.cpp"
