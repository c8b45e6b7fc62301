// Walks the tree. A value that stands in the data is passed by pointer and never copied; only what
// is made on the way (sums, filtered texts, lists) is owned.
#include "prompts/template/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "datasets/text/diagnostic.h"
#include "prompts/template/library.h"
#include "prompts/template/operators.h"
#include "prompts/template/python.h"

namespace llmops::jinja {
namespace {

// The result of an expression: a value elsewhere, a value of its own, or nothing (undefined).
class Operand {
 public:
  Operand() = default;
  explicit Operand(const Value* elsewhere) : elsewhere_(elsewhere), defined_(true) {}
  explicit Operand(Value own) : own_(std::move(own)), defined_(true) {}
  // An element of `base`: elsewhere, or moved out of what the base owns.
  static Operand part_of(Operand& base, const Value& part) {
    if (base.elsewhere_ != nullptr) return Operand(&part);
    return Operand(Value(part));
  }
  bool defined() const { return defined_; }
  const Value& get() const { return elsewhere_ != nullptr ? *elsewhere_ : own_; }
  const Value* elsewhere() const { return elsewhere_; }
  Value take() { return elsewhere_ != nullptr ? *elsewhere_ : std::move(own_); }

 private:
  const Value* elsewhere_ = nullptr;
  Value own_;
  bool defined_ = false;
};

struct Slot {
  Value own;
  const Value* elsewhere = nullptr;
  bool bound = false;
};

struct Loop {
  const List* items = nullptr;
  std::vector<std::size_t> kept;  // indices that passed the loop's `if`; unused without one
  bool filtered = false;
  std::size_t index = 0;
  std::size_t length = 0;
  const Value& item(std::size_t i) const { return (*items)[filtered ? kept[i] : i]; }
};

class Evaluator {
 public:
  Evaluator(int slots, const std::vector<const Object*>& scopes, std::string& out)
      : scopes_(scopes), out_(out), slots_(static_cast<std::size_t>(slots)) {}

  void run(const Body& body) {
    for (const Statement& statement : body) {
      budget_step();
      switch (statement.kind) {
        case Statement::Kind::text:
          out_ += statement.text;
          break;
        case Statement::Kind::output:
          output(*statement.expression);
          break;
        case Statement::Kind::branch:
          branch(statement);
          break;
        case Statement::Kind::loop:
          loop(statement);
          break;
        case Statement::Kind::assign:
          assign(statement);
          break;
      }
      if (out_.size() > kLongestOutput)
        throw Failure{last_, "the text grows beyond 64 MiB", "", ""};
    }
  }

 private:
  using Kind = Expression::Kind;

  void budget_step() {
    if (++steps_ > kMostSteps)
      throw Failure{last_, "the template runs too long (over 20 million steps)", "", ""};
  }

  // Adds the place of `expression` to a refusal.
  template <typename Run>
  auto at(const Expression& expression, Run run) {
    try {
      return run();
    } catch (const Refusal& refusal) {
      throw Failure{expression.place, refusal.what, refusal.expected, refusal.help};
    }
  }

  void output(const Expression& expression) {
    last_ = expression.place;
    if (expression.kind == Kind::name) {  // the common case: nothing is copied but the text
      if (const Value* found = lookup(expression)) {
        python::append_str(*found, out_);
        return;
      }
    }
    python::append_str(value(expression).get(), out_);
  }

  void branch(const Statement& statement) {
    for (std::size_t i = 0; i < statement.conditions.size(); ++i) {
      last_ = statement.conditions[i]->place;
      if (python::truth(value(*statement.conditions[i]).get())) return run(statement.bodies[i]);
    }
    if (statement.bodies.size() > statement.conditions.size()) run(statement.bodies.back());
  }

  void bind(int slot, Operand operand) {
    Slot& to = slots_[static_cast<std::size_t>(slot)];
    to.elsewhere = operand.elsewhere();
    if (to.elsewhere == nullptr) to.own = operand.take();
    to.bound = true;
  }

