// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/inference_page.h"

#include "engine/support/error.h"
#include "ui/inference/drawing_pad.h"
#include "ui/inference/evaluation_panel.h"
#include "ui/inference/gray_images.h"
#include "ui/inference/mistakes_view.h"
#include "ui/inference/model_chooser.h"
#include "ui/inference/pixel_view.h"
#include "ui/inference/plane_view.h"
#include "ui/inference/prediction_panel.h"
#include "ui/inference/values_panel.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QResizeEvent>
#include <QSlider>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kPadSide = 316;
constexpr int kNarrowPadSide = 248;
constexpr int kNarrowPage = 1180; // the pad gives way to what it is for
constexpr int kDefaultBrush = 20;

QFrame* titledCard(const QString& title, QHBoxLayout*& header, QVBoxLayout*& body,
                   QLabel** titleLabel = nullptr) {
    auto* frame = new QFrame;
    frame->setProperty("role", QStringLiteral("card"));
    auto* name = new QLabel(title);
    name->setProperty("textRole", QStringLiteral("title"));
    if (titleLabel)
        *titleLabel = name;
    header = new QHBoxLayout;
    header->setSpacing(6);
    header->addWidget(name);
    body = new QVBoxLayout(frame);
    body->setContentsMargins(14, 10, 14, 12);
    body->setSpacing(10);
    body->addLayout(header);
    return frame;
}

QLabel* muted(const QString& text) {
    auto* label = new QLabel(text);
    label->setProperty("textRole", QStringLiteral("muted"));
    return label;
}

} // namespace

InferencePage::InferencePage(ProjectDocument& document, ThemeManager& theme,
                             TrainingSession& session, QWidget* parent)
    : Page(parent)
    , document_(&document)
    , theme_(&theme)
    , training_(&session)
    , digits_(new DigitSession(this))
    , chooser_(new ModelChooser(document, session))
    , pad_(new DrawingPad(theme))
    , prediction_(new PredictionPanel(theme))
    , values_(new ValuesPanel(theme))
    , pixels_(new PixelPanel(theme))
    , evaluation_(new EvaluationPanel(theme))
    , plane_(new PlaneView(theme))
    , planeJob_(new PlaneJob(this))
    , latency_(muted({}))
    , problem_(new QLabel) {
    setAcceptDrops(true);
    problem_->setProperty("textRole", QStringLiteral("error"));
    problem_->setWordWrap(true);
    problem_->hide();
    layOut();
    connectSession();
    connect(pad_, &DrawingPad::changed, this, &InferencePage::read);
    connect(evaluation_, &EvaluationPanel::sampleChosen, this, &InferencePage::showSample);
    updateHint();
}

void InferencePage::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const int side = event->size().width() < kNarrowPage ? kNarrowPadSide : kPadSide;
    pad_->setFixedSize(side, side);
}

void InferencePage::layOut() {
    auto* left = new QVBoxLayout;
    left->setSpacing(12);
    left->addWidget(makeDrawCard());
    imageCard_ = makeImageCard();
    left->addWidget(imageCard_);
    left->addStretch(1);
    auto* middle = new QVBoxLayout;
    middle->setSpacing(12);
    middle->addWidget(makePredictionCard(), 1);
    middle->addWidget(makePixelCard(), 1);
    auto* columns = new QHBoxLayout;
    columns->setContentsMargins(12, 12, 12, 12);
    columns->setSpacing(12);
    drawings_ = new QWidget;
    auto* drawings = new QHBoxLayout(drawings_);
    drawings->setContentsMargins(0, 0, 0, 0);
    drawings->setSpacing(12);
    drawings->addLayout(left);
    drawings->addLayout(middle, 1);
    planeCard_ = makePlaneCard();
    planeCard_->hide();
    columns->addWidget(drawings_, 17);
    columns->addWidget(planeCard_, 17);
    columns->addWidget(evaluation_, 11);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeBar());
    layout->addLayout(columns, 1);
}

QWidget* InferencePage::makeBar() {
    auto* bar = new QFrame;
    bar->setProperty("role", QStringLiteral("header"));
    bar->setFixedHeight(44);
    auto* layout = new QHBoxLayout(bar);
    layout->setContentsMargins(16, 0, 16, 0);
    layout->addWidget(chooser_);
    layout->addStretch(1);
    return bar;
}

