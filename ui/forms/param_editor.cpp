// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/param_editor.h"

#include "ui/forms/number_editors.h"
#include "ui/forms/path_editor.h"
#include "ui/forms/search_combo.h"
#include "ui/glossary/explanation.h"
#include "ui/theme/text.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QEvent>
#include <QFrame>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QLocale>
#include <QToolButton>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr std::size_t kMostSegments = 3;
constexpr std::size_t kMostSegmentLetters =
    20; ///< of all titles together; more do not fit in a row

QHBoxLayout* rowLayout(QWidget* widget) {
    auto* const layout = new QHBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    return layout;
}

bool fitsSegments(const ParamSpec& spec) {
    std::size_t letters = 0;
    for (const ParamChoice& choice : spec.choices)
        letters += choice.title.size();
    return spec.choices.size() <= kMostSegments && letters <= kMostSegmentLetters;
}

class BoolEditor final : public ParamEditor {
public:
    BoolEditor(const ParamSpec& spec, QWidget* parent)
        : ParamEditor(parent)
        , box_(new QCheckBox) {
        box_->setAccessibleName(qstr(spec.title));
        rowLayout(this)->addWidget(box_);
        setFocusProxy(box_);
        connect(box_, &QCheckBox::clicked, this, [this](bool on) {
            box_->setTristate(false);
            Q_EMIT edited(on);
            Q_EMIT finished();
        });
    }
    void setValue(const ParamValue& value) override {
        box_->setTristate(false);
        box_->setChecked(std::get<bool>(value));
    }
    void setMixed() override {
        box_->setTristate(true);
        box_->setCheckState(Qt::PartiallyChecked);
    }

private:
    QCheckBox* box_;
};

class SegmentsEditor final : public ParamEditor {
public:
    SegmentsEditor(const ParamSpec& spec, QWidget* parent)
        : ParamEditor(parent)
        , choices_(spec.choices)
        , group_(new QButtonGroup(this)) {
        auto* const frame = new QFrame;
        frame->setProperty("role", QStringLiteral("segments"));
        QHBoxLayout* const segments = rowLayout(frame);
        segments->setContentsMargins(2, 1, 2, 1);
        segments->setSpacing(1);
        for (std::size_t i = 0; i < choices_.size(); ++i) {
            auto* const button = new QToolButton;
            button->setText(qstr(choices_[i].title));
            button->setToolTip(qstr(choices_[i].doc));
            button->setAccessibleName(qstr(spec.title + ": " + choices_[i].title));
            button->setProperty("kind", QStringLiteral("segment"));
            button->setCheckable(true);
            button->setAutoExclusive(true);
            button->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
            group_->addButton(button, static_cast<int>(i));
            segments->addWidget(button, 1);
        }
        rowLayout(this)->addWidget(frame);
        if (QAbstractButton* const first = group_->button(0))
            setFocusProxy(first);
        connect(group_, &QButtonGroup::idClicked, this, [this](int index) {
            Q_EMIT edited(choices_[static_cast<std::size_t>(index)].key);
            Q_EMIT finished();
        });
    }
    void setValue(const ParamValue& value) override {
        const auto at =
            std::ranges::find(choices_, std::get<std::string>(value), &ParamChoice::key);
        if (at != choices_.end())
            group_->button(static_cast<int>(at - choices_.begin()))->setChecked(true);
        else
            setMixed();
    }
    void setMixed() override {
        group_->setExclusive(false);
        for (QAbstractButton* const button : group_->buttons())
            button->setChecked(false);
        group_->setExclusive(true);
    }

private:
    std::vector<ParamChoice> choices_;
    QButtonGroup* group_;
};

class ComboEditor final : public ParamEditor {
public:
    ComboEditor(const ParamSpec& spec, QWidget* parent)
        : ParamEditor(parent)
        , box_(new SearchCombo(spec.choices)) {
        box_->setAccessibleName(qstr(spec.title));
        rowLayout(this)->addWidget(box_);
        setFocusProxy(box_);
        connect(box_, &SearchCombo::keyChosen, this, [this](const std::string& key) {
            Q_EMIT edited(key);
            Q_EMIT finished();
        });
    }
    void setValue(const ParamValue& value) override { box_->choose(std::get<std::string>(value)); }
    void setMixed() override { box_->clearChoice(tr("several")); }

private:
    SearchCombo* box_;
};