  void bind_targets(const Statement& statement, const Value& item) {
    if (statement.targets.size() == 1) return bind(statement.targets[0], Operand(&item));
    const Place place = statement.expression->place;
    at(*statement.expression, [&] {
      List made;
      const List& parts = elements(item, made, budget_);
      if (parts.size() != statement.targets.size())
        throw Failure{place,
                      fmt::format("cannot give {} value{} to {} names", parts.size(),
                                  parts.size() == 1 ? "" : "s", statement.targets.size()),
                      "", ""};
      for (std::size_t i = 0; i < parts.size(); ++i) {
        if (&parts == &made)
          bind(statement.targets[i], Operand(Value(parts[i])));
        else
          bind(statement.targets[i], Operand(&parts[i]));
      }
    });
  }

  void release(const Statement& statement) {
    for (int slot = statement.first_slot; slot < statement.last_slot; ++slot)
      slots_[static_cast<std::size_t>(slot)].bound = false;
  }

  void loop(const Statement& statement) {
    last_ = statement.expression->place;
    Operand source = value(*statement.expression);
    List made;
    Loop state;
    at(*statement.expression, [&] { state.items = &elements(source.get(), made, budget_); });
    state.length = state.items->size();
    if (statement.condition) {
      state.filtered = true;
      for (std::size_t i = 0; i < state.items->size(); ++i) {
        budget_step();
        bind_targets(statement, (*state.items)[i]);
        if (python::truth(value(*statement.condition).get())) state.kept.push_back(i);
      }
      state.length = state.kept.size();
    }
    if (state.length == 0) {
      release(statement);
      return run(statement.bodies[1]);
    }
    loops_.push_back(&state);
    for (; state.index < state.length; ++state.index) {
      budget_step();
      release(statement);
      bind_targets(statement, state.item(state.index));
      run(statement.bodies[0]);
    }
    loops_.pop_back();
    release(statement);
  }

  void assign(const Statement& statement) {
    last_ = statement.expression->place;
    Operand made = value(*statement.expression);
    // What a loop owns may end before the name does, so the name keeps a copy.
    at(*statement.expression, [&] { budget_.copy(python::weight(made.get())); });
    if (statement.targets.size() == 1) return bind(statement.targets[0], Operand(made.take()));
    const Value whole = made.take();
    bind_targets(statement, whole);
    for (const int target : statement.targets) {
      Slot& slot = slots_[static_cast<std::size_t>(target)];
      if (slot.elsewhere == nullptr) continue;
      slot.own = Value(*slot.elsewhere);
      slot.elsewhere = nullptr;
    }
  }

  // The value of a name, or nullptr where it is undefined.
  const Value* lookup(const Expression& name) const {
    for (const int number : name.slots) {
      const Slot& slot = slots_[static_cast<std::size_t>(number)];
      if (slot.bound) return slot.elsewhere != nullptr ? slot.elsewhere : &slot.own;
    }
    for (const Object* scope : scopes_)
      if (const Value* found = scope->find(name.name)) return found;
    return nullptr;
  }

  // An expression that must be defined.
  Operand value(const Expression& expression) {
    Operand found = evaluate(expression);
    if (!found.defined()) undefined(expression);
    return found;
  }

