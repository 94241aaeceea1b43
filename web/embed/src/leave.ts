// The way to the payment page, also out of a frame: a payment page does not open inside one.

/** The address if a page may be sent there; anything but http(s) is refused. */
export function webAddress(value: unknown): string | undefined {
  try {
    const url = new URL(String(value));
    return /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Goes to an address in the window that the reader sees as a whole. */
export function leaveTo(url: string): void {
  if (!isFramed()) return location.assign(url);
  try {
    top!.location.href = url;
  } catch {
    // A frame that may not: then in a window of its own, or, where that is refused too, here.
    if (!open(url, "_blank")) location.assign(url);
  }
}

/** The address that the reader comes back to: of the whole page, where that is the same site's. */
export function returnAddress(): string {
  try {
    return top!.location.href;
  } catch {
    return location.href;
  }
}

/** Whether another site's page stands around this one: what is kept here isn't there when the reader comes back. */
export function isForeignFrame(): boolean {
  try {
    return top!.location.origin !== location.origin;
  } catch {
    return true;
  }
}

function isFramed(): boolean {
  return window !== top;
}
