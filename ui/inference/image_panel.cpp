// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/image_panel.h"

#include "engine/data/images/picture_input.h"
#include "engine/data/images/picture_sample.h"
#include "engine/support/error.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/answer_card.h"
#include "ui/inference/cards.h"
#include "ui/inference/drawing_card.h"
#include "ui/inference/folder_card.h"
#include "ui/inference/picture_card.h"
#include "ui/inference/pixel_view.h"
#include "ui/inference/sample_images.h"
#include "ui/inference/test_stepper.h"
#include "ui/inference/values_panel.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QFileInfo>
#include <QFrame>
#include <QHBoxLayout>
#include <QImageReader>
#include <QLabel>
#include <QMimeData>
#include <QUrl>
#include <QVBoxLayout>

#include <utility>

namespace gradwright {
namespace {

constexpr int kNarrowPanel = 760; // the pad gives way to what it is for
constexpr int kLowPanel = 560;
constexpr int kComfortable = 720; // with bars that can be compared

PrepareInput inputOfPicture(const QImage& image) {
    return [picture = pictureOf(image)](const DataInfo& info) {
        auto made = preparePicture(picture, info);
        return PreparedInput{std::move(made.shown), std::move(made.input)};
    };
}

/// The engine's own reader where it knows the format, so that the answer is that of the command
/// line; what it does not read, Qt may.
PrepareInput inputOfFile(const std::string& file, const QImage& image) {
    try {
        requirePictureSignature(file);
    } catch (const Error&) {
        return inputOfPicture(image);
    }
    return [file](const DataInfo& info) {
        auto made = preparePicture(std::filesystem::path(file), info);
        return PreparedInput{std::move(made.shown), std::move(made.input)};
    };
}

/// The file as it is where the engine reads it, so that nothing is lost of it.
DrawnImage sourceOf(const QString& file, const QImage& image) {
    QFile stream(file);
    if (hasPictureEnding(file.toStdString()) && stream.open(QIODevice::ReadOnly))
        if (auto bytes = stream.readAll(); !bytes.isEmpty())
            return {std::move(bytes), u'.' + QFileInfo(file).suffix().toLower()};
    return {pngOf(image)};
}

QImage readWithQt(const QString& file) {
    QImageReader reader(file);
    reader.setAutoTransform(true);
    return reader.read();
}

QString onlyFile(const QMimeData& mime) {
    const auto urls = mime.urls();
    return urls.size() == 1 && urls.front().isLocalFile() ? urls.front().toLocalFile() : QString();
}

bool isImageFile(const QString& file) {
    const auto ending = QFileInfo(file).suffix().toLower().toLatin1();
    return QImageReader::supportedImageFormats().contains(ending);
}

} // namespace

ImagePanel::ImagePanel(ThemeManager& theme, QWidget* parent)
    : InputPanel(parent)
    , theme_(&theme)
    , reader_(new LiveReader(this))
    , drawing_(new DrawingCard(theme))
    , answer_(new AnswerCard(theme))
    , pixels_(new PixelPanel(theme))
    , pictures_(new PictureCard(theme))
    , folder_(new FolderCard) {
    auto* left = new QVBoxLayout;
    left->setSpacing(12);
    left->addWidget(drawing_);
    left->addWidget(pictures_);
    left->addStretch(1);
    auto* middle = new QVBoxLayout;
    middle->setSpacing(12);
    middle->addWidget(answer_, 1);
    pixelCard_ = makePixelCard();
    middle->addWidget(pixelCard_, 1);
    middle->addWidget(folder_, 2);
    folder_->hide();
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    layout->addLayout(left);
    layout->addLayout(middle, 1);
    connectReader();
    connect(&drawing_->pad(), &DrawingPad::changed, this, &ImagePanel::read);
    connect(&pictures_->stepper(), &TestStepper::sampleWanted, this, &ImagePanel::showSample);
    connect(pictures_, &PictureCard::fileChosen, this, &ImagePanel::openImage);
    connect(pictures_, &PictureCard::folderChosen, this, &ImagePanel::openFolder);
    connect(pictures_, &PictureCard::pasteWanted, this, &ImagePanel::pasteImage);
    connect(answer_, &AnswerCard::classSaid, this, &ImagePanel::say);
    connect(folder_, &FolderCard::fileChosen, this, &ImagePanel::openImage);
    connect(folder_, &FolderCard::closed, this, [this] { showFolder(false); });
    updateHint();
}

DrawingPad& ImagePanel::pad() {
    return drawing_->pad();
}

QList<QAction*> ImagePanel::menuActions() const {
    return drawing_->menuActions() + pictures_->menuActions() + QList{&answer_->sayAction()};
}

int ImagePanel::comfortableWidth() const {
    return kComfortable;
}

void ImagePanel::setRoom(QSize room) {
    drawing_->setNarrow(room.width() < kNarrowPanel || room.height() < kLowPanel);
}

QWidget* ImagePanel::makePixelCard() {
    const auto card = makeCard(tr("What the network sees"));
    pixelShape_ = mutedLabel(QStringLiteral("1×28×28"));
    card.header->addWidget(pixelShape_);
    card.header->addStretch(1);
    card.body->addWidget(pixels_, 1);
    return card.frame;
}

void ImagePanel::connectReader() {
    connect(reader_, &LiveReader::prepared, this, [this](const PreparedInput& made) {
        if (made.sample != sample_)
            return; // something else is read meanwhile
        if (sample_ >= 0 && made.shown.shape().rank() == 3) {
            showsSample_ = true;
            pad().setPicture(shownImage(made.shown.span<float>(), made.shown.shape(),
                                        model_ && readsDrawings(*model_), theme_->theme()));
            showsSample_ = false;
        }
        if (sample_ < 0 && pad().isBlank())
            return;
        pixels_->setInput(made);
        answer_->values().setInput(made.shown);
    });
    connect(reader_, &LiveReader::answered, this, [this](const InferenceAnswer& answer) {
        if (sample_ >= 0 || !pad().isBlank())
            answer_->setAnswer(answer);
    });
    connect(reader_, &LiveReader::failed, this, [this](const QString& reason) {
        if (sample_ < 0 && pad().isBlank())
            return;
        answer_->clear();
        answer_->setHint(reason);
    });
}

void ImagePanel::setModel(const std::shared_ptr<const TrainedModel>& model, bool live) {
    const bool otherData = !live && (!model || !model_ || model->choice != model_->choice);
    model_ = model;
    reader_->setModel(model);
    if (!model_)
        answer_->clear();
    updateChoice();
    if (otherData && sample_ >= 0)
        clear();
    if (model_ && !live)
        showKind();
    if (sample_ >= 0)
        showSample(sample_);
    else
        read();
}

/// What the data are decides what an answer is and what may be drawn.
void ImagePanel::showKind() {
    const auto& info = model_->data->info;
    const bool pictures = info.preparation.pictures != PictureKind::None;
    drawing_->setSubject(readsDigits(*model_), readsDrawings(*model_));
    drawing_->setVisible(pictures);
    pictures_->setModel(*model_);
    showFolder(false);
    pixelShape_->setText(qstr(toString(info.input)));
    pixels_->setPreparation(info.preparation, readsDrawings(*model_));
    answer_->setModel(*model_);
    updateChoice();
    if (pictures_->stepper().current() < 0 || sample_ < 0 || !model_->noSamples.empty())
        pictures_->stepper().setSamples(model_->data->test->size());
}

void ImagePanel::setData(const DataInfo& info) {
    answer_->setData(info);
}

void ImagePanel::clear() {
    sample_ = -1;
    prepare_ = {};
    source_ = {};
    pad().clear();
    pictures_->showProblem({});
    showFolder(false);
}

void ImagePanel::showReason(const QString& reason) {
    answer_->setHint(reason);
}

void ImagePanel::showSample(std::int64_t sample) {
    if (!model_)
        return;
    jobs_.cancel(opening_);
    sample_ = sample;
    pictures_->stepper().setCurrent(sample);
    reader_->read(inputOfSample(model_->data->test, sample));
    answer_->setTruth(truthOf(*model_, sample));
    updateChoice();
}

void ImagePanel::showPicture(const QImage& picture, PrepareInput prepare, DrawnImage source) {
    pictures_->showProblem({});
    prepare_ = std::move(prepare);
    source_ = std::move(source);
    pad().setPicture(picture);
}

void ImagePanel::read() {
    if (showsSample_)
        return;
    sample_ = -1;
    pictures_->stepper().setCurrent(-1);
    answer_->setTruth({});
    added_ = false;
    updateChoice();
    if (pad().isBlank()) {
        pixels_->setInput({});
        answer_->clear();
        updateHint();
    } else if (pad().picture().isNull()) {
        reader_->read(pad().image());
    } else {
        reader_->read(prepare_);
    }
}

void ImagePanel::setDrawnSet(const std::vector<std::string>& classes, const QString& obstacle) {
    classes_ = classes;
    obstacle_ = obstacle;
    updateChoice();
}

void ImagePanel::updateChoice() {
    const bool hasClasses = model_ && model_->data->info.hasClasses() &&
                            model_->data->info.preparation.pictures != PictureKind::None;
    QString obstacle = obstacle_;
    if (obstacle.isEmpty() && hasClasses && classes_ != model_->data->info.classes)
        obstacle = tr("The project's data have other classes than this network");
    else if (obstacle.isEmpty() && sample_ >= 0)
        obstacle = tr("It is a sample of the test set");
    else if (obstacle.isEmpty() && pad().isBlank())
        obstacle = tr("Draw or open something first");
    answer_->setChoice(hasClasses ? model_->data->info.classes : std::vector<std::string>(),
                       obstacle);
}

/// The same drawing twice would teach nothing new.
void ImagePanel::say(const QString& name) {
    if (added_) {
        Q_EMIT hint(tr("This one has been added already; Undo takes it back."));
        return;
    }
    Q_EMIT classSaid(pad().picture().isNull() ? DrawnImage{pngOf(pad().image())} : source_, name);
}

void ImagePanel::updateHint() {
    if (!model_)
        showReason(tr("Nothing is trained yet. Press Start; drawings are read as soon as there are "
                      "weights, even while it runs."));
    else if (readsDigits(*model_))
        showReason(tr("Draw at the left: it is read while you draw."));
    else
        showReason(tr("Draw, or open a picture: it is read at once."));
}

void ImagePanel::openImage(const QString& file) {
    jobs_.cancel(opening_);
    opening_ = jobs_.start([this, file](const std::stop_token&) -> BackgroundJobs::Delivery {
        auto image = readWithQt(file);
        try {
            if (image.isNull())
                readImage(file.toStdString()); // says what is wrong
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] {
                pictures_->showProblem(reason);
            };
        }
        auto prepare = inputOfFile(file.toStdString(), image);
        return [this, image, prepare = std::move(prepare), source = sourceOf(file, image)] {
            showPicture(image, prepare, source);
        };
    });
}