  [[noreturn]] void undefined(const Expression& expression) {
    if (expression.kind == Kind::conditional)
      undefined(*expression.parts[python::truth(value(*expression.parts[0]).get()) ? 1 : 2]);
    if (expression.kind == Kind::logical_and || expression.kind == Kind::logical_or)
      undefined(*expression.parts.back());
    std::vector<std::string_view> known;
    std::string what;
    std::string_view name = expression.name;
    const Operand base = expression.kind == Kind::name || expression.parts.empty()
                             ? Operand()
                             : evaluate(*expression.parts[0]);
    Operand index;
    if (expression.kind == Kind::name) {
      what = fmt::format("undefined variable `{}`", name);
      for (const Object* scope : scopes_)
        for (const Member& member : *scope)
          if (std::ranges::find(known, member.key) == known.end()) known.push_back(member.key);
    } else if (expression.kind == Kind::attribute || expression.kind == Kind::item) {
      if (expression.kind == Kind::item) {
        index = evaluate(*expression.parts[1]);
        if (const std::string* key = index.get().string()) name = *key;
      }
      if (const Object* members = base.get().object()) {
        for (const Member& member : *members) known.push_back(member.key);
        what = fmt::format("the mapping has no `{}`", index.defined() && !index.get().is_string()
                                                          ? python::str(index.get())
                                                          : std::string(name));
      } else if (index.defined() && index.get().is_integer() &&
                 (base.get().is_list() || base.get().is_string())) {
        what = fmt::format("the {} has no element {}", base.get().kind(), *index.get().integer());
      } else {
        what = fmt::format("a {} has no `{}`", base.get().kind(), name);
        if (base.get().is_null()) what = fmt::format("the value is null and has no `{}`", name);
      }
    } else {
      what = expression.kind == Kind::loop_field
                 ? "there is no such element at this turn of the loop"
                 : "there is no first or last element";
    }
    std::string expected;
    if (!known.empty()) {
      constexpr std::size_t kMostNames = 20;
      std::vector<std::string_view> shown = known;
      std::ranges::sort(shown);
      const bool cut = shown.size() > kMostNames;
      if (cut) shown.resize(kMostNames);
      expected = expected_one_of(shown) + (cut ? ", ..." : "");
    }
    throw Failure{expression.place, what, expected, did_you_mean(name, known)};
  }

  Operand evaluate(const Expression& e) {
    budget_step();
    switch (e.kind) {
      case Kind::literal:
        return Operand(&e.literal);
      case Kind::name: {
        const Value* found = lookup(e);
        return found == nullptr ? Operand() : Operand(found);
      }
      case Kind::loop_field:
        return loop_field(e);
      case Kind::loop_cycle: {
        const std::size_t turn = loops_[static_cast<std::size_t>(e.level)]->index;
        return value(*e.parts[turn % e.parts.size()]);
      }
      case Kind::attribute: {
        Operand base = value(*e.parts[0]);
        const Value* found = base.get().find(e.name);
        return found == nullptr ? Operand() : Operand::part_of(base, *found);
      }
      case Kind::item:
        return item(e);
      case Kind::slice:
        return slice(e);
      case Kind::filter:
        return filter(e);
      case Kind::test:
        return test(e);
      case Kind::method: {
        const Operand self = value(*e.parts[0]);
        return with_arguments(e, [&](Arguments arguments) {
          return e.method->apply(self.get(), arguments, budget_);
        });
      }
      case Kind::range:
        return with_arguments(
            e, [&](Arguments arguments) { return make_range(arguments, budget_); }, 0);
      case Kind::negate: {
        const Operand operand = value(*e.parts[0]);
        return at(e, [&] { return Operand(negative(operand.get())); });
      }
      case Kind::keep_sign: {
        const Operand operand = value(*e.parts[0]);
        if (!python::is_numeric(operand.get()))
          throw Failure{e.place, fmt::format("a {} has no sign", operand.get().kind()),
                        "expected a number", ""};
        if (operand.get().is_bool()) return Operand(Value(*python::as_integer(operand.get())));
        return Operand(Value(operand.get()));
      }
      case Kind::logical_not:
        return Operand(Value(!python::truth(value(*e.parts[0]).get())));
      case Kind::logical_and:
      case Kind::logical_or:
        return logical(e);
      case Kind::binary: {
        const Operand left = value(*e.parts[0]);
        const Operand right = value(*e.parts[1]);
        return at(e, [&] {
          return Operand(calculate(e.operators[0], left.get(), right.get(), budget_));
        });
      }
      case Kind::compare:
        return compare(e);
      case Kind::concatenate: {
        std::string text;
        for (const ExpressionPtr& part : e.parts) {
          python::append_str(value(*part).get(), text);
          at(e, [&] { Budget::text(text.size()); });
        }
        at(e, [&] { budget_.copy(text.size() / 32); });
        return Operand(Value(std::move(text)));
      }
      case Kind::conditional:
        if (python::truth(value(*e.parts[0]).get())) return evaluate(*e.parts[1]);
        return e.parts[2] ? evaluate(*e.parts[2]) : Operand(Value(""));  // as in Jinja2, even when strict
      case Kind::list: {
        List items;
        for (const ExpressionPtr& part : e.parts) items.push_back(copied(*part));
        return Operand(Value(std::move(items)));
      }
      case Kind::mapping: {
        Object members;
        for (std::size_t i = 0; i + 1 < e.parts.size(); i += 2) {
          const Operand key = value(*e.parts[i]);
          members.set(python::str(key.get()), copied(*e.parts[i + 1]));
        }
        return Operand(Value(std::move(members)));
      }
    }
    return {};
  }

