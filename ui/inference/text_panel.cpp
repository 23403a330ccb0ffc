// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/text_panel.h"

#include "engine/data/text/text_corpus.h"
#include "ui/glossary/explanation.h"
#include "ui/inference/cards.h"
#include "ui/inference/prediction_panel.h"
#include "ui/session/text_session.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSlider>
#include <QSpinBox>
#include <QTextCursor>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kLookDelay = 30;        // ms
constexpr int kTemperatureSteps = 20; // per 1
constexpr int kMostTemperature = 2;
constexpr int kDefaultTemperature = 16; // 0.8
constexpr int kDefaultLength = 400;
constexpr std::size_t kMostNamed = 8; // unknown characters

QLabel* fieldLabel(const QString& text, QWidget* field) {
    auto* label = mutedLabel(text);
    label->setBuddy(field);
    field->setAccessibleName(text);
    return label;
}

} // namespace

TextPanel::TextPanel(ThemeManager& theme, QWidget* parent)
    : InputPanel(parent)
    , theme_(&theme)
    , session_(new TextSession(this))
    , text_(new QPlainTextEdit)
    , next_(new PredictionPanel(theme))
    , button_(new QPushButton)
    , temperature_(new QSlider(Qt::Horizontal))
    , length_(new QSpinBox)
    , seed_(new QSpinBox)
    , unknownText_(new QLabel)
    , fix_(new QPushButton)
    , latency_(mutedLabel({})) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    layout->addWidget(makeTextCard(), 3);
    layout->addWidget(makeNextCard(), 2);
    looking_.setSingleShot(true);
    looking_.setInterval(kLookDelay);
    connect(&looking_, &QTimer::timeout, this, &TextPanel::look);
    connectSession();
}

bool TextPanel::suits(const DataInfo& info) {
    return info.hasClasses() && info.input.rank() == 1 && info.target == info.input &&
           info.classes.front() == kUnknownCharacter;
}

QWidget* TextPanel::makeTextCard() {
    const auto card = makeCard(tr("Text"));
    card.header->addWidget(mutedLabel(tr("type a beginning and let the network write on")));
    card.header->addStretch(1);
    text_->setObjectName(QStringLiteral("text"));
    text_->setAccessibleName(tr("Text to continue"));
    text_->setPlaceholderText(tr("Type at least one character"));
    text_->setFont(fixedFont(type::kBody));
    text_->setUndoRedoEnabled(true);
    unknown_ = new QFrame;
    unknown_->setProperty("role", QStringLiteral("inset"));
    unknownText_->setObjectName(QStringLiteral("unknown"));
    unknownText_->setWordWrap(true);
    fix_->setObjectName(QStringLiteral("fix unknown"));
    auto* unknown = new QHBoxLayout(unknown_);
    unknown->setContentsMargins(10, 6, 10, 6);
    unknown->addWidget(unknownText_, 1);
    unknown->addWidget(fix_);
    unknown_->hide();
    button_->setObjectName(QStringLiteral("continue"));
    button_->setProperty("kind", QStringLiteral("primary"));
    button_->setIconSize(iconBesideText(16));
    button_->setIcon(theme_->icon(QStringLiteral("play"), &Theme::onAccent));
    button_->setText(tr("Write"));
    card.body->addWidget(text_, 1);
    card.body->addWidget(unknown_);
    card.body->addWidget(makeWishes());
    return card.frame;
}

