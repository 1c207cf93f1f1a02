/** One form: what its fields hold is read when it is sent, so that what a password manager filled in counts too. */

import { tick } from "svelte";
import { Problem } from "../api/problem";
import { newId } from "../lib/ids";
import { t } from "../texts/texts.svelte";
import { refused, type FieldCodes, type Faults } from "./faults";

export type Values<Name extends string> = Record<Name, string>;

/** How a form is sent, and what can be wrong with it before that. */
export interface Sending<Name extends string> {
  /** `key`: an idempotency key, the same for as long as the outcome of sending the same values is open. */
  send: (values: Values<Name>, key: string) => Promise<void>;
  check?: (values: Values<Name>) => Faults<Name>;
  codes?: FieldCodes<Name>;
  /** What is sent besides the fields: with something else beside them, they are other values. */
  beside?: unknown;
}

export class Form<Name extends string> {
  busy = $state(false);
  faults = $state.raw<Faults<Name>>({});
  alert = $state<string | null>(null);
  /** Rises when the fields are to be drawn anew, empty: `{#key form.round}`. */
  round = $state(0);
  #element: HTMLFormElement | null = null;
  #open: { values: string; key: string } | null = null;

  /** `names`: of the fields that are there. */
  constructor(public names: readonly Name[]) {}

  /** `<form {@attach form.attach}>` */
  readonly attach = (element: HTMLFormElement): (() => void) => {
    this.#element = element;
    return () => (this.#element = null);
  };

  value(name: string): string {
    if (this.#element === null) return "";
    const value = new FormData(this.#element).get(name);
    const text = typeof value === "string" ? value : "";
    return name.endsWith("password") ? text : text.trim();
  }

  /** Once the page is drawn as it is meant now. */
  focus(name: Name): void {
    this.#focus(`[name="${name}"]`);
  }

  /** Empties the fields. */
  reset(): void {
    this.round += 1;
    this.faults = {};
    this.alert = null;
  }

  async submit(event: SubmitEvent, { send, check, codes = {}, beside }: Sending<Name>): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    const values = Object.fromEntries(this.names.map((name) => [name, this.value(name)])) as Values<Name>;
    const faults: Faults<Name> = check?.(values) ?? {};
    for (const name of this.names) if (values[name] === "") faults[name] = t.entrance.faults.missing;
    if (Object.keys(faults).length > 0) return this.#wrong(faults, null);

    await this.#carry(codes, () => send(values, this.#keyFor([values, beside])));
  }

  /** What the form can do without its fields. */
  async run(send: (key: string) => Promise<void>, codes: FieldCodes<Name> = {}): Promise<void> {
    if (!this.busy) await this.#carry(codes, () => send(newId()));
  }

  /** Says what is wrong, as if it had come from sending. */
  refuse(error: unknown, codes: FieldCodes<Name> = {}): void {
    const { fields, alert } = refused(error, this.names, codes);
    this.#wrong(fields, alert);
  }

  async #carry(codes: FieldCodes<Name>, send: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.alert = null;
    this.faults = {};
    try {
      await send();
      this.#open = null;
    } catch (error) {
      if (!(error instanceof Problem) || !error.passing) this.#open = null; // settled: it was refused
      this.refuse(error, codes);
    } finally {
      this.busy = false;
    }
  }

  #keyFor(all: unknown): string {
    const said = JSON.stringify(all);
    if (this.#open?.values !== said) this.#open = { values: said, key: newId() };
    return this.#open.key;
  }

  #wrong(faults: Faults<Name>, alert: string | null): void {
    this.faults = faults;
    this.alert = alert;
    if (Object.keys(faults).length > 0) this.#focus('[aria-invalid="true"]');
  }

  #focus(selector: string): void {
    void tick().then(() => this.#element?.querySelector<HTMLElement>(selector)?.focus());
  }
}
