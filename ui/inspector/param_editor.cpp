// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/param_editor.h"

#include "engine/support/error.h"
#include "ui/theme/text.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QComboBox>
#include <QFrame>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSpinBox>
#include <QStyle>
#include <QToolButton>

#include <algorithm>
#include <limits>

namespace gradwright {

namespace {

constexpr std::size_t kMostSegments = 3;
constexpr std::size_t kMostSegmentLetters =
    20; ///< of all titles together; more do not fit in a row
constexpr std::size_t kMostSpins = 4;

int clampToInt(double value) {
    return static_cast<int>(std::clamp<double>(value, std::numeric_limits<int>::min(),
                                               std::numeric_limits<int>::max()));
}

QHBoxLayout* rowLayout(QWidget* widget) {
    auto* const layout = new QHBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    return layout;
}

QSpinBox* makeSpin(const ParamSpec& spec) {
    auto* const spin = new QSpinBox;
    spin->setRange(clampToInt(spec.minimum), clampToInt(spec.maximum));
    spin->setMinimumWidth(48);
    spin->setAccelerated(true);
    spin->setAccessibleName(qstr(spec.title));
    if (!spec.unit.empty())
        spin->setSuffix(QLatin1Char(' ') + qstr(spec.unit));
    return spin;
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
            Q_EMIT edited(on);
            Q_EMIT finished();
        });
    }
    void setValue(const ParamValue& value) override { box_->setChecked(std::get<bool>(value)); }

private:
    QCheckBox* box_;
};

/// An integer, or a tuple of a fixed number of them.
class SpinEditor final : public ParamEditor {
public:
    SpinEditor(const ParamSpec& spec, QWidget* parent)
        : ParamEditor(parent)
        , isTuple_(spec.type == ParamType::Tuple) {
        QHBoxLayout* const layout = rowLayout(this);
        for (std::size_t i = 0; i < (isTuple_ ? spec.minLength : 1); ++i) {
            QSpinBox* const spin = makeSpin(spec);
            spins_.push_back(spin);
            layout->addWidget(spin, 1);
            connect(spin, &QSpinBox::valueChanged, this, [this] { Q_EMIT edited(value()); });
            connect(spin, &QSpinBox::editingFinished, this, &ParamEditor::finished);
        }
        setFocusProxy(spins_.front());
    }
    void setValue(const ParamValue& value) override {
        for (std::size_t i = 0; i < spins_.size(); ++i) {
            const std::int64_t number =
                isTuple_ ? elementOf(std::get<IntTuple>(value), i) : std::get<std::int64_t>(value);
            const QSignalBlocker quiet(spins_[i]);
            if (spins_[i]->value() != number)
                spins_[i]->setValue(clampToInt(static_cast<double>(number)));
        }
    }

private:
    /// A file may hold a tuple that is too short; what is missing shows as the smallest value.
    static std::int64_t elementOf(const IntTuple& tuple, std::size_t index) {
        return index < tuple.size() ? tuple[index] : 0;
    }
    [[nodiscard]] ParamValue value() const {
        if (!isTuple_)
            return std::int64_t{spins_.front()->value()};
        IntTuple tuple;
        for (const QSpinBox* const spin : spins_)
            tuple.push_back(spin->value());
        return tuple;
    }

    bool isTuple_;
    std::vector<QSpinBox*> spins_;
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
            button->setProperty("kind", QStringLiteral("segment"));
            button->setCheckable(true);
            button->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
            group_->addButton(button, static_cast<int>(i));
            segments->addWidget(button, 1);
        }
        rowLayout(this)->addWidget(frame);
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
    }

private:
    std::vector<ParamChoice> choices_;
    QButtonGroup* group_;
};

class ComboEditor final : public ParamEditor {
public:
    ComboEditor(const ParamSpec& spec, QWidget* parent)
        : ParamEditor(parent)
        , box_(new QComboBox) {
        box_->setAccessibleName(qstr(spec.title));
        box_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box_->setMinimumContentsLength(6);
        for (const ParamChoice& choice : spec.choices) {
            box_->addItem(qstr(choice.title), qstr(choice.key));
            box_->setItemData(box_->count() - 1, qstr(choice.doc), Qt::ToolTipRole);
        }
        rowLayout(this)->addWidget(box_);
        setFocusProxy(box_);
        connect(box_, &QComboBox::activated, this, [this] {
            Q_EMIT edited(box_->currentData().toString().toStdString());
            Q_EMIT finished();
        });
    }
    void setValue(const ParamValue& value) override {
        box_->setCurrentIndex(box_->findData(qstr(std::get<std::string>(value))));
    }

private:
    QComboBox* box_;
};

/// Reals, texts, paths and tuples of any length.
class TextEditor final : public ParamEditor {
public:
    TextEditor(const ParamSpec& spec, QWidget* parent)
        : ParamEditor(parent)
        , spec_(spec)
        , line_(new QLineEdit) {
        line_->setAccessibleName(qstr(spec.title));
        line_->setMinimumWidth(60);
        QHBoxLayout* const layout = rowLayout(this);
        layout->addWidget(line_);
        setFocusProxy(line_);
        connect(line_, &QLineEdit::textEdited, this, [this] { read(); });
        connect(line_, &QLineEdit::editingFinished, this, [this] {
            showProblem({});
            setValue(valid_); // what was no value gives way to the last that was
            Q_EMIT finished();
        });
    }
    void setValue(const ParamValue& value) override {
        valid_ = value;
        const QString text = qstr(toString(value));
        // Not while the same is typed in other words: "1e-3" stays as it is.
        if (!line_->hasFocus() || parsed() != valid_)
            line_->setText(text);
    }

private:
    [[nodiscard]] std::optional<ParamValue> parsed() const {
        try {
            return paramFromText(spec_, line_->text().toStdString());
        } catch (const Error&) {
            return {};
        }
    }
    void read() {
        try {
            const ParamValue value = paramFromText(spec_, line_->text().toStdString());
            if (const auto reason = whyInvalid(spec_, value)) {
                showProblem(qstr(*reason));
                return;
            }
            showProblem({});
            valid_ = value;
            Q_EMIT edited(value);
        } catch (const Error& error) {
            showProblem(QString::fromUtf8(error.what()));
        }
    }
    void showProblem(const QString& message) {
        line_->setProperty("invalid", !message.isEmpty());
        line_->style()->unpolish(line_);
        line_->style()->polish(line_);
        Q_EMIT problem(message);
    }

    ParamSpec spec_;
    QLineEdit* line_;
    ParamValue valid_;
};

} // namespace

ParamEditor* ParamEditor::create(const ParamSpec& spec, QWidget* parent) {
    switch (spec.type) {
    case ParamType::Bool:
        return new BoolEditor(spec, parent);
    case ParamType::Int:
        return new SpinEditor(spec, parent);
    case ParamType::Choice:
        if (fitsSegments(spec))
            return new SegmentsEditor(spec, parent);
        return new ComboEditor(spec, parent);
    case ParamType::Tuple:
        if (spec.minLength == spec.maxLength && spec.minLength <= kMostSpins)
            return new SpinEditor(spec, parent);
        break;
    case ParamType::Real:
    case ParamType::Text:
    case ParamType::Path:
        break;
    }
    return new TextEditor(spec, parent);
}

} // namespace gradwright