QToolButton* InferencePage::tool(const QString& icon, const QString& text,
                                 const QKeySequence& key) {
    auto* button = new QToolButton;
    button->setIcon(theme_->icon(icon, &Theme::text));
    button->setIconSize({18, 18});
    button->setFixedSize(32, 32);
    button->setAccessibleName(text);
    button->setToolTip(key.isEmpty() ? text : QStringLiteral("%1 (%2)").arg(text, key.toString()));
    connect(menuAction(icon, text, key), &QAction::triggered, button, &QToolButton::click);
    return button;
}

QAction* InferencePage::menuAction(const QString& icon, const QString& text,
                                   const QKeySequence& key) {
    auto* action = new QAction(theme_->icon(icon), text, this);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    addAction(action);
    actions_ << action;
    connect(action, &QAction::triggered, this, &Page::pageWanted);
    return action;
}

QWidget* InferencePage::makeDrawCard() {
    QHBoxLayout* header = nullptr;
    QVBoxLayout* body = nullptr;
    auto* frame = titledCard(tr("Draw a digit"), header, body, &drawTitle_);
    auto* undo = tool(QStringLiteral("undo"), tr("Undo stroke"), {});
    auto* redo = tool(QStringLiteral("redo"), tr("Redo stroke"), {});
    auto* clear = tool(QStringLiteral("close"), tr("Clear drawing"), Qt::Key_C);
    clear->setObjectName(QStringLiteral("clear"));
    undo->setObjectName(QStringLiteral("undo"));
    header->addStretch(1);
    for (auto* button : {undo, redo, clear})
        header->addWidget(button);
    pad_->setFixedSize(kPadSide, kPadSide);
    body->addWidget(pad_);
    body->addWidget(makeTools());
    connect(undo, &QToolButton::clicked, pad_, &DrawingPad::undo);
    connect(redo, &QToolButton::clicked, pad_, &DrawingPad::redo);
    connect(clear, &QToolButton::clicked, pad_, &DrawingPad::clear);
    const auto update = [this, undo, redo, clear] {
        undo->setEnabled(pad_->canUndo());
        redo->setEnabled(pad_->canRedo());
        clear->setEnabled(!pad_->isBlank());
    };
    connect(pad_, &DrawingPad::changed, this, update);
    update();
    return frame;
}

QWidget* InferencePage::makeTools() {
    auto* brush = tool(QStringLiteral("brush"), tr("Brush"), Qt::Key_B);
    auto* eraser = tool(QStringLiteral("eraser"), tr("Eraser"), Qt::Key_E);
    for (auto* button : {brush, eraser})
        button->setCheckable(true);
    eraser->setObjectName(QStringLiteral("eraser"));
    brush->setChecked(true);
    connect(brush, &QToolButton::clicked, this, [this] { pad_->setTool(PadTool::Brush); });
    connect(eraser, &QToolButton::clicked, this, [this] { pad_->setTool(PadTool::Eraser); });
    const auto show = [this, brush, eraser] {
        brush->setChecked(pad_->tool() == PadTool::Brush);
        eraser->setChecked(pad_->tool() == PadTool::Eraser);
    };
    connect(pad_, &DrawingPad::toolChanged, this, show);
    connect(brush, &QToolButton::clicked, this, show);
    connect(eraser, &QToolButton::clicked, this, show);

    auto* slider = new QSlider(Qt::Horizontal);
    slider->setObjectName(QStringLiteral("brush"));
    slider->setAccessibleName(tr("Brush width"));
    slider->setRange(6, 48);
    auto* value = muted({});
    value->setFixedWidth(40);
    value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    connect(slider, &QSlider::valueChanged, this, [this, value](int width) {
        pad_->setBrush(width);
        value->setText(tr("%1 px").arg(width));
    });
    slider->setValue(kDefaultBrush);
    auto* tools = new QWidget;
    auto* layout = new QHBoxLayout(tools);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(brush);
    layout->addWidget(eraser);
    layout->addSpacing(8);
    layout->addWidget(muted(tr("Width")));
    layout->addWidget(slider, 1);
    layout->addWidget(value);
    return tools;
}

