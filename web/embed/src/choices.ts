import { formatAmount, parseAmount, withFee } from "./amounts";
import type { Refusal } from "./checkout";
import type { Choices, Gift, Interval } from "./contract";
import { make } from "./dom";
import { buttonPhrase, buttonWithoutGift, giftPhrase, words } from "./words";

const INTERVALS: Interval[] = ["once", "month", "year"];

/** Opens the payment page for a gift; a refusal comes back, a success leaves the page. */
export type Give = (gift: Gift) => Promise<Refusal | undefined>;

/** The form: how often, how much, one button. */
export class ChoiceForm {
  readonly element = make("form", { part: "choices", novalidate: true });
  private amounts = make("fieldset", { class: "amounts" });
  private own = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", part: "own-amount", "data-test": "other-amount" });
  private ownLine = make("label", { class: "own" }, words.yourAmount, this.own);
  private coverFee = make("input", { type: "checkbox", "data-test": "cover-fee" });
  private coverWords = make("span");
  private coverLine = make("label", { class: "cover", part: "cover-fee" }, this.coverFee, this.coverWords);
  private message = make("p", { role: "alert", part: "message", "data-test": "message", class: "message" });
  private give = make("button", { type: "submit", class: "give", part: "give", "data-test": "give" });
  private interval: Interval;
  /** Whole minor units, or the reader's own amount. */
  private amount: number | "own" = "own";
  private busy = false;

  constructor(
    private choices: Choices,
    private cta: string,
    private locale: string,
    private onGive: Give,
  ) {
    this.give.lang = locale;
    this.give.dir = "auto";
    const offered = INTERVALS.filter((interval) => choices[interval]?.length);
    const preset = choices.default?.interval;
    this.interval = preset && offered.includes(preset) ? preset : (offered[0] ?? "once");
    this.element.append(
      ...(offered.length > 1 ? [this.intervalFields(offered)] : []),
      this.amounts,
      this.ownLine,
      this.coverLine,
      this.message,
      this.give,
    );
    this.own.addEventListener("input", () => this.refresh());
    this.coverFee.addEventListener("change", () => this.refresh());
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.showAmounts();
  }

  /** The reader came back to this page without paying: the button works again. */
  ready(): void {
    this.busy = false;
    this.refresh();
  }

  private intervalFields(offered: Interval[]): HTMLElement {
    return make(
      "fieldset",
      { class: "intervals" },
      make("legend", {}, words.howOften),
      ...offered.map((interval) =>
        radio("interval", `interval-${interval}`, words.intervals[interval], interval === this.interval, () => {
          this.interval = interval;
          this.showAmounts();
        }),
      ),
    );
  }

  private showAmounts(): void {
    const { choices } = this;
    const offered = choices[this.interval] ?? [];
    const preset = choices.default;
    if (this.amount !== "own" || !this.own.value) {
      const wanted = preset?.interval === this.interval ? preset.amount_minor : offered[(offered.length - 1) >> 1];
      this.amount = wanted !== undefined && offered.includes(wanted) ? wanted : (offered[0] ?? "own");
    }
    const choose = (amount: number | "own") => () => {
      this.amount = amount;
      this.refresh();
    };
    this.amounts.replaceChildren(
      make("legend", {}, words.howMuch),
      ...offered.map((amount) =>
        radio("amount", `amount-${amount}`, this.money(amount), amount === this.amount, choose(amount), this.isHighlighted(amount)),
      ),
    );
    if (choices.other !== false) {
      const other = radio("amount", "other", words.other, this.amount === "own", choose("own"));
      // A pointer that chose it wants to type next; arrow keys only pass by.
      other.addEventListener("click", (event) => {
        if (!event.detail) return;
        choose("own")();
        this.own.focus();
      });
      this.amounts.append(other);
    }
    this.refresh();
  }

  private refresh(): void {
    this.ownLine.hidden = this.amount !== "own";
    this.say("");
    const amount = this.chosen();
    const fee = typeof amount === "number" ? this.fee(amount) : 0;
    this.coverLine.hidden = !fee;
    this.coverWords.textContent = fee ? words.coverFee(this.money(fee)) : "";
    const gift = typeof amount === "number" ? giftPhrase(this.money(amount + (this.coverFee.checked ? fee : 0)), this.interval) : "";
    this.give.textContent = this.busy ? words.opening : gift ? buttonPhrase(this.cta, gift) : buttonWithoutGift(this.cta);
    this.give.setAttribute("aria-disabled", String(this.busy));
  }

  /** Whole minor units within the limits, or a sentence that says what is wrong. */
  private chosen(): number | string {
    const { choices } = this;
    const amount = this.amount === "own" ? parseAmount(this.own.value, choices.minor_digits, this.locale) : this.amount;
    if (amount === undefined || amount % (choices.step_minor ?? 1)) return words.notAnAmount;
    if (amount < choices.minimum_minor) return words.tooSmall(this.money(choices.minimum_minor));
    if (amount > choices.maximum_minor) return words.tooLarge(this.money(choices.maximum_minor));
    return amount;
  }

  private async submit(): Promise<void> {
    if (this.busy) return;
    const amount = this.chosen();
    if (typeof amount === "string") {
      this.say(amount);
      this.own.setAttribute("aria-invalid", "true");
      if (!this.ownLine.hidden) this.own.focus();
      return;
    }
    this.busy = true;
    this.refresh();
    const gift: Gift = { amount_minor: amount, currency: this.choices.currency, interval: this.interval };
    if (this.fee(amount) && this.coverFee.checked) gift.cover_fee = true;
    const refusal = await this.onGive(gift);
    if (!refusal) return;
    this.ready();
    this.say(refusal.sentence, refusal.fallbackUrl);
  }

  /** What comes on top of the amount when the reader covers the fee; 0 where that is not offered. */
  private fee(amountMinor: number): number {
    const { fee_cover: fee, step_minor: step } = this.choices;
    return fee ? withFee(amountMinor, fee, step ?? 1) - amountMinor : 0;
  }

  private isHighlighted(amountMinor: number): boolean {
    const { highlighted } = this.choices;
    return highlighted?.interval === this.interval && highlighted.amount_minor === amountMinor;
  }

  private say(sentence: string, fallbackUrl?: string): void {
    this.own.removeAttribute("aria-invalid");
    this.message.replaceChildren(sentence);
    if (fallbackUrl) this.message.append(" ", make("a", { href: fallbackUrl, "data-test": "fallback" }, words.fallback));
  }

  private money(amountMinor: number): string {
    return formatAmount(amountMinor, this.choices, this.locale);
  }
}

function radio(group: string, test: string, label: string, checked: boolean, choose: () => void, highlighted = false): HTMLLabelElement {
  const input = make("input", { type: "radio", name: group, checked });
  input.addEventListener("change", choose);
  const mark = highlighted && make("small", { part: "suggested", "data-test": "suggested" }, words.suggested);
  return make("label", { class: "choice", part: "choice", "data-test": test }, input, make("span", {}, label, mark && " ", mark));
}