  Value copied(const Expression& expression) {
    Operand operand = value(expression);
    at(expression, [&] { budget_.copy(python::weight(operand.get())); });
    return operand.take();
  }

  Operand loop_field(const Expression& e) {
    const Loop& loop = *loops_[static_cast<std::size_t>(e.level)];
    const auto whole = [](std::size_t number) {
      return Operand(Value(static_cast<std::int64_t>(number)));
    };
    switch (e.field) {
      case LoopField::index:
        return whole(loop.index + 1);
      case LoopField::index0:
        return whole(loop.index);
      case LoopField::revindex:
        return whole(loop.length - loop.index);
      case LoopField::revindex0:
        return whole(loop.length - loop.index - 1);
      case LoopField::first:
        return Operand(Value(loop.index == 0));
      case LoopField::last:
        return Operand(Value(loop.index + 1 == loop.length));
      case LoopField::length:
        return whole(loop.length);
      case LoopField::depth:
        return whole(1);
      case LoopField::depth0:
        return whole(0);
      case LoopField::previous:
        return loop.index == 0 ? Operand() : Operand(Value(loop.item(loop.index - 1)));
      case LoopField::next:
        break;
    }
    return loop.index + 1 == loop.length ? Operand() : Operand(Value(loop.item(loop.index + 1)));
  }

  Operand item(const Expression& e) {
    Operand base = value(*e.parts[0]);
    const Operand index = value(*e.parts[1]);
    if (const std::string* key = index.get().string()) {
      const Value* found = base.get().find(*key);
      return found == nullptr ? Operand() : Operand::part_of(base, *found);
    }
    if (base.get().is_object()) {  // the keys of our mappings are texts, as in JSON
      const Value* found = base.get().find(python::str(index.get()));
      return found == nullptr ? Operand() : Operand::part_of(base, *found);
    }
    const auto position = python::as_integer(index.get());
    if (!position) return {};
    const auto within = [&](std::size_t size) {
      const std::int64_t at =
          *position < 0 ? *position + static_cast<std::int64_t>(size) : *position;
      return at >= 0 && at < static_cast<std::int64_t>(size)
                 ? std::optional(static_cast<std::size_t>(at))
                 : std::nullopt;
    };
    if (const List* items = base.get().list()) {
      const auto found = within(items->size());
      return found ? Operand::part_of(base, (*items)[*found]) : Operand();
    }
    if (const std::string* text = base.get().string()) {
      steps_ += text->size() / 16;
      const std::vector<std::string_view> characters = python::characters(*text);
      const auto found = within(characters.size());
      return found ? Operand(Value(characters[*found])) : Operand();
    }
    return {};
  }