QWidget* InferencePage::makeImageCard() {
    QHBoxLayout* header = nullptr;
    QVBoxLayout* body = nullptr;
    auto* frame = titledCard(tr("Or read a picture"), header, body);
    auto* text = muted(tr("A photo or scan of one digit. Drop a file anywhere on this page, or:"));
    text->setWordWrap(true);
    auto* open = new QPushButton(tr("Open image…"));
    open->setIconSize(iconBesideText(16));
    open->setIcon(theme_->icon(QStringLiteral("image"), &Theme::text));
    auto* paste = new QPushButton(tr("Paste"));
    paste->setIconSize(iconBesideText(16));
    paste->setIcon(theme_->icon(QStringLiteral("paste"), &Theme::text));
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(open, 1);
    buttons->addWidget(paste, 1);
    body->addWidget(text);
    body->addLayout(buttons);
    body->addWidget(problem_);
    connect(open, &QPushButton::clicked, this, [this] {
        const auto file = QFileDialog::getOpenFileName(
            this, tr("Read a picture"), {}, tr("Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp)"));
        if (!file.isEmpty())
            openImage(file);
    });
    connect(paste, &QPushButton::clicked, this, &InferencePage::pasteImage);
    connect(menuAction(QStringLiteral("image"), open->text()), &QAction::triggered, open,
            &QPushButton::click);
    connect(menuAction(QStringLiteral("paste"), tr("Paste image")), &QAction::triggered, paste,
            &QPushButton::click);
    return frame;
}

QWidget* InferencePage::makePredictionCard() {
    QHBoxLayout* header = nullptr;
    QVBoxLayout* body = nullptr;
    auto* frame = titledCard(tr("Prediction"), header, body);
    answerKind_ = muted(tr("softmax, live"));
    header->addWidget(answerKind_);
    header->addStretch(1);
    header->addWidget(latency_);
    body->addWidget(prediction_, 1);
    body->addWidget(values_, 1);
    values_->hide();
    return frame;
}

QWidget* InferencePage::makePlaneCard() {
    QHBoxLayout* header = nullptr;
    QVBoxLayout* body = nullptr;
    auto* frame = titledCard(tr("Decision map"), header, body, &planeTitle_);
    header->addWidget(muted(tr("what the network answers everywhere, and the test points")));
    header->addStretch(1);
    body->addWidget(plane_, 1);
    return frame;
}

QWidget* InferencePage::makePixelCard() {
    QHBoxLayout* header = nullptr;
    QVBoxLayout* body = nullptr;
    auto* frame = titledCard(tr("What the network sees"), header, body);
    pixelShape_ = muted(QStringLiteral("1×28×28"));
    header->addWidget(pixelShape_);
    header->addStretch(1);
    body->addWidget(pixels_, 1);
    return frame;
}

void InferencePage::connectSession() {
    connect(training_, &TrainingSession::stateChanged, this, &InferencePage::evaluateWhenFree);
    connect(chooser_, &ModelChooser::modelChanged, this, &InferencePage::takeModel);
    connect(chooser_, &ModelChooser::failed, this,
            [this](const QString& reason) { setHint(reason); });
    connect(digits_, &DigitSession::prepared, this, [this](const PreparedDigit& digit) {
        if (!pad_->isBlank())
            pixels_->setDigit(digit);
    });
    connect(digits_, &DigitSession::answered, this, [this](const InferenceAnswer& answer) {
        if (pad_->isBlank())
            return;
        if (values_->isHidden())
            prediction_->setPrediction(answer.prediction);
        else
            values_->setValues(answer.prediction.probabilities);
        latency_->setText(tr("%1 ms").arg(1000 * answer.seconds, 0, 'f', 1));
    });
    connect(planeJob_, &PlaneJob::finished, this, [this](const PlaneMap& map) {
        // Another model may have been chosen meanwhile.
        if (chooser_->model() && livesInThePlane(*chooser_->model()))
            plane_->setMap(map);
    });
    connect(planeJob_, &PlaneJob::failed, this, [this](const QString& reason) {
        plane_->setMap({});
        plane_->setHint(reason);
    });
    connect(digits_, &DigitSession::failed, this, [this](const QString& reason) {
        if (pad_->isBlank())
            return;
        clearAnswer();
        setHint(reason);
    });
}

void InferencePage::setHint(const QString& hint) {
    prediction_->setHint(hint);
    values_->setHint(hint);
}

void InferencePage::clearAnswer() {
    prediction_->setPrediction({});
    values_->setValues({});
}

/// What the data are decides what an answer is and what may be drawn.
void InferencePage::showDataKind(const DataInfo& info) {
    const bool digits = info.preparation.pictures == PictureKind::Digit;
    drawTitle_->setText(digits ? tr("Draw a digit") : tr("Draw a picture"));
    prediction_->setClasses(info.classes);
    prediction_->setVisible(info.hasClasses());
    values_->setVisible(!info.hasClasses());
    values_->setInfo(info);
    answerKind_->setText(info.hasClasses() ? tr("softmax, live") : tr("live"));
    pixelShape_->setText(qstr(toString(info.input)));
    pixels_->setPreparation(info.preparation);
}

