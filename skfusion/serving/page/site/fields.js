/** The form: a field for each column of the table, with the words for wrong input. */
import { formatNumber, make } from "./dom.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const OTHER = "(a category that is not in the training data)";
const BUILDERS = { number: numberField, category: categoryField, date: dateField };

/**
 * Create the field of a column.
 * Returns {input, element, control, read, note}: `read` gives the value of the cell or throws an
 * Error with a word for the user; `note` is a sentence on values that are unlike the training data.
 */
export function makeField(input, id) {
  return BUILDERS[input.kind](input, id);
}

function layOut(input, id, control, hints) {
  const label = make("label", { for: id }, input.name, input.unit ? ` (${input.unit})` : "");
  const hint = make("p", { id: `${id}-hint`, class: "hint" }, hints.filter(Boolean).join(" "));
  const error = make("p", { id: `${id}-error`, class: "error", hidden: true });
  control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  return make("div", { class: "field" }, label, control, hint, error);
}

function emptyHint(allowed) {
  return allowed ? "May be left empty." : "Required.";
}

function required(input) {
  return new Error(`“${input.name}” is empty. The model needs a value here.`);
}

function numberField(input, id) {
  const control = make("input", {
    id,
    type: "text",
    inputmode: "decimal",
    required: !input.allows_missing,
  });
  return {
    input,
    control,
    element: layOut(input, id, control, [rangeHint(input), emptyHint(input.allows_missing)]),
    read: () => readNumber(input, control.value.trim()),
    note: () => noteRange(input, control.value.trim()),
  };
}

function rangeHint({ integers, range, unit }) {
  if (!range) return "A number.";
  const [low, high] = range.map(formatNumber);
  const kind = integers ? "whole numbers, " : "";
  return `A number. Training data: ${kind}${low} to ${high}${unit ? ` ${unit}` : ""}.`;
}

function readNumber(input, text) {
  if (text === "") {
    if (!input.allows_missing) throw required(input);
    return NaN;
  }
  if (!NUMBER.test(text)) {
    const hint = /^[+-]?\d+,\d+$/.test(text)
      ? ` Write ${text.replace(",", ".")} with a point.`
      : " Enter a number such as 12.5.";
    throw new Error(`“${text}” in “${input.name}” is not a number.${hint}`);
  }
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Error(`“${text}” in “${input.name}” is too large.`);
  if (input.type.startsWith("int") && !Number.isSafeInteger(value)) {
    throw new Error(`“${text}” in “${input.name}” is not a whole number of up to 15 digits.`);
  }
  return value;
}

function noteRange(input, text) {
  if (text === "" || !input.range) return null;
  const [low, high] = input.range;
  const value = Number(text);
  if (value >= low && value <= high) return null;
  return `${input.name} is ${text}; in the training data it was ${formatNumber(low)} to ${formatNumber(high)}.`;
}

function categoryField(input, id) {
  const allowsEmpty = input.missing !== null && input.missing !== undefined;
  if (!input.categories) return textField(input, id, allowsEmpty);
  const control = make("select", { id, required: !allowsEmpty });
  control.append(make("option", { value: "" }, allowsEmpty ? "(empty)" : "Choose…"));
  input.categories.forEach((category, position) => {
    control.append(
      make(
        "option",
        { value: String(position) },
        category === "" ? "(empty text)" : String(category),
      ),
    );
  });
  if (input.allows_unknown) control.append(make("option", { value: "other" }, "Another category"));
  return {
    input,
    control,
    element: layOut(input, id, control, [emptyHint(allowsEmpty)]),
    read: () => {
      if (control.value === "other") return OTHER;
      if (control.value !== "") return input.categories[Number(control.value)];
      if (!allowsEmpty) throw required(input);
      return input.missing;
    },
    note: () =>
      control.value === "other" ? `The training data has no such category of ${input.name}.` : null,
  };
}

/** A category where the model's file names none. */
function textField(input, id, allowsEmpty) {
  const control = make("input", { id, type: "text", required: !allowsEmpty });
  return {
    input,
    control,
    element: layOut(input, id, control, ["Text, as in the training data.", emptyHint(allowsEmpty)]),
    read: () => {
      if (control.value !== "") return control.value;
      if (!allowsEmpty) throw required(input);
      return input.missing;
    },
    note: () => null,
  };
}

function dateField(input, id) {
  const isDay = Boolean(input.range) && input.range.every((seconds) => seconds % 86400 === 0);
  const control = make("input", {
    id,
    type: isDay ? "date" : "datetime-local",
    step: isDay ? null : 1,
    required: !input.allows_missing,
  });
  const days = (input.range ?? []).map((seconds) =>
    new Date(1000 * seconds).toISOString().slice(0, 10),
  );
  const range = days.length ? `Training data: ${days[0]} to ${days[1]}.` : null;
  // The clock of the table has no time zone.
  const seconds = () => Date.parse(`${control.value}${isDay ? "T00:00" : ""}Z`) / 1000;
  return {
    input,
    control,
    element: layOut(input, id, control, [
      isDay ? "A date." : "Date and time.",
      range,
      emptyHint(input.allows_missing),
    ]),
    read: () => {
      if (control.validity.badInput) throw new Error(`The date in “${input.name}” is incomplete.`);
      if (control.value === "" && !input.allows_missing) throw required(input);
      return seconds();
    },
    note: () => {
      if (!days.length || !(seconds() < input.range[0] || seconds() > input.range[1])) return null;
      return `${input.name} is outside of the training data, ${days[0]} to ${days[1]}.`;
    },
  };
}