class UndoFilter final : public QObject {
public:
    using QObject::QObject;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override {
        if (event->type() != QEvent::ShortcutOverride)
            return false;
        const auto& key = static_cast<const QKeyEvent&>(*event);
        if (!key.matches(QKeySequence::Undo) && !key.matches(QKeySequence::Redo))
            return false;
        const auto* const line = qobject_cast<QLineEdit*>(watched);
        const bool isTyping = line != nullptr && line->isModified() && line->isUndoAvailable() &&
                              !line->property("taken").toBool();
        if (isTyping)
            return false;
        event->ignore(); // for whoever has the shortcut
        return true;
    }
};

class WheelFilter final : public QObject {
public:
    using QObject::QObject;

    bool eventFilter(QObject* watched, QEvent* event) override {
        const auto* const field = static_cast<QWidget*>(watched);
        if (event->type() != QEvent::Wheel || field->hasFocus())
            return false;
        event->ignore();
        return true;
    }
};

QString number(double value) {
    return std::abs(value) >= 1e4 && value == std::floor(value)
               ? QLocale(QLocale::English).toString(value, 'f', 0)
               : QString::number(value, 'g', 6);
}

} // namespace

ParamEditor::~ParamEditor() {
    for (QObject* const child : findChildren<QObject*>())
        disconnect(child, nullptr, this, nullptr);
}

ParamEditor* ParamEditor::create(const ParamSpec& spec, const ThemeManager& themes,
                                 QWidget* parent) {
    switch (spec.type) {
    case ParamType::Bool:
        return new BoolEditor(spec, parent);
    case ParamType::Choice:
        if (fitsSegments(spec))
            return new SegmentsEditor(spec, parent);
        return new ComboEditor(spec, parent);
    case ParamType::Path:
        return new PathEditor(spec, themes, parent);
    case ParamType::Int:
    case ParamType::Tuple:
        if (SpinEditor::suits(spec))
            return new SpinEditor(spec, themes, parent);
        break;
    case ParamType::Real:
    case ParamType::Text:
        break;
    }
    return new TextEditor(spec, parent);
}

QString valueText(const ParamSpec& spec, const ParamValue& value) {
    if (const auto* const flag = std::get_if<bool>(&value))
        return *flag ? ParamEditor::tr("on") : ParamEditor::tr("off");
    if (spec.type == ParamType::Choice)
        for (const ParamChoice& choice : spec.choices)
            if (choice.key == std::get<std::string>(value))
                return qstr(choice.title);
    const bool isZero = value == ParamValue(std::int64_t{0}) || value == ParamValue(0.0);
    if (isZero && !spec.zeroName.empty())
        return qstr(spec.zeroName);
    QString text = qstr(toString(value));
    if (text.isEmpty())
        text = ParamEditor::tr("empty");
    else if (!spec.unit.empty())
        text += QLatin1Char(' ') + qstr(spec.unit);
    return text;
}

QString rangeText(const ParamSpec& spec) {
    QStringList parts;
    const bool numeric = spec.type == ParamType::Int || spec.type == ParamType::Real ||
                         spec.type == ParamType::Tuple;
    if (numeric) {
        const bool low = std::isfinite(spec.minimum);
        const bool high = std::isfinite(spec.maximum);
        if (low && high)
            parts << (spec.minimumExclusive || spec.maximumExclusive
                          ? ParamEditor::tr("%1 and %2.")
                                .arg((spec.minimumExclusive ? ParamEditor::tr("More than %1")
                                                            : ParamEditor::tr("At least %1"))
                                         .arg(number(spec.minimum)),
                                     (spec.maximumExclusive ? ParamEditor::tr("less than %1")
                                                            : ParamEditor::tr("at most %1"))
                                         .arg(number(spec.maximum)))
                          : ParamEditor::tr("From %1 to %2.")
                                .arg(number(spec.minimum), number(spec.maximum)));
        else if (low)
            parts << (spec.minimumExclusive ? ParamEditor::tr("More than %1")
                                            : ParamEditor::tr("At least %1"))
                             .arg(number(spec.minimum)) +
                         QLatin1Char('.');
        else if (high)
            parts << ParamEditor::tr("At most %1.").arg(number(spec.maximum));
    }
    if (spec.type != ParamType::Path)
        parts << ParamEditor::tr("Default: %1.").arg(valueText(spec, spec.defaultValue));
    return parts.join(QLatin1Char(' '));
}

void explainParam(QWidget& widget, const ParamSpec& spec, std::string_view place) {
    explain(widget, place, qstr(spec.doc), rangeText(spec));
}

void leaveUndoToProject(QWidget& field) {
    field.installEventFilter(new UndoFilter(&field));
}

void leaveWheelToForm(QWidget& field) {
    field.setFocusPolicy(Qt::StrongFocus);
    field.installEventFilter(new WheelFilter(&field));
}

} // namespace gradwright

#include "moc_param_editor.cpp"