void ImagePanel::openFolder(const QString& folder) {
    if (!model_)
        return;
    folder_->read(model_, folder);
    showFolder(true);
}

/// The readings of a folder take the place of the pixels.
void ImagePanel::showFolder(bool shown) {
    folder_->setVisible(shown);
    pixelCard_->setVisible(!shown && (!model_ || model_->data->info.input.rank() == 3));
}

void ImagePanel::pasteImage() {
    const auto image = QApplication::clipboard()->image();
    if (image.isNull()) {
        pictures_->showProblem(tr("The clipboard holds no picture."));
        return;
    }
    showPicture(image, inputOfPicture(image), {pngOf(image)});
}

bool ImagePanel::accepts(const QMimeData& mime) const {
    if (model_ && model_->data->info.preparation.pictures == PictureKind::None)
        return false;
    const auto file = onlyFile(mime);
    return mime.hasImage() || isImageFile(file) || QFileInfo(file).isDir();
}

void ImagePanel::take(const QMimeData& mime) {
    if (const auto file = onlyFile(mime); !file.isEmpty()) {
        if (QFileInfo(file).isDir())
            openFolder(file);
        else
            openImage(file);
        return;
    }
    const auto image = qvariant_cast<QImage>(mime.imageData());
    showPicture(image, inputOfPicture(image), {pngOf(image)});
}

} // namespace gradwright

#include "moc_image_panel.cpp"