  Operand slice(const Expression& e) {
    const Operand base = value(*e.parts[0]);
    std::array<std::optional<std::int64_t>, 3> bounds;
    for (std::size_t i = 0; i < 3; ++i) {
      if (!e.parts[i + 1]) continue;
      const Operand bound = value(*e.parts[i + 1]);
      if (bound.get().is_null()) continue;
      bounds[i] = python::as_integer(bound.get());
      if (!bounds[i])
        throw Failure{e.parts[i + 1]->place,
                      fmt::format("a {} is no place in a slice", bound.get().kind()),
                      "expected a whole number", ""};
    }
    return at(
        e, [&] { return Operand(sliced(base.get(), bounds[0], bounds[1], bounds[2], budget_)); });
  }

  template <typename Apply>
  Operand with_arguments(const Expression& e, Apply apply, std::size_t first = 1) {
    std::vector<Operand> operands(e.parts.size() - first);
    std::vector<const Value*> arguments(operands.size());
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (!e.parts[i + first]) continue;
      operands[i] = value(*e.parts[i + first]);
      arguments[i] = &operands[i].get();
    }
    return at(e, [&] {
      Value made = apply(Arguments(arguments));
      if (const std::string* text = made.string()) {
        Budget::text(text->size());
        budget_.copy(text->size() / 32);
      }
      return Operand(std::move(made));
    });
  }

  Operand filter(const Expression& e) {
    Operand input = evaluate(*e.parts[0]);
    if (e.filter->name == "default") {
      const bool boolean = e.parts[2] && python::truth(value(*e.parts[2]).get());
      if (input.defined() && !(boolean && !python::truth(input.get()))) return input;
      return e.parts[1] ? value(*e.parts[1]) : Operand(Value(""));
    }
    if (!input.defined()) undefined(*e.parts[0]);
    if (e.filter->picks && !python::truth(input.get()) && !python::is_numeric(input.get()) &&
        !input.get().is_null())
      return {};
    return with_arguments(
        e, [&](Arguments arguments) { return e.filter->apply(input.get(), arguments, budget_); });
  }

  Operand test(const Expression& e) {
    const Operand input = evaluate(*e.parts[0]);
    bool holds = false;
    if (e.test->name == "defined" || e.test->name == "undefined") {
      holds = input.defined() == (e.test->name == "defined");
    } else {
      if (!input.defined()) undefined(*e.parts[0]);
      const Operand argument = e.parts.size() > 1 ? value(*e.parts[1]) : Operand();
      holds = at(e, [&] {
        return e.test->holds(input.get(), argument.defined() ? &argument.get() : nullptr);
      });
    }
    return Operand(Value(holds != e.negated));
  }

  Operand logical(const Expression& e) {
    const bool stops_at = e.kind == Kind::logical_or;
    for (std::size_t i = 0; i + 1 < e.parts.size(); ++i) {
      Operand operand = value(*e.parts[i]);
      if (python::truth(operand.get()) == stops_at) return operand;
    }
    return evaluate(*e.parts.back());
  }

  Operand compare(const Expression& e) {
    Operand left = value(*e.parts[0]);
    for (std::size_t i = 0; i < e.operators.size(); ++i) {
      Operand right = value(*e.parts[i + 1]);
      steps_ += std::min(python::weight(left.get()), python::weight(right.get()));
      if (!at(e, [&] { return related(e.operators[i], left.get(), right.get()); }))
        return Operand(Value(false));
      left = std::move(right);
    }
    return Operand(Value(true));
  }

  const std::vector<const Object*>& scopes_;
  std::string& out_;
  std::vector<Slot> slots_;
  std::vector<Loop*> loops_;
  Budget budget_;
  std::size_t steps_ = 0;
  Place last_;
};

}  // namespace

void run(const Body& body, int slots, const std::vector<const Object*>& scopes, std::string& out) {
  Evaluator(slots, scopes, out).run(body);
}

}  // namespace llmops::jinja
