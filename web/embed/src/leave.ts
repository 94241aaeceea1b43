// Takes the reader to the payment page. If the appeal is in a frame, the payment page replaces the page around the
// frame, because a payment page does not open inside a frame.

/** Returns the address if it is an http(s) URL, else undefined. */
export function webAddress(value: unknown): string | undefined {
  try {
    const url = new URL(String(value));
    return /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Opens an address in the top window. */
export function leaveTo(url: string): void {
  if (!isFramed()) return location.assign(url);
  try {
    top!.location.href = url;
  } catch {
    // This frame may not navigate the top window. Open a new window, or, if that is blocked too, use this frame.
    if (!open(url, "_blank")) location.assign(url);
  }
}

/**
 * Returns the address that the reader comes back to: the address of the top window if that has the same origin, and
 * otherwise the address of this frame.
 */
export function returnAddress(): string {
  try {
    return top!.location.href;
  } catch {
    return location.href;
  }
}

/**
 * Whether this page is in a frame on a page of another origin. If so, the reader returns to this page in the top
 * window, and the page there may have no access to what the frame has stored.
 */
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
