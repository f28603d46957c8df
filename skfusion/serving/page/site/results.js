/** Show predictions, the measured quality and facts. */
import { find, formatNumber, make } from "./dom.js";

/** Show the outputs of the model for one row: a sentence that is read aloud, then the numbers. */
export function showAnswer(model, { outputs, seconds }, notes) {
  const byKind = Object.fromEntries(model.outputs.map(({ kind, name }) => [kind, outputs[name]]));
  const [said, table] = byKind.numbers ? numbersOf(model, byKind) : classesOf(model, byKind);
  find("said").replaceChildren(...said, ...notes.map((note) => make("p", { class: "note" }, note)));
  find("details").replaceChildren(
    table ?? "",
    make("p", { class: "quiet" }, `Computed in this browser in ${formatNumber(seconds)} s.`),
  );
}

function numbersOf(model, { numbers }) {
  if (numbers.data.some(Number.isNaN)) return refusal();
  const unit = model.target_unit ? ` ${model.target_unit}` : "";
  const said = numbers.data.map((value, position) => {
    const which = numbers.data.length > 1 ? ` ${position + 1}` : "";
    return make(
      "p",
      { class: "lead" },
      `Predicted${which}: `,
      make("strong", {}, `${formatNumber(value)}${unit}`),
    );
  });
  return [said];
}

function classesOf(model, { label, probabilities, scores }) {
  const values = (probabilities ?? scores).data;
  if (values.some(Number.isNaN)) return refusal();
  const title = probabilities ? "Probability" : "Score";
  const lead =
    model.task === "multilabel"
      ? "Each label has a probability of its own."
      : leadOf(model, label, values, title);
  return [[make("p", { class: "lead" }, lead)], tableOf(model, values, title)];
}

function leadOf(model, label, values, title) {
  const isWhole = values.length === model.classes.length;
  const best = isWhole ? values.indexOf(Math.max(...values)) : Number(values[0] > 0);
  const position = label ? positionOf(model.classes, label.data[0]) : best;
  const name = position < 0 ? label.data[0] : model.classes[position];
  const value =
    isWhole && position >= 0 ? `, ${title.toLowerCase()} ${values[position].toFixed(4)}` : "";
  return `Predicted class: ${name}${value}`;
}

/** Return the position of a label; labels that are true or false are numbers in the graph. */
function positionOf(classes, label) {
  const text = (value) => String(typeof value === "boolean" ? Number(value) : value);
  return classes.map(text).indexOf(text(label));
}

function tableOf(model, values, title) {
  const names =
    values.length === model.classes.length ? model.classes : model.classes.slice(-values.length);
  const order = values.map((_, position) => position).sort((a, b) => values[b] - values[a]);
  const rows = order.map((position) => {
    const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("span"));
    bar.firstChild.style.width = `${100 * Math.min(1, Math.max(0, values[position]))}%`;
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, String(names[position])),
      make("td", { class: "num" }, values[position].toFixed(4)),
      title === "Score" ? null : make("td", { class: "wide" }, bar),
    );
  });
  const head = make(
    "tr",
    {},
    make("th", { scope: "col" }, "Class"),
    make("th", { scope: "col", class: "num" }, title),
    title === "Score" ? null : make("td"),
  );
  return make(
    "table",
    {},
    make("caption", {}, `${title} of each class`),
    make("thead", {}, head),
    make("tbody", {}, ...rows),
  );
}

function refusal() {
  const reason = "It can't use an empty value or a category that the training data does not have.";
  return [
    [
      make("p", { class: "lead" }, "The model gives no prediction for these values."),
      make("p", {}, reason),
    ],
  ];
}

/** Show what the model was measured to do, before any prediction. */
export function showMeasured(measured) {
  find("measured").hidden = false;
  if (!measured?.scores.length) {
    find("scores").append(
      make(
        "p",
        {},
        "The file of this model holds no measured scores: its quality is not known here.",
      ),
    );
    return;
  }
  const hasRange = measured.scores.some(({ low }) => typeof low === "number");
  const lines = measured.scores.map(({ name, meaning, value, low, high }) =>
    make(
      "tr",
      {},
      make(
        "th",
        { scope: "row" },
        name,
        meaning ? make("span", { class: "quiet" }, meaning) : null,
      ),
      make("td", { class: "num" }, formatNumber(value)),
      hasRange
        ? make("td", { class: "num" }, `${formatNumber(low)} to ${formatNumber(high)}`)
        : null,
    ),
  );
  const names = ["Score", "Value", ...(hasRange ? ["Interval"] : [])];
  const head = names.map((name, at) =>
    make("th", { scope: "col", class: at ? "num" : null }, name),
  );
  find("scores").append(
    make(
      "p",
      {},
      `${measured.protocol}. A single prediction can be wrong however good the scores are.`,
    ),
    make(
      "table",
      {},
      make("caption", {}, "Scores on rows with a known answer"),
      make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...lines),
    ),
  );
}

/** Show facts of the model: pairs of a name and a text. */
export function showFacts(facts) {
  find("about").hidden = facts.length === 0;
  for (const [name, text] of facts) {
    find("facts").append(make("div", {}, make("dt", {}, name), make("dd", {}, text)));
  }
}
