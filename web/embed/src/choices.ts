import { formatAmount, withFee } from "./amounts";
import type { Refusal } from "./checkout";
import type { Choices, Gift, Interval } from "./contract";
import { insertValue } from "./days";
import { make, makePart } from "./dom";
import type { Parts } from "./parts";
import { buttonPhrase, buttonWithoutGift, giftPhrase, words } from "./words";

const INTERVALS: Interval[] = ["once", "month", "year"];

/** The functions that the form calls. */
export interface FormActions {
  /** Fetches the part that parses a typed amount and opens the payment page. */
  loadCheckout(): Promise<Parts["checkout"]>;
  /**
   * Opens the payment page for a gift; `phrase` is the gift as text. On success, the browser leaves this page.
   * Otherwise, the function returns the reason.
   */
  openPayment(gift: Gift, phrase: string): Promise<Refusal | undefined>;
}

/**
 * Makes the form: the intervals, the amounts and one button. `ready` enables the form again for a reader who came back
 * without paying, selects `gift`, and shows `sentence`.
 */
export function choiceForm(choices: Choices, cta: string, locale: string, actions: FormActions): { element: HTMLElement; ready: (gift?: Gift, sentence?: string) => void } {
  const { currency, minimum_minor: minimum, maximum_minor: maximum, minor_digits: digits, step_minor: step = 1 } = choices;
  const amounts = make("fieldset");
  const ownField = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", part: "own-amount", "data-test": "other-amount" });
  const ownLine = make("label", { class: "own" }, words.yourAmount, ownField);
  const coverFee = make("input", { type: "checkbox", "data-test": "cover-fee" });
  const coverText = make("span");
  const coverLine = make("label", { class: "cover", part: "cover-fee" }, coverFee, coverText);
  const message = makePart("p", "message", { role: "alert" });
  const button = makePart("button", "give", { type: "submit", lang: locale, dir: "auto" });
  const terms = make("span");
  const secure = makePart("p", "secure", {}, make("i", { "aria-hidden": "true" }), words.secure, " ", terms);
  const offered = INTERVALS.filter((one) => choices[one]?.length);

  let interval = offered.find((one) => one === choices.default?.interval) ?? offered[0] ?? "once";
  /** The chosen amount in minor units, or `"own"` if the reader types an amount. */
  let amount: number | "own" = "own";
  /** Whether the reader has pressed the button, and the payment page is not open yet. */
  let busy = false;
  /** The part that parses a typed amount. Undefined until it is fetched. */
  let checkout: Parts["checkout"] | undefined;
  /** The fetch of that part. Undefined before the fetch begins, and after it has failed. */
  let loading: Promise<typeof checkout> | undefined;
  /** The chosen gift as text, for example `€10 a month`. Empty if the amount is not valid. */
  let phrase = "";

  const money = (amountMinor: number) => formatAmount(amountMinor, choices, locale);

  /** Returns the amount that a reader adds by covering the fee. Returns 0 if the appeal does not offer this. */
  const feeOf = (amountMinor: number) => (choices.fee_cover ? withFee(amountMinor, choices.fee_cover, step) - amountMinor : 0);

  /** Returns the chosen amount in minor units. A typed amount may be too small, too large, or undefined. */
  const chosenAmount = (): number | undefined => (amount === "own" ? checkout?.parseAmount(ownField.value, digits, locale) : amount);

  const showMessage = (sentence: string, fallbackUrl?: string) => {
    ownField.removeAttribute("aria-invalid");
    message.replaceChildren(sentence);
    if (fallbackUrl) message.append(" ", make("a", { href: fallbackUrl, "data-test": "fallback" }, words.fallback));
  };

  /** Updates everything that depends on the reader's choice. Removes the message, unless `keepsMessage`. */
  const refresh = (keepsMessage = false) => {
    ownLine.hidden = amount !== "own";
    if (!keepsMessage) showMessage("");
    const wanted = chosenAmount()!;
    const isValid = wanted >= minimum && wanted <= maximum && !(wanted % step);
    const fee = isValid ? feeOf(wanted) : 0;
    terms.textContent = words.renews[interval];
    coverLine.hidden = !fee;
    coverText.textContent = fee ? insertValue(words.coverFee, money(fee)) : "";
    phrase = isValid ? giftPhrase(money(wanted + (coverFee.checked ? fee : 0)), interval) : "";
    button.textContent = busy ? words.opening : phrase ? buttonPhrase(cta, phrase) : buttonWithoutGift(cta);
    button.setAttribute("aria-disabled", String(busy));
  };

  /** Returns a function that chooses an amount. */
  const choose = (wanted: typeof amount) => () => {
    amount = wanted;
    refresh();
    if (wanted === "own") void fetchCheckout();
  };

  /** Fetches the checkout part once. When it arrives, parses the amount that the reader typed in the meantime. */
  const fetchCheckout = () =>
    (loading ??= actions.loadCheckout().then(
      (part) => {
        checkout = part;
        refresh(true);
        return part;
      },
      () => (loading = undefined),
    ));

  /** Shows the amounts of the chosen interval, and chooses one of them unless the reader has typed an amount. */
  const showAmounts = () => {
    const list = choices[interval] ?? [];
    const [highlighted, preset] = [choices.highlighted, choices.default].map((one) => (one?.interval === interval ? one.amount_minor : undefined));
    if (amount !== "own" || !ownField.value) {
      // The highlighted amount is also chosen, so that the form does not emphasize two different amounts.
      amount = [highlighted, preset, list[(list.length - 1) >> 1]].find((one) => one !== undefined && list.includes(one)) ?? "own";
    }
    amounts.className = `amounts${list.length > 3 ? " many" : ""}${list.some((one) => money(one).length > 7) ? " long" : ""}`;
    amounts.replaceChildren(
      make("legend", {}, words.howMuch),
      ...list.map((one) => radio("amount", `amount-${one}`, money(one), one === amount, choose(one), one === highlighted)),
    );
    if (choices.other !== false) {
      const other = radio("amount", "other", words.other, amount === "own", choose("own"));
      // A reader who clicks "Other" wants to type an amount, so move the focus to the field. Arrow keys also dispatch a
      // click, but with `detail` 0; they must not move the focus.
      other.addEventListener("click", (event) => {
        if (!event.detail) return;
        choose("own")();
        ownField.focus();
      });
      amounts.append(other);
    }
    refresh();
  };

  const ready = (gift?: Gift, sentence?: string) => {
    busy = false;
    const list = gift ? (choices[gift.interval] ?? []) : [];
    // Select the reader's earlier choice again, if the appeal still offers its interval.
    if (gift && list.length) {
      const { interval: chosenInterval, amount_minor: amountMinor, cover_fee: coversFee } = gift;
      coverFee.checked = !!coversFee;
      if (!list.includes(amountMinor)) ownField.value = String(amountMinor / 10 ** digits);
      for (const test of [`interval-${chosenInterval}`, list.includes(amountMinor) ? `amount-${amountMinor}` : "other"]) {
        element.querySelector<HTMLElement>(`[data-test="${test}"] input`)?.click();
      }
    }
    refresh();
    if (sentence) showMessage(sentence);
  };

  const submit = async () => {
    if (busy) return;
    busy = true;
    refresh();
    const loaded = await fetchCheckout();
    refresh();
    const wanted = chosenAmount()!;
    const problem = loaded?.problemOf(wanted, choices, locale, words);
    const failed: Refusal = { why: "failed", fallbackUrl: choices.fallback_url ?? undefined };
    let refusal: Refusal | undefined = failed;
    if (problem) refusal = undefined;
    else if (loaded) {
      const gift: Gift = { amount_minor: wanted, currency, interval };
      if (feeOf(wanted) && coverFee.checked) gift.cover_fee = true;
      refusal = await actions.openPayment(gift, phrase).catch(() => failed);
      if (!refusal) return;
    }
    ready();
    showMessage(problem ?? { ...loaded?.english, ...words }[refusal!.why]!, refusal?.fallbackUrl);
    if (!problem) return;
    ownField.setAttribute("aria-invalid", "true");
    if (!ownLine.hidden) ownField.focus();
  };

  const intervals = make(
    "fieldset",
    { class: "intervals" },
    make("legend", {}, words.howOften),
    ...offered.map((one) =>
      radio("interval", `interval-${one}`, words.intervals[one], one === interval, () => {
        interval = one;
        showAmounts();
      }),
    ),
  );
  const element = make("form", { part: "choices", novalidate: true }, offered.length > 1 && intervals, amounts, ownLine, coverLine, message, button, secure);
  ownField.addEventListener("input", () => refresh());
  coverFee.addEventListener("change", () => refresh());
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  showAmounts();
  return { element, ready };
}

/** Makes one choice: a radio button with its label. `test` is the name by which tests find it. */
function radio(group: string, test: string, label: string, checked: boolean, choose: () => void, highlighted = false): HTMLLabelElement {
  const input = make("input", { type: "radio", name: group, checked });
  input.addEventListener("change", choose);
  const mark = highlighted && make("small", { part: "suggested", "data-test": "suggested" }, words.suggested);
  return make("label", { class: "choice", part: "choice", "data-test": test }, input, make("span", {}, label, mark && " ", mark));
}