void InferencePage::showInputKind() {
    const auto& model = chooser_->model();
    const bool plane = model && livesInThePlane(*model);
    drawings_->setVisible(!plane);
    planeCard_->setVisible(plane);
    if (plane) {
        planeTitle_->setText(model->data->info.hasClasses() ? tr("Decision map")
                                                            : tr("Map of values"));
        planeJob_->start(model);
    }
    const bool drawing =
        !model || (model->data->info.input.rank() == 3 && model->data->info.input[0] == 1);
    pad_->setEnabled(drawing);
    imageCard_->setEnabled(!model || model->data->info.preparation.pictures != PictureKind::None);
    if (!drawing && !plane)
        setHint(tr("This network takes %1, not drawings.")
                    .arg(qstr(toString(model->data->info.input))));
}

void InferencePage::takeModel(bool live) {
    const auto& model = chooser_->model();
    digits_->setModel(model);
    if (model && !live)
        showDataKind(model->data->info);
    if (!model)
        clearAnswer();
    if (live) {
        evaluation_->setNewerModel(model);
    } else {
        evaluation_->setModel(model);
        evaluated_ = false;
    }
    evaluateWhenFree();
    updateHint();
    read();
    showInputKind();
}

void InferencePage::evaluateWhenFree() {
    // While training the processor belongs to it: then only on request.
    if (!chooser_->model() || evaluated_ || !isVisible() || training_->isActive())
        return;
    evaluated_ = true;
    evaluation_->start();
}

void InferencePage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    evaluateWhenFree();
}

void InferencePage::read() {
    if (!pad_->isBlank()) {
        digits_->read(pad_->image());
        return;
    }
    pixels_->setDigit({});
    clearAnswer();
    latency_->clear();
    updateHint();
}

void InferencePage::updateHint() {
    setHint(chooser_->model() ? tr("Draw at the left: it is read while you draw.")
                              : tr("Nothing is trained yet. Press Train; drawings are read as soon "
                                   "as there are weights, even while it runs."));
}

void InferencePage::openImage(const QString& file) {
    problem_->hide();
    try {
        // What the engine does not read, Qt may.
        const QImage image(file);
        pad_->setPicture(image.isNull() ? readImage(file.toStdString()) : grayImage(image));
    } catch (const Error& error) {
        problem_->setText(QString::fromUtf8(error.what()));
        problem_->show();
    }
}

void InferencePage::pasteImage() {
    const auto image = QApplication::clipboard()->image();
    problem_->setVisible(image.isNull());
    if (image.isNull())
        problem_->setText(tr("The clipboard holds no picture."));
    else
        pad_->setPicture(grayImage(image));
}

void InferencePage::showSample(const Reading& mistake) {
    const auto& report = evaluation_->report();
    const auto& test = report->model->data->test;
    if (test->shape().rank() != 3 || test->shape()[0] != 1)
        return;
    std::vector<float> values(static_cast<std::size_t>(test->shape().elements()));
    try {
        test->input(mistake.sample, values);
    } catch (const std::exception& error) { // its file has gone, say
        problem_->setText(QString::fromUtf8(error.what()));
        problem_->show();
        return;
    }
    const auto [least, most] = std::ranges::minmax_element(values);
    const float from = *least;
    const float range = *most > from ? *most - from : 1;
    auto picture = makeImage(test->shape()[2], test->shape()[1]);
    std::ranges::transform(values, picture.pixels.begin(),
                           [&](float value) { return (value - from) / range; });
    pad_->setPicture(std::move(picture));
}

void InferencePage::dragEnterEvent(QDragEnterEvent* event) {
    const auto* mime = event->mimeData();
    const bool oneFile = mime->urls().size() == 1 && mime->urls().front().isLocalFile() &&
                         !mime->urls().front().path().endsWith(QStringLiteral(".gradwright"));
    if (mime->hasImage() || oneFile)
        event->acceptProposedAction();
}

void InferencePage::dropEvent(QDropEvent* event) {
    const auto* mime = event->mimeData();
    if (mime->hasUrls())
        openImage(mime->urls().front().toLocalFile());
    else
        pad_->setPicture(grayImage(qvariant_cast<QImage>(mime->imageData())));
    event->acceptProposedAction();
}

std::vector<Page::Actions> InferencePage::menuActions() const {
    return {{PageMenu::Run, tr("Drawing"), actions_}};
}

} // namespace gradwright

#include "moc_inference_page.cpp"
