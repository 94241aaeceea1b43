/** An answer of the service; `body` is an empty object where there was no JSON. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** Asks the service; nothing comes back when it cannot be reached in time. */
export async function call(url: string, timeoutMs: number, init: RequestInit): Promise<Answer | undefined> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeoutMs);
  try {
    const response = await fetch(url, { ...init, signal: stop.signal, credentials: "omit", cache: "no-store" });
    const body: unknown = await response.json().catch(() => ({}));
    return { status: response.status, body: (body && typeof body === "object" ? body : {}) as Record<string, unknown> };
  } catch (error) {
    console.debug("keepopen:", error);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** The address if a page may be sent there; anything but http(s) is refused. */
export function webAddress(value: unknown): string | undefined {
  try {
    const url = new URL(String(value));
    return /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}