QWidget* TextPanel::makeWishes() {
    temperature_->setObjectName(QStringLiteral("temperature"));
    temperature_->setRange(0, kMostTemperature * kTemperatureSteps);
    explain(*temperature_, "window/temperature", tr("0 always takes the likeliest character."));
    auto* value = mutedLabel({});
    value->setFixedWidth(34);
    connect(temperature_, &QSlider::valueChanged, this, [this, value] {
        value->setText(QString::number(temperature(), 'f', 2));
        showNext();
    });
    temperature_->setValue(kDefaultTemperature);
    length_->setObjectName(QStringLiteral("length"));
    length_->setRange(1, 100'000);
    length_->setValue(kDefaultLength);
    length_->setToolTip(tr("How many characters are added"));
    seed_->setObjectName(QStringLiteral("seed"));
    seed_->setRange(1, 1'000'000'000);
    seed_->setToolTip(tr("The same text, temperature and seed give the same continuation"));
    auto* first = new QHBoxLayout;
    first->setSpacing(8);
    first->addWidget(fieldLabel(tr("Temperature"), temperature_));
    first->addWidget(temperature_, 1);
    first->addWidget(value);
    auto* second = new QHBoxLayout;
    second->setSpacing(8);
    second->addWidget(fieldLabel(tr("Length"), length_));
    second->addWidget(length_);
    second->addSpacing(8);
    second->addWidget(fieldLabel(tr("Seed"), seed_));
    second->addWidget(seed_);
    second->addStretch(1);
    second->addWidget(button_);
    auto* wishes = new QWidget;
    auto* layout = new QVBoxLayout(wishes);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addLayout(first);
    layout->addLayout(second);
    return wishes;
}

QWidget* TextPanel::makeNextCard() {
    const auto card = makeCard(tr("Next character"));
    card.header->addStretch(1);
    card.header->addWidget(latency_);
    next_->setObjectName(QStringLiteral("next character"));
    next_->setChoosing(true);
    card.body->addWidget(next_, 1);
    auto* note = mutedLabel(tr("At the chosen temperature. A click adds the character."));
    note->setWordWrap(true);
    card.body->addWidget(note);
    return card.frame;
}

void TextPanel::connectSession() {
    connect(text_, &QPlainTextEdit::textChanged, this, [this] {
        if (!session_->isWriting())
            looking_.start();
    });
    connect(button_, &QPushButton::clicked, this, [this] {
        if (session_->isWriting())
            session_->stop();
        else
            write();
    });
    connect(fix_, &QPushButton::clicked, this, [this] { text_->setPlainText(knownText()); });
    connect(next_, &PredictionPanel::classChosen, this, [this](std::size_t index) {
        if (!session_->isWriting())
            append(qstr(model_->data->info.classes[index]));
    });
    connect(session_, &TextSession::wrote, this, &TextPanel::append);
    connect(session_, &TextSession::writingChanged, this, [this](bool writing) {
        button_->setText(writing ? tr("Stop") : tr("Write"));
        button_->setIcon(theme_->icon(writing ? QStringLiteral("stop") : QStringLiteral("play"),
                                      &Theme::onAccent));
        text_->setReadOnly(writing);
        if (!writing)
            look();
    });
    connect(session_, &TextSession::failed, this, &TextPanel::showReason);
    connect(session_, &TextSession::looked, this,
            [this](const QString& text, const std::vector<float>& probabilities, double seconds) {
                if (text != text_->toPlainText())
                    return;
                probabilities_ = probabilities;
                latency_->setText(tr("%1 ms").arg(1000 * seconds, 0, 'f', 1));
                showNext();
            });
}

double TextPanel::temperature() const {
    return static_cast<double>(temperature_->value()) / kTemperatureSteps;
}

void TextPanel::setModel(const std::shared_ptr<const TrainedModel>& model, bool live) {
    model_ = model;
    session_->setModel(model);
    probabilities_.clear();
    button_->setEnabled(model_ != nullptr);
    if (!model_) {
        next_->setClasses({});
        showReason(tr("Nothing is trained yet. Press Start; texts are continued as soon as there "
                      "are weights, even while it runs."));
        return;
    }
    if (!live) {
        std::vector<std::string> names;
        for (const auto& each : model_->data->info.classes)
            names.push_back(shownCharacter(each).toStdString());
        next_->setClasses(std::move(names));
        next_->search().setPlaceholderText(tr("Find a character"));
        if (text_->toPlainText().isEmpty())
            showSample(0);
    }
    look();
}

void TextPanel::clear() {
    session_->stop();
    text_->clear();
}

void TextPanel::showReason(const QString& reason) {
    probabilities_.clear();
    next_->setPrediction({});
    next_->setHint(reason);
}

void TextPanel::showSample(std::int64_t sample) {
    if (!model_ || session_->isWriting())
        return;
    const auto& test = *model_->data->test;
    std::vector<float> symbols(static_cast<std::size_t>(test.shape().elements()));
    test.input(sample, symbols);
    std::string text;
    for (const float symbol : symbols)
        text += model_->data->info.classes[static_cast<std::size_t>(symbol)];
    text_->setPlainText(qstr(text));
    text_->moveCursor(QTextCursor::End);
}

void TextPanel::write() {
    if (!model_ || text_->toPlainText().isEmpty()) {
        showReason(tr("Type at least one character to continue."));
        return;
    }
    looking_.stop();
    session_->write(text_->toPlainText(),
                    {length_->value(), temperature(), static_cast<std::uint64_t>(seed_->value())});
}

void TextPanel::append(const QString& characters) {
    // The view follows the end unless the user has scrolled away from it.
    auto* bar = text_->verticalScrollBar();
    const bool follows = bar->value() >= bar->maximum() - 1;
    QTextCursor cursor(text_->document());
    cursor.movePosition(QTextCursor::End);
    cursor.insertText(characters);
    if (follows)
        bar->setValue(bar->maximum());
}

void TextPanel::look() {
    showUnknown();
    if (!model_)
        return;
    if (const auto text = text_->toPlainText(); text.isEmpty())
        showReason(tr("Type at least one character: here is what may follow."));
    else
        session_->look(text);
}

void TextPanel::showNext() {
    if (probabilities_.empty())
        return;
    Prediction prediction;
    for (const double p : temperedProbabilities(probabilities_, temperature()))
        prediction.probabilities.push_back(static_cast<float>(p));
    const auto best = std::ranges::max_element(prediction.probabilities);
    prediction.classIndex = static_cast<std::int32_t>(best - prediction.probabilities.begin());
    prediction.probability = static_cast<double>(*best);
    next_->setPrediction(std::move(prediction));
}

QString TextPanel::knownText() const {
    const auto& vocabulary = model_->data->info.classes;
    const auto isKnown = [&](const std::string& character) {
        return std::ranges::find(vocabulary, character) != vocabulary.end();
    };
    std::string known;
    const auto text = text_->toPlainText().toStdString();
    for (const auto character : charactersOf(text)) {
        const auto lower = qstr(character).toLower().toStdString();
        if (isKnown(std::string(character)))
            known += character;
        else if (isKnown(lower))
            known += lower;
    }
    return qstr(known);
}

void TextPanel::showUnknown() {
    std::vector<std::string> unknown;
    const auto text = text_->toPlainText();
    if (model_)
        unknown = unknownCharacters(text.toStdString(), model_->data->info.classes);
    unknown_->setVisible(!unknown.empty());
    if (unknown.empty())
        return;
    QStringList names;
    for (std::size_t i = 0; i < std::min(unknown.size(), kMostNamed); ++i)
        names << QStringLiteral("“%1”").arg(shownCharacter(unknown[i]));
    if (unknown.size() > kMostNamed)
        names << tr("%1 more").arg(unknown.size() - kMostNamed);
    const bool lowers = knownText().size() == text.size();
    fix_->setText(lowers ? tr("Use lower case") : tr("Remove them"));
    unknownText_->setText(
        (lowers ? tr("The text that the network was trained on has no %1, but has the small "
                     "letters. It reads these as unknown characters.")
                : tr("The text that the network was trained on has no %1. It reads these as "
                     "unknown characters; train on a text that has them, or remove them."))
            .arg(names.join(QStringLiteral(", "))));
}

} // namespace gradwright

#include "moc_text_panel.cpp"
