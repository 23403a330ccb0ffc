// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/picture_card.h"

#include "ui/forms/file_dialogs.h"
#include "ui/inference/cards.h"
#include "ui/inference/sample_images.h"
#include "ui/inference/test_stepper.h"
#include "ui/session/trained_model.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QAction>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace gradwright {

PictureCard::PictureCard(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , text_(mutedLabel({}))
    , problem_(new QLabel)
    , buttons_(new QWidget)
    , stepper_(new TestStepper(theme, tr("sample"))) {
    const auto card = makeCard(tr("Or read a picture"));
    title_ = card.title;
    text_->setWordWrap(true);
    text_->setText(tr("Drop an image or a folder of images anywhere on this page, or:"));
    problem_->setObjectName(QStringLiteral("picture problem"));
    problem_->setProperty("textRole", QStringLiteral("error"));
    problem_->setWordWrap(true);
    problem_->hide();
    auto* open = button(theme, QStringLiteral("image"), tr("Open…"), tr("Open image…"));
    auto* paste = button(theme, QStringLiteral("paste"), tr("Paste"), tr("Paste image"));
    auto* folder =
        button(theme, QStringLiteral("open"), tr("Folder…"), tr("Read a folder of images…"));
    auto* row = new QHBoxLayout(buttons_);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    for (auto* each : {open, paste, folder})
        row->addWidget(each, 1);
    card.body->addWidget(text_);
    card.body->addWidget(buttons_);
    card.body->addWidget(stepper_);
    card.body->addWidget(problem_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(card.frame);
    connect(open, &QPushButton::clicked, this, [this] {
        const auto file =
            askOpenFile(this, tr("Read a picture"),
                        tr("Images (*.png *.jpg *.jpeg *.bmp *.gif *.pbm *.pgm *.ppm *.webp *.tif "
                           "*.tiff)"));
        if (!file.isEmpty())
            Q_EMIT fileChosen(file);
    });
    connect(paste, &QPushButton::clicked, this, &PictureCard::pasteWanted);
    connect(folder, &QPushButton::clicked, this, [this] {
        const auto chosen = askFolder(this, tr("Read a folder of images"));
        if (!chosen.isEmpty())
            Q_EMIT folderChosen(chosen);
    });
}

QPushButton* PictureCard::button(ThemeManager& theme, const QString& icon, const QString& text,
                                 const QString& command) {
    auto* made = new QPushButton(text);
    made->setToolTip(command);
    made->setAccessibleName(command);
    actions_ << new QAction(theme.icon(icon), command, this);
    connect(actions_.back(), &QAction::triggered, made, &QPushButton::click);
    return made;
}

void PictureCard::setModel(const TrainedModel& model) {
    const auto& info = model.data->info;
    const bool pictures = info.preparation.pictures != PictureKind::None;
    buttons_->setVisible(pictures);
    title_->setText(pictures ? tr("Or read a picture") : tr("Test set"));
    text_->setText(
        !pictures ? tr("This network takes %1, which cannot be drawn. Choose a sample of its test "
                       "set:")
                        .arg(qstr(toString(info.input)))
        : readsDigits(model)
            ? tr("A photo or scan of one digit. Drop a file or a folder anywhere on this page, or:")
            : tr("Drop an image or a folder of images anywhere on this page, or:"));
}

void PictureCard::showProblem(const QString& problem) {
    problem_->setText(problem);
    problem_->setVisible(!problem.isEmpty());
}

} // namespace gradwright

#include "moc_picture_card.cpp"
